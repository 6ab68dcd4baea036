// SPDX-License-Identifier: Apache-2.0

import Packets
import System
import PacketBuilder
import Randomness
import Support

/// Any packet of any link layer: what is reported of it is within it, and a capture that cut it shows no other
/// flow.
///
/// An input is the link layer's number, the cut, and the packet.
enum PacketToSegment: FuzzTarget {
  static let links: [UInt32] = [
    1, 0, 12, 113, 276, 9, 104, 105, 127, 192, 239, 6, 7, 10, 51, 100, 117, 119, 129, 163, 219,
  ]

  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    let cases = PacketTable(methods: ["GET", "POST", "HEAD"]).cases
    var seeds = cases.enumerated().filter { $0.offset % 7 == 0 }.map { [0, 200] + $0.element.frame }
    let inner = Packet().payload("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    for packet in [inner.packet, inner.ipv6().packet] {
      for envelope in Envelope.all(around: packet) {
        guard let link = links.firstIndex(of: envelope.linkType) else { continue }
        seeds.append([UInt8(link), UInt8.random(in: 0...255, using: &random)] + envelope.bytes)
      }
    }
    return seeds
  }

  static func test(_ input: RawSpan) {
    guard input.byteCount > 2, let link = LinkLayer(linkType: links[Int(input.byte(0)) % links.count]) else {
      return
    }
    let packet = input.slice(2, input.byteCount)
    let surplus = Int(input.byte(1)) % 16 == 0 ? Int(input.byte(1)) * 300 : 0
    var whole = PacketDecoder()
    let verdict = whole.decode(packet, wireLength: packet.byteCount + surplus, link: link)
    check(whole, verdict, packet)
    let cut = packet.byteCount * Int(input.byte(1)) / 256
    var part = PacketDecoder()
    let partVerdict = part.decode(packet.slice(0, cut), wireLength: packet.byteCount + surplus, link: link)
    check(part, partVerdict, packet.slice(0, cut))
    guard case .tcp = verdict, case .tcp = partVerdict else { return }
    let a = whole.headers, b = part.headers
    // A cooked header's type may skip a tag that only a longer capture shows.
    if link == .cooked || link == .cooked2 { return }
    expect(
      a.sourceHigh == b.sourceHigh && a.sourceLow == b.sourceLow && a.destinationHigh == b.destinationHigh
        && a.destinationLow == b.destinationLow && a.sourcePort == b.sourcePort
        && a.destinationPort == b.destinationPort && a.sequence == b.sequence && a.flags == b.flags
        && a.acknowledgement == b.acknowledgement && a.payloadLength == b.payloadLength,
      "a cut packet is of the same flow")
    expect(b.payloadCaptured <= a.payloadCaptured, "a cut packet has no more payload")
  }

  private static func check(_ decoder: PacketDecoder, _ verdict: PacketVerdict, _ packet: RawSpan) {
    if case .tcp = verdict {
      let headers = decoder.headers
      expect(headers.payloadStart >= 0 && headers.payloadCaptured >= 0, "no negative place")
      expect(headers.payloadStart + headers.payloadCaptured <= packet.byteCount, "the payload is inside")
      expect(headers.payloadLength >= headers.payloadCaptured, "no more was captured than was sent")
      expect(headers.payloadStart >= 40 || headers.payloadCaptured == 0, "two headers come first")
    }
    if let fragment = decoder.fragment {
      expect(fragment.start >= 0 && fragment.count > 0, "a fragment has bytes")
      expect(fragment.start + fragment.count <= packet.byteCount, "a fragment is inside")
      expect(fragment.offset >= 0 && fragment.offset + fragment.count <= 0xffff, "a datagram has 64 KiB")
      var joined = PacketDecoder()
      let bytes = packet.slice(fragment.start, fragment.start + fragment.count)
      check(joined.decode(bytes, of: fragment), joined, bytes)
    }
  }

  private static func check(_ verdict: PacketVerdict, _ decoder: PacketDecoder, _ bytes: RawSpan) {
    guard case .tcp = verdict else { return }
    expect(
      decoder.headers.payloadStart + decoder.headers.payloadCaptured <= bytes.byteCount,
      "the payload is inside")
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  PacketToSegment.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe PacketToSegment.run(bytes, count)
}
