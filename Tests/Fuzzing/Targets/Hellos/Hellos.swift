// SPDX-License-Identifier: Apache-2.0

import Capture
import Randomness
import Support
import System
import TLSCoverage
import TLSRecords

/// First segments of connections as connections by name: whatever they say, texts are printable and short, and each
/// connection counts once.
///
/// An input is segments: a byte for the client's port, one for the length, and the payload.
enum Hellos: FuzzTarget {
  private static func vector(_ width: Int, _ bytes: [UInt8]) -> [UInt8] {
    (0..<width).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
  }

  private static func hello(_ random: inout SeededGenerator) -> [UInt8] {
    let name = vector(2, [0] + vector(2, Array("shop.example".utf8)))
    let protocols = ["h2", "http/1.1"].flatMap { vector(1, Array($0.utf8)) }
    let extensions = [0, 0] + vector(2, vector(2, name)) + [0, 16] + vector(2, vector(2, protocols))
    let number = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
    let body =
      [3, 3] + number + vector(1, []) + vector(2, [0x13, 1]) + vector(1, [0]) + vector(2, extensions)
    return [22, 3, 1] + vector(2, [1] + vector(3, body))
  }

  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<60).map { index in
      var bytes = hello(&random)
      for _ in 0..<(index % 4) {
        bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
      }
      let cut = index % 3 == 0 ? bytes.count : Int.random(in: 6..<bytes.count, using: &random)
      let pieces = [Array(bytes[..<cut]), Array(bytes[cut...])]
      return pieces.filter { !$0.isEmpty }.flatMap { [7, UInt8(clamping: $0.count)] + $0.prefix(255) }
    }
  }

  static func test(_ input: RawSpan) {
    let bytes = input.array
    let coverage = TLSCoverage(CoverageConditions(ports: .https, reading: .off(option: "--tls")))
    let server = Endpoint(ipv4: 0x0a00_0002, port: 443)
    var offset = 0, hellos: UInt64 = 0
    var next: [UInt8: UInt32] = [:]
    while offset + 2 <= bytes.count {
      let port = bytes[offset], end = min(offset + 2 + Int(bytes[offset + 1]), bytes.count)
      let payload = Array(bytes[offset + 2..<end])
      let segment = Segment(
        time: 1, source: Endpoint(ipv4: 0x0a00_0001, port: UInt16(port)), destination: server,
        sequence: next[port, default: 0], acknowledgement: 0, payloadLength: UInt32(payload.count),
        flags: .ack,
        kind: .hello)
      next[port, default: 0] &+= UInt32(payload.count)
      // Its rest may come in the next segments.
      if OpeningHello.begins(payload.rawSpan) { hellos += 1 }
      coverage.note(segment, payload.rawSpan)
      offset = end
    }
    coverage.finish()
    let counts = coverage.life
    expect((counts?.connections ?? 0) <= hellos, "a connection has a hello")
    for row in counts?.notRead ?? [] {
      for text in [row.serverName, row.protocols].compactMap({ $0 }) {
        expect(!text.isEmpty && text.utf8.count <= 255, "a text has bounds")
        expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }, "a text is printable")
      }
    }
    let rows = (counts?.notRead ?? []).reduce(0) { $0 + $1.connections - $1.overcountMax }
    expect(rows <= counts?.connections ?? 0, "rows hold no more than there were")
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  Hellos.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt { unsafe Hellos.run(bytes, count) }
