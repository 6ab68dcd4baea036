// SPDX-License-Identifier: Apache-2.0

import HTTPWire
import PacketBuilder
import Randomness
import Support

/// Any packet of any link layer: what is told of it lies within it, and a capture that cut it tells no other
/// flow.
///
/// An input is the link layer's number, the cut, and the packet.
enum PacketToSegment: FuzzTarget {
  static let links: [UInt32] = [
    1, 0, 12, 113, 276, 9, 104, 105, 127, 192, 239, 6, 7, 10, 51, 100, 117, 119, 129, 219,
  ]

  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    let cases = PacketTable(methods: ["GET", "POST", "HEAD"]).cases
    var seeds = cases.enumerated().filter { $0.offset % 7 == 0 }.map { [0, 200] + $0.element.frame }
    let inner = Packet().payload("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    for wrapped in envelopes(inner.packet) + envelopes(inner.ipv6().packet) {
      seeds.append([0, UInt8.random(in: 0...255, using: &random)] + wrapped)
    }
    for link in links.indices {
      for packet in [inner, inner.ipv6()] {
        seeds.append([UInt8(link), 255] + header(links[link]) + packet.packet)
      }
    }
    return seeds
  }

  /// Frames with a packet inside of a tunnel.
  private static func envelopes(_ packet: [UInt8]) -> [[UInt8]] {
    let frame =
      [UInt8](repeating: 2, count: 12) + [packet[0] >> 4 == 4 ? 8 : 0x86, packet[0] >> 4 == 4 ? 0 : 0xdd]
    func ip(_ transport: UInt8, _ body: [UInt8]) -> [UInt8] {
      // Later fragments carry no TCP header: only so the builder puts in what it is given.
      var outer = Packet().transport(transport).payload(body).bytes
      outer.removeSubrange(34..<54)
      outer[16] = UInt8((20 + body.count) >> 8)
      outer[17] = UInt8((20 + body.count) & 255)
      return outer
    }
    func udp(_ port: UInt16, _ body: [UInt8]) -> [UInt8] {
      ip(17, [0x30, 0x39, UInt8(port >> 8), UInt8(port & 255), 0, 0, 0, 0] + body)
    }
    let type = Array(frame.suffix(2))
    return [
      ip(4, packet), ip(41, packet), ip(47, [0, 0] + type + packet), ip(47, [0x30, 1, 0x88, 0x0b] + packet),
      ip(47, [0x10, 0, 0x88, 0xbe] + [UInt8](repeating: 0, count: 12) + frame + packet),
      ip(137, [0, 0, 1, 64] + packet), udp(4789, [8, 0, 0, 0, 0, 0, 1, 0] + frame + packet),
      udp(4790, [12, 0, 0, 1, 0, 0, 1, 0] + packet), udp(6081, [0, 0] + type + [0, 0, 1, 0] + packet),
      udp(2152, [0x30, 0xff, 0, 60, 0, 0, 0, 1] + packet), udp(3544, packet),
      udp(6635, [0, 0, 1, 64] + packet),
      udp(2152, [0x34, 0xff, 0, 60, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 0, 0] + packet),
      udp(4754, [0, 0] + type + packet), udp(1701, [0, 2, 0, 1, 0, 1, 0xff, 3, 0, 0x21] + packet),
      udp(5072, [0x40, 0x50, 1, packet[0] >> 4 == 4 ? 4 : 41] + [UInt8](repeating: 0, count: 40) + packet),
      Array(frame.prefix(12)) + [0x88, 0x47, 0, 0, 1, 64] + packet,
      Array(frame.prefix(12)) + [0x88, 0x64, 0x11, 0, 0, 1, 0, 60, 0, 0x21] + packet,
      Array(frame.prefix(12)) + [0x89, 0x4f, 0, 2, 0, 1, 0, 0, 0, 0] + packet,
      Array(frame.prefix(12)) + [0x81, 0, 0, 5] + type + packet,
      Array(frame.prefix(12)) + [0, 60, 0xaa, 0xaa, 3, 0, 0, 0] + type + packet,
    ]
  }

  /// A link layer's header in front of an IPv4 packet.
  private static func header(_ link: UInt32) -> [UInt8] {
    let snap: [UInt8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0]
    let wireless: [UInt8] = [8, 0] + [UInt8](repeating: 0, count: 22) + snap
    switch link {
    case 1: return [UInt8](repeating: 2, count: 12) + [8, 0]
    case 0: return [2, 0, 0, 0]
    case 113: return [UInt8](repeating: 0, count: 14) + [8, 0]
    case 276: return [8, 0] + [UInt8](repeating: 0, count: 18)
    case 9: return [0xff, 3, 0, 0x21]
    case 104: return [0x0f, 0, 8, 0]
    case 105: return wireless
    case 127, 192: return [0, 0, 8, 0, 0, 0, 0, 0] + wireless
    case 239: return [2, 0, 0, 0, 8, 0, 9, 0]
    case 6: return [UInt8](repeating: 0, count: 14) + snap
    case 7: return [1, 2, 240]
    case 10: return [UInt8](repeating: 0, count: 13) + snap
    case 51: return [0x11, 0, 0, 1, 0, 60, 0, 0x21]
    case 100: return snap
    case 117: return [8, 2, 0, 0, 0, 0, 0, 0]
    case 119: return [0, 0, 0, 0, 0, 0, 0, 8] + wireless
    case 129: return [1, 2, 0, 0, 240]
    case 219: return [0, 0, 1, 64]
    default: return []
    }
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
