// SPDX-License-Identifier: Apache-2.0

/// Link layers that old captures have.
extension PacketDecoder {
  mutating func rareLink(_ bytes: RawSpan, _ link: LinkLayer) -> PacketVerdict {
    guard bytes.byteCount >= 24 else { return .malformed }
    switch link {
    case .pppoe: return etherType(0x8864, bytes, 0)
    case .mpls: return mpls(bytes, 0)
    case .llc: return etherType(0, bytes, 0)
    case .fddi: return etherType(0, bytes, 13)
    case .prism:
      // Each header says its length: AVS in network order, Prism in the capturing machine's.
      let isAVS = bytes.big32(0) & 0xffff_f000 == 0x8021_1000
      let length = isAVS ? bytes.big32(4) : min(bytes.big32(4), bytes.big32(4).byteSwapped)
      return length <= 4_096 ? wireless(bytes, Int(length)) : .malformed
    case .tokenRing:
      // Source routing is told by the first bit of the source address.
      let route = bytes.byte(8) & 0x80 != 0 ? Int(bytes.byte(14) & 0x1f) : 0
      return etherType(0, bytes, 14 &+ route)
    case .packetFilterLog:
      // The header's length comes first and is filled up to a multiple of four.
      return network(bytes, (Int(bytes.byte(0)) &+ 3) & ~3)
    case .arcnet: return arcnet(bytes, 2)
    case .arcnetLinux: return arcnet(bytes, 4)
    default: return .other
    }
  }

  /// RFC 1201 (type 212) numbers its fragments, of which only a whole packet is read; RFC 1051
  /// (type 240) has none.
  private mutating func arcnet(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    switch bytes.byte(offset) {
    case 240: return network(bytes, offset &+ 1)
    case 212:
      // An exception frame repeats the header behind four bytes.
      let flag = bytes.byte(offset &+ 1)
      return flag == 0 ? network(bytes, offset &+ 4) : flag == 0xff ? network(bytes, offset &+ 8) : .fragment
    default: return .other
    }
  }
}
