// SPDX-License-Identifier: Apache-2.0
import Capture
import Foundation
import PcapCapture
import System
import Testing

@testable import TLSCoverage

/// Connections of QUIC, as aioquic's client and server had them: Tests/Captures/quic.
@Suite struct HTTP3Tests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Captures/quic").path

  /// The connections of each capture by name.
  private static func truth() throws -> [String: [String: UInt64]] {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/truth.json"))
    return try JSONDecoder().decode([String: [String: UInt64]].self, from: data)
  }

  private static func coverage() -> TLSCoverage {
    TLSCoverage(CoverageConditions(ports: .https, reading: .off(option: "--tls")))
  }

  /// Hands on what a capture has.
  private static func read(
    _ name: String, into coverage: TLSCoverage, change: (inout Segment, inout [UInt8]) -> Void = { _, _ in }
  ) throws {
    let source = FileSource(paths: ["\(folder)/\(name).pcap"], ports: .http, helloPorts: .https)
    while case .delivered = try source.receive(
      timeout: 0,
      { segment, payload in
        guard segment.kind == .initial else { return }
        var (segment, bytes) = (copy segment, (0..<payload.byteCount).map { payload.byte($0) })
        change(&segment, &bytes)
        coverage.noteInitial(segment, bytes.rawSpan)
      })
    {}
  }

  @Test(arguments: ["v1", "v2", "retry", "early-data", "long"])
  func `connections count once by name, of both versions, after a retry, with early data and in two packets`(
    name: String
  ) throws {
    let coverage = Self.coverage()
    try Self.read(name, into: coverage)
    let found = try #require(coverage.life?.http3)
    let names = Dictionary(found.names.map { ($0.serverName ?? "-", $0.connections) }, uniquingKeysWith: +)
    #expect(names == (try Self.truth()[name]))
    #expect(found.connections == names.values.reduce(0, +) && found.skipped == 0)
    #expect(found.names.allSatisfy { $0.protocols?.hasPrefix("h3") == true })
    // Sent again, they are the same connections.
    try Self.read(name, into: coverage)
    #expect(coverage.life?.http3?.connections == found.connections)
  }

  @Test func `a datagram that was changed on its way is none`() throws {
    for byte in [6, 20, 60, 120] {
      let coverage = Self.coverage()
      try Self.read("v1", into: coverage) { _, bytes in bytes[byte] ^= 1 }
      #expect((coverage.life?.http3?.connections ?? 0) == 0, "byte \(byte)")
    }
  }

  @Test func `more than two thousand in a second are counted and not looked into`() throws {
    let coverage = Self.coverage()
    let garbage = [UInt8](repeating: 0xc0, count: 30)
    for number in 0..<UInt64(2_500) {
      let segment = Segment(
        time: 5_000_000_000 + number, source: Hellos.client(5_000), destination: Hellos.server, sequence: 0,
        acknowledgement: 0, payloadLength: 30, flags: [], kind: .initial)
      coverage.noteInitial(segment, garbage.rawSpan)
    }
    #expect(coverage.life?.http3?.skipped == 500)
    // The next second has a number of its own.
    try Self.read("v1", into: coverage)
    #expect(coverage.life?.http3?.connections == 3 && coverage.life?.connections == 0)
  }

  @Test func `its line and that of TLS stand for themselves`() throws {
    let coverage = Self.coverage()
    try Self.read("v2", into: coverage)
    coverage.clearLife()
    #expect(coverage.life?.http3 == nil && coverage.total?.http3?.connections == 2)
  }
}
