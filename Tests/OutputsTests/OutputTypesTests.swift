// SPDX-License-Identifier: Apache-2.0
import AlertDelivery
import Alerting
import ArgumentParser
import Capture
import ExchangeStream
import Foundation
import Reporting
import Statistics
import Testing

@testable import wiretally

/// The outputs one by one, each driven by a reporter whose first interval raises an alert.
@Suite(.serialized) struct OutputTypesTests {
  private static let label = CaptureLabel(backend: "file", source: "x", ports: "80")
  private static let end = ReporterTests.start + 2 * ReporterTests.second + ReporterTests.second / 2

  private static func plan(_ arguments: [String], stream: ExchangeReader? = nil) throws -> OutputPlan {
    let options = try ReportOptions.parse(arguments)
    return try OutputPlan(
      options, try ReportSettings(options), history: try HistoryOptions.parse([]), label: label,
      delivery: AlertSenders([], waits: true), stream: stream, isLive: false)
  }

  /// What an output prints on a pipe while intervals and the summary are shown.
  private static func printed(_ output: (StandardOutput) throws -> any Output) throws -> String {
    let pipe = Pipe()
    let standard = StandardOutput(
      isQueued: false, unit: .page, descriptor: pipe.fileHandleForWriting.fileDescriptor)
    let reporter = try ReporterTests.reporter([standard, try output(standard)])
    reporter.showIntervals(at: end)
    reporter.finish(at: end)
    reporter.summarize()
    reporter.close { true }
    pipe.fileHandleForWriting.closeFile()
    return String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }

  @Test(arguments: [
    (["--format", "page"], "PageOutput"), (["--format", "screen"], "PageOutput"),
    (["--format", "json"], "JSONOutput"), (["--format", "json", "--follow"], "ExchangeOutput"),
    (["--format", "combined"], "ExchangeOutput"), (["--format", "vcombined"], "ExchangeOutput"),
  ])
  func `each format has one output that prints it, after those that are about alerts`(
    arguments: [String], last: String
  ) throws {
    let plan = try Self.plan(arguments, stream: ExchangeReader(workers: 1, pendingExchanges: 16))
    let types = try plan.outputs().map { "\(type(of: $0))" }
    #expect(types == ["StandardOutput", "AlertSenders", "AlertMessages", last])
  }

  @Test func `pages: one for each interval, the alert on the first, and the summary`() throws {
    let plan = try Self.plan(["--format", "page"])
    let text = try Self.printed { PageOutput($0, plan) }
    // Two whole intervals, the part of a third one has no page, and the totals.
    #expect(text.components(separatedBy: "Total Statistics:").count == 4, "\(text)")
    #expect(text.components(separatedBy: "triggered at").count > 1, "\(text)")
  }

  @Test func `under a full screen the summary alone is a page`() throws {
    let plan = try Self.plan(["--format", "screen"])
    let text = try Self.printed { PageOutput($0, plan) }
    #expect(text.components(separatedBy: "Total Statistics:").count == 2, "\(text)")
  }

  @Test func `a stream without exchanges prints nothing`() throws {
    let stream = ExchangeReader(workers: 1, pendingExchanges: 16)
    #expect(try Self.printed { ExchangeOutput(ExchangeLines(.combined, query: .names), $0, stream) } == "")
    let json = try Self.printed { ExchangeOutput(ExchangeLines(.json, query: .names), $0, stream) }
    // The alert that silence raises has a place among lines of JSON.
    #expect(json.split(separator: "\n").count == 1 && json.contains(#""type":"alert""#), "\(json)")
  }

