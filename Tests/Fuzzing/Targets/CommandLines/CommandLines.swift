// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Capture
import Randomness
import Support
@testable import wiretally

/// Any command line: it is taken with numbers that make sense, or refused with words; what is shown of an
/// option reads back as the same.
///
/// An input is the arguments, each ended by a line feed.
enum CommandLines: FuzzTarget {
  private static let words = [
    "watch", "read", "doctor", "-t", "10", "2.5", "-1", "nan", "inf", "1e400", "-i", "eth0", "any", "--port",
    "80",
    "80,443", "8000-8099", "0", "65536", "80-70", "--interval", "10s", "1ms", "24h", "500ms", "1h",
    "9999999999999999h",
    "--alert-window", "2m", "--alert-every", "--top", "5", "-5", "--format", "json", "page", "--backend",
    "ebpf", "--depth",
    "streams", "-Q", "in", "--workers", "64", "65", "--ring", "1024", "--alert-log", "/x", "--help",
    "--version", "-h",
    "-", "file.pcap", "--", "\u{1b}[2J", "", "--port=80", "-t=5", "-t5", "--duration", "5s", ".5", "1..2s",
    "min", "3min",
  ]

  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<200).map { index in
      let count = Int.random(in: 0..<9, using: &random)
      let some = (0..<count).map { _ in words.randomElement(using: &random) ?? "" }
      let first = index % 2 == 0 ? ["-t", "100"] : []
      return Array((first + some).joined(separator: "\n").utf8)
    }
  }

  static func test(_ input: RawSpan) {
    let text = String(decoding: input.array, as: UTF8.self)
    let arguments = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(24).map(String.init)
    for argument in arguments {
      if let span = TimeSpan(argument: argument) { check(span) }
      if let ports = PortSet(parsing: argument) { check(ports, argument) }
    }
    do {
      switch try Wiretally.parseAsRoot(arguments) {
      case let command as WatchCommand:
        check(command.options.alerts)
        expect((1...64).contains(command.workers.count(processors: 100_000)), "there are workers")
        expect(
          (1...1_024).contains(command.ringMebibytes) && command.request.ringBytes > 0, "there is a ring")
        expect(command.options.top.map { $0 > 0 } ?? true, "something is listed")
      case let command as ReadCommand:
        expect(!command.files.isEmpty, "there is something to read")
        check(command.options.alerts)
      default: break
      }
    } catch {
      let code = Wiretally.exitCode(for: error)
      let words = Wiretally.fullMessage(for: error)
      expect(code == .success || code.rawValue == 64, "a refusal is status 64: \(code)")
      expect(!words.isEmpty, "a refusal says why")
    }
  }

  private static func check(_ alerts: AlertOptions) {
    expect(alerts.threshold.map { $0.value >= 0 && $0.value.isFinite } ?? true, "the threshold makes sense")
    expect(alerts.window.nanoseconds > 0, "the window has a length")
  }

  private static func check(_ span: TimeSpan) {
    expect(span.nanoseconds >= 1 && span.nanoseconds <= 604_800_000_000_000, "a time is at most a week")
    let again = TimeSpan(argument: span.description)
    expect(again == span, "a time reads back: \(span.nanoseconds), \(span.description)")
  }

  private static func check(_ ports: PortSet, _ text: String) {
    expect(PortSet(parsing: ports.description) == ports, "ports read back: \(ports)")
    var plain = Set<Int>()
    for item in text.split(separator: ",") {
      let ends = item.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last else { return expect(false, "ports are numbers") }
      plain.formUnion([first, last, (first + last) / 2])
    }
    expect(plain.allSatisfy { ports.contains(UInt16($0)) }, "what was asked is in it: \(ports)")
    expect(!ports.contains(0), "0 is no port")
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  CommandLines.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe CommandLines.run(bytes, count)
}
