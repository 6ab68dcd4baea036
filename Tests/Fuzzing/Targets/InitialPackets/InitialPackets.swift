// SPDX-License-Identifier: Apache-2.0

import Capture
import QUIC
import Randomness
import Support
import System
import TLSCoverage

/// Datagrams as connections of QUIC: a header is within its datagram, whatever a packet's text says makes a beginning of
/// bounded length, and the counts are no more than the datagrams.
enum InitialPackets: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<40).map { index in
      var bytes: [UInt8] = index % 2 == 0 ? [0xc3, 0, 0, 0, 1] : [0xd3, 0x6b, 0x33, 0x43, 0xcf]
      bytes +=
        [8, 1, 2, 3, 4, 5, 6, 7, 8, 0, UInt8(index % 3)] + [UInt8](repeating: 9, count: index % 3) + [
          0x40, 60,
        ]
      bytes += (0..<60).map { _ in UInt8.random(in: 0...255, using: &random) }
      // As a packet's text.
      if index % 4 == 0 { bytes = [0, 0, 1, 2, 5, 0, 0, 0, 6, 4, 3, 7, 8, 9, 6, 0, 4, 1, 0, 0, 5] }
      return bytes
    }
  }

  static func test(_ input: RawSpan) {
    if let packet = InitialPacket(input) {
      expect(packet.start == 0 && packet.end <= input.byteCount, "a packet is within its datagram")
      expect(packet.destination.upperBound < packet.number, "an identifier comes before the number")
      expect(
        packet.number + InitialPacket.sampleOffset + InitialPacket.sampleLength <= packet.end,
        "a sample is in the packet")
    }
    var frames = CryptoFrames()
    frames.add(input)
    let once = Array(frames.beginning)
    frames.add(input)
    expect(once.count <= input.byteCount && Array(frames.beginning) == once, "the same again is nothing new")
    let coverage = TLSCoverage(CoverageConditions(ports: .https, reading: .off(option: "--tls")))
    let segment = Segment(
      time: 1, source: Endpoint(ipv4: 0x0a00_0001, port: 5_000),
      destination: Endpoint(ipv4: 0x0a00_0002, port: 443),
      sequence: 0, acknowledgement: 0, payloadLength: UInt32(input.byteCount), flags: [], kind: .initial)
    coverage.noteInitial(segment, input)
    expect(coverage.life?.connections ?? 0 == 0, "a datagram is no connection of TCP")
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  InitialPackets.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe InitialPackets.run(bytes, count)
}