  @Test func `an alert reaches the delivery process, and what it cannot take is counted`() throws {
    let (ours, theirs) = try DeliverySocket.pair()
    let process = DeliveryProcess(.command("x"), timeout: 5, socket: ours)
    guard case .message = theirs.receive(timeout: 0) else { throw CancellationError() }
    let senders = AlertSenders([process], waits: false)
    let reporter = try ReporterTests.reporter([senders])
    reporter.showIntervals(at: Self.end)
    guard case .message(let message) = theirs.receive(timeout: 0) else {
      Issue.record("no alert came")
      return
    }
    #expect(message["state"] == "raised" && message["rule"] == "low-traffic")
    #expect(reporter.dropped == OutputCounters())
    #expect(senders.deliveries.map(\.pending) == [1])
    // The process says nothing more: one is on its way, 64 wait, the oldest give way.
    for _ in 0..<70 { process.send(message) }
    #expect(reporter.dropped.alerts == 6)
    #expect(senders.warnings == ["--on-alert: 6 dropped"])
    senders.close { true }
  }

  @Test func `what outputs dropped is summed by what it was`() throws {
    final class Dropping: Output {
      let dropped: OutputCounters
      init(_ change: (inout OutputCounters) -> Void) {
        var counters = OutputCounters()
        change(&counters)
        dropped = counters
      }
    }
    let reporter = try ReporterTests.reporter([
      Dropping { $0.pages = 2 }, Dropping { ($0.pages, $0.pictures) = (3, 1) },
      Dropping { $0.exchanges = 7 },
    ])
    var expected = OutputCounters()
    (expected.pages, expected.pictures, expected.exchanges) = (5, 1, 7)
    #expect(reporter.dropped == expected)
  }

  @Test func `the service manager gets readiness, signs of life at half its time, the state and the end`()
    throws
  {
    let path = NSTemporaryDirectory() + "wiretally-\(UUID().uuidString)"
    let manager = try #require(Self.receiver(path))
    defer {
      close(manager)
      try? FileManager.default.removeItem(atPath: path)
    }
    let reporter = try ReporterTests.reporter([
      ServiceManager(path, process: "\(getpid())", microseconds: "2000000")
    ])
    reporter.ready()
    let second = ReporterTests.second
    for step in 0..<4 { reporter.tick(at: ReporterTests.start + UInt64(step) * second / 2) }
    reporter.showIntervals(at: Self.end)
    reporter.tick(at: ReporterTests.start + 3 * second / 2)
    reporter.stop()
    let state = "0 requests, 0 failures in the last 1s; alert: low-traffic"
    let messages = Self.messages(manager)
    #expect(
      messages.first?.hasPrefix("READY=1\nSTATUS=capturing on eth0, port 80 (eBPF)") == true, "\(messages)")
    // At 0 s and 1 s: half of the 2 s after which the manager would give up.
    #expect(messages.dropFirst().dropLast(2) == ["WATCHDOG=1", "WATCHDOG=1"], "\(messages)")
    #expect(messages.suffix(2).first?.hasPrefix("STATUS=\(state)") == true, "\(messages)")
    #expect(messages.last == "STOPPING=1")
  }

  @Test func `signs of life that are meant for another process are not sent, and no manager is no fault`()
    throws
  {
    let path = NSTemporaryDirectory() + "wiretally-\(UUID().uuidString)"
    let manager = try #require(Self.receiver(path))
    defer {
      close(manager)
      try? FileManager.default.removeItem(atPath: path)
    }
    for manager in [
      ServiceManager(path, process: "1", microseconds: "2000000"),
      ServiceManager(path + ".away", process: nil, microseconds: "2000000"),
      ServiceManager(nil, process: nil, microseconds: nil),
    ] {
      let reporter = try ReporterTests.reporter([manager])
      reporter.tick(at: ReporterTests.start)
      reporter.stop()
    }
    #expect(Self.messages(manager) == ["STOPPING=1"])
  }

  /// A socket that datagrams for `path` come to; nil when there is none to be opened.
  private static func receiver(_ path: String) -> Int32? {
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let name = Array(path.utf8)
    guard descriptor >= 0, name.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    // The name fits, by the check; the address is a local value of its own size.
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    let status = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    return status == 0 ? descriptor : nil
  }

  /// The datagrams that wait at a socket.
  private static func messages(_ descriptor: Int32) -> [String] {
    var messages: [String] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      // The array lives through the call.
      let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
      if count < 0 { return messages }
      messages.append(String(decoding: buffer.prefix(count), as: UTF8.self))
    }
  }
}
