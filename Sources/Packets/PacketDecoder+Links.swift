// SPDX-License-Identifier: Apache-2.0

import System

/// Link layers that old captures and single vendors' have.
extension PacketDecoder {
  mutating func rareLink(_ bytes: RawSpan, _ link: LinkLayer) -> PacketVerdict {
    guard bytes.byteCount >= 24 else { return .malformed }
    switch link {
    case .pppoe: return etherType(EtherType.pppoe, bytes, 0)
    case .mpls: return mpls(bytes, 0)
    case .llc: return etherType(0, bytes, 0)
    case .fddi: return etherType(0, bytes, 13)
    case .prism:
      // Each header says its length: AVS in network order, Prism in the capturing machine's.
      let isAVS = bytes.big32(0) & 0xffff_f000 == 0x8021_1000
      let length = isAVS ? bytes.big32(4) : min(bytes.big32(4), bytes.big32(4).byteSwapped)
      return length <= 4_096 ? wireless(bytes, Int(length)) : .malformed
    case .tokenRing:
      // Source routing is shown by the first bit of the source address.
      let route = bytes.byte(8) & 0x80 != 0 ? Int(bytes.byte(14) & 0x1f) : 0
      return etherType(0, bytes, 14 &+ route)
    case .packetFilterLog:
      // The header's length comes first and is filled up to a multiple of four.
      return network(bytes, (Int(bytes.byte(0)) &+ 3) & ~3)
    case .arcnet: return arcnet(bytes, 2)
    case .arcnetLinux: return arcnet(bytes, 4)
    default: return vendorLink(bytes, link)
    }
  }

  /// PPP, or Cisco's HDLC under its name, which begins with another address.
  mutating func serial(_ bytes: RawSpan) -> PacketVerdict {
    guard bytes.byteCount >= 4 else { return .malformed }
    let isHDLC = bytes.big16(0) & 0x7fff == 0x0f00
    return isHDLC ? etherType(bytes.big16(2), bytes, 4) : ppp(bytes, 0)
  }

  private mutating func vendorLink(_ bytes: RawSpan, _ link: LinkLayer) -> PacketVerdict {
    switch link {
    case .frameRelay: return frameRelay(bytes, 0)
    case .directedFrameRelay: return frameRelay(bytes, 1)
    case .directedPPP: return ppp(bytes, 1)
    case .directedHDLC: return etherType(bytes.big16(3), bytes, 5)
    case .packetTap: return packetTap(bytes)
    case .juniperEthernet, .juniperPPP, .juniperHDLC, .juniperFrameRelay: return juniper(bytes, link)
    case .encapsulationLog: return network(bytes, 12)
    case .solarisNetwork: return network(bytes, 24)
    case .fireWire: return etherType(bytes.big16(16), bytes, 18)
    // RFC 4391 behind the addresses of both ends, 20 bytes each.
    case .infiniBand: return bytes.byteCount >= 44 ? etherType(bytes.big16(40), bytes, 44) : .malformed
    case .solarisATM:
      // LAN emulation has the sender's number in front of the frame.
      return bytes.byte(0) & 0x0f == 1 ? ethernet(bytes, 6) : etherType(0, bytes, 4)
    case .behindFour: return ethernet(bytes, 4)
    case .switchTag: return etherType(bytes.big16(16), bytes, 18)
    case .longSwitchTag: return etherType(bytes.big16(20), bytes, 22)
    default: return .other
    }
  }

  /// RFC 2427 behind an address whose last byte says so, or Cisco's way: an EtherType at once.
  private mutating func frameRelay(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    var next = offset &+ 1
    while bytes.byte(next) & 1 == 0 {
      guard next &- offset < 3 else { return .malformed }
      next &+= 1
    }
    next &+= 1
    guard bytes.byte(next) == LLC.unnumbered else {
      return etherType(max(bytes.big16(next), EtherType.least), bytes, next &+ 2)
    }
    // A zero may fill up in front of the protocol's number.
    next &+= bytes.byte(next &+ 1) == 0 ? 2 : 1
    switch bytes.byte(next) {
    case NetworkProtocol.ipv4, NetworkProtocol.ipv6: return network(bytes, next &+ 1)
    case NetworkProtocol.snap:
      // SNAP; by 802.1's number (00-80-c2) bridged Ethernet, with its check sum or without.
      guard bytes.byteCount >= next &+ 8 else { return .malformed }
      let type = bytes.big16(next &+ 4)
      if bytes.big16(next &+ 2) == NetworkProtocol.bridged {
        return type == 1 || type == 7 ? ethernet(bytes, next &+ 6) : .other
      }
      return etherType(max(type, EtherType.least), bytes, next &+ 6)
    default: return .other
    }
  }

  /// The header tells its length and what follows, both in the capturing machine's order, little-endian.
  private mutating func packetTap(_ bytes: RawSpan) -> PacketVerdict {
    let length = Int(bytes.big32(0).byteSwapped)
    guard length >= 108, length <= 4_096, bytes.big32(4).byteSwapped == 1 else { return .other }
    switch bytes.big32(8).byteSwapped {
    case InnerLink.null: return network(bytes, length &+ 4)
    case InnerLink.ethernet: return ethernet(bytes, length)
    case InnerLink.ppp: return ppp(bytes, length)
    case InnerLink.raw, InnerLink.rawBSD, InnerLink.rawOpenBSD: return network(bytes, length)
    default: return .other
    }
  }

  /// A magic number and flags, further fields that tell their length, then the frame, or the packet
  /// behind the number of its protocol family.
  private mutating func juniper(_ bytes: RawSpan, _ link: LinkLayer) -> PacketVerdict {
    guard bytes.big32(0) >> 8 == 0x4d_4743 else { return .malformed }
    let flags = bytes.byte(3)
    let next = flags & 0x80 != 0 ? 6 &+ Int(bytes.big16(4)) : 4
    guard bytes.byteCount >= next &+ 8 else { return .malformed }
    if flags & 0x02 != 0 { return network(bytes, next &+ 4) }
    switch link {
    case .juniperPPP: return ppp(bytes, next)
    case .juniperHDLC: return etherType(bytes.big16(next &+ 2), bytes, next &+ 4)
    case .juniperFrameRelay: return frameRelay(bytes, next)
    default: return ethernet(bytes, next)
    }
  }

  /// RFC 1201 (type 212) numbers its fragments, of which only a whole packet is read; RFC 1051
  /// (type 240) has none.
  private mutating func arcnet(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    switch bytes.byte(offset) {
    case ARCNETProtocol.oldIP: return network(bytes, offset &+ 1)
    case ARCNETProtocol.ip:
      // An exception frame repeats the header after four bytes.
      let flag = bytes.byte(offset &+ 1)
      return flag == 0
        ? network(bytes, offset &+ 4)
        : flag == ARCNETProtocol.exception ? network(bytes, offset &+ 8) : .fragment
    default: return .other
    }
  }
}
