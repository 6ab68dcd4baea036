// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Capture
import Foundation
import Reporting
import Testing

@testable import Exporting
@testable import wiretally

/// A backend that captures nothing; a test sets what it shows.
private final class IdleBackend: LiveBackend {
  let name = "eBPF"
  let depth = CaptureDepth.auto
  let sources: [any SegmentSource] = []
  var counters = CaptureCounters()
  let notices: [String] = []
  var gauges = CaptureGauges()
  let ringBytes = 0
  var outages: [InterfaceOutage] = []
  let interfaceRenewals = 0
  let interfaceNames: [String] = []
  func followInterfaces() {}
  func readPreCaptureDrops() {}
  func stop() {}
}

/// An output that has dropped something.
private final class Dropping: Output {
  var dropped: OutputCounters {
    var counters = OutputCounters()
    counters.lines = 7
    return counters
  }
}

/// The outputs behind `--listen` and `--otlp`: what is published, and when.
@Suite struct ExporterTests {
  private let path = NSTemporaryDirectory() + "wiretally-" + UUID().uuidString + ".sock"
  private let backend = IdleBackend()

  private func exporter(_ arguments: [String]) throws -> Exporter? {
    try Exporter(ListenOptions.parse(arguments), ports: .http, StatePublisher())
  }

  private func state() -> StateOutput {
    StateOutput(
      sites: 50, label: CaptureLabel(backend: "eBPF", source: "eth0", ports: "80"), backend: backend,
      started: ReporterTests.start)
  }

  @Test func `nothing is opened unless it was asked for`() throws {
    #expect(try exporter([]) == nil)
  }

  @Test func `the state is published once a second, whatever the pace of the ticks`() throws {
    let output = state()
    let reporter = try ReporterTests.reporter([output], keepsRecent: true)
    reporter.tick(at: ReporterTests.start + ReporterTests.second - 1)
    #expect(output.board.latest == nil)
    var numbers: [UInt64] = []
    for step in 0..<25 {
      reporter.tick(at: ReporterTests.start + ReporterTests.second + UInt64(step) * ReporterTests.second / 10)
      numbers.append(try #require(output.board.latest).number)
    }
    #expect(numbers == Array(repeating: 1, count: 10) + Array(repeating: 2, count: 10) + [3, 3, 3, 3, 3])
  }

  @Test
  func `what is published is the watch's state: counters, notices, alerts, the interface, what was dropped`()
    throws
  {
    let output = state()
    let reporter = try ReporterTests.reporter([output, Dropping()], keepsRecent: true)
    reporter.notices = ["interface eth0 is down"]
    backend.outages = [InterfaceOutage(name: "eth0", since: 5)]
    backend.gauges.rings = [CaptureGauges.Ring(bytes: 4_096, used: 64)]
    reporter.showIntervals(at: ReporterTests.start + 5 * ReporterTests.second / 2)
    reporter.tick(at: ReporterTests.start + 3 * ReporterTests.second)
    let state = try #require(output.board.latest).published
    #expect(state.notices == ["interface eth0 is down"])
    #expect(state.interfacesDown == ["eth0"] && state.gauges == backend.gauges)
    #expect(state.outputs.lines == 7)
    #expect(state.alerts.map(\.rule) == ["low-traffic"] && state.alerts[0].since != nil)
    #expect(state.version == Wiretally.version && state.started == ReporterTests.start)
    #expect(state.at == ReporterTests.start + 3 * ReporterTests.second)
  }

  @Test func `it listens from open to close, and leaves no file behind`() throws {
    let exporter = try #require(try exporter(["--listen", "unix:\(path)"]))
    #expect(FileManager.default.fileExists(atPath: path))
    try exporter.open()
    exporter.close { true }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func `an address that cannot be opened is an error that names it`() throws {
    let error = #expect(throws: ListenError.self) { try exporter(["--listen", "unix:/proc/none/socket"]) }
    #expect(error?.message.contains("/proc/none/socket") == true)
  }

  @Test(arguments: [
    ("127.0.0.1:9180", [] as [String]),
    ("127.0.0.1:80", ["port 80 is watched, too: reading the metrics counts as traffic"]),
    (
      "0.0.0.0:9180",
      ["warning: 0.0.0.0:9180 is unauthenticated; anyone who can connect sees the visited sites"]
    ),
    ("unix:/run/w.sock", []),
  ])
  func `where it listens is announced, with what is to be known of that`(text: String, further: [String])
    throws
  {
    let address = try #require(ListenAddress(text))
    #expect(
      Exporter.announcements(address, watching: .http)
        == ["serving metrics and a live page on \(text)"] + further)
  }
}
