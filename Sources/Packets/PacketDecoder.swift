// SPDX-License-Identifier: Apache-2.0

import System

/// Walks a captured packet from its link layer down to TCP, through tags and tunnels.
///
/// Nothing is believed before it was checked against the bytes that are there; `wireLength` says how
/// long the packet was before the capture cut it.
package struct PacketDecoder: Sendable {
  /// Headers of one packet, tunnels included, are no deeper than this.
  static let maximumDepth = 16

  package var headers = PacketHeaders()
  /// The fragment that the packet is, at its outermost fragmented header.
  package var fragment: IPFragment? {
    isFragment ? piece : nil
  }
  /// Whether the packet is a fragment that `fragment` tells of.
  package private(set) var isFragment = false
  private var piece: IPFragment?
  /// Whether the packet is UDP in which there is no tunnel: `headers` has the ports and the payload.
  package internal(set) var isDatagram = false
  /// Bytes of the packet on the wire.
  var wireLength = 0
  var depth = 0
  /// A packet whose IP length is more than was on the wire has what is there, as in a file that somebody
  /// has cut or edited; else it is dropped, as Linux does.
  private(set) var allowsShortPackets = false
  /// Whether the link layer is Linux's cooked one, whose type may skip a tag that is in the data.
  var isCooked = false

  package init(allowsShortPackets: Bool = false) {
    self.allowsShortPackets = allowsShortPackets
  }

  /// Reads a packet; with `.tcp`, `headers` describes its segment.
  package mutating func decode(_ bytes: RawSpan, wireLength: Int, link: LinkLayer) -> PacketVerdict {
    self.wireLength = max(wireLength, bytes.byteCount)
    isFragment = false
    if case .ethernet = link, decodeOrdinary(bytes) { return .tcp }
    return decodeByStep(bytes, wireLength: wireLength, link: link)
  }

  /// The same for every packet, header by header.
  package mutating func decodeByStep(_ bytes: RawSpan, wireLength: Int, link: LinkLayer) -> PacketVerdict {
    self.wireLength = max(wireLength, bytes.byteCount)
    depth = 0
    headers.network = 0
    isCooked = link == .cooked || link == .cooked2
    forgetFragment()
    switch link {
    case .ethernet: return ethernet(bytes, 0)
    case .raw: return network(bytes, 0)
    case .loopback: return network(bytes, 4)
    case .cooked: return bytes.byteCount >= 16 ? etherType(bytes.big16(14), bytes, 16) : .malformed
    case .cooked2: return bytes.byteCount >= 20 ? etherType(bytes.big16(0), bytes, 20) : .malformed
    case .ppp: return serial(bytes)
    case .hdlc: return bytes.byteCount >= 4 ? etherType(bytes.big16(2), bytes, 4) : .malformed
    case .wireless: return wireless(bytes, 0)
    case .radiotap, .ppi:
      // Both give their own length in the third and fourth byte, little-endian.
      guard bytes.byteCount >= 4 else { return .malformed }
      return wireless(bytes, Int(bytes.byte(2)) | Int(bytes.byte(3)) << 8)
    case .netfilterLog: return netfilterLog(bytes)
    default: return rareLink(bytes, link)
    }
  }

  mutating func forgetFragment() { (isFragment, isDatagram) = (false, false) }

  mutating func note(_ fragment: IPFragment) {
    piece = fragment
    isFragment = true
  }

  mutating func ethernet(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 14 else { return .malformed }
    return etherType(bytes.big16(offset &+ 12), bytes, offset &+ 14)
  }

  /// What follows an EtherType; below `EtherType.least` it is the length of an LLC frame.
  mutating func etherType(_ type: UInt16, _ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    depth &+= 1
    guard depth <= Self.maximumDepth else { return .malformed }
    let count = bytes.byteCount
    switch type {
    case EtherType.ipv4: return network(bytes, behindTag(type, bytes, offset), version: 4)
    case EtherType.ipv6: return network(bytes, behindTag(type, bytes, offset), version: 6)
    case EtherType.vlan, EtherType.serviceVLAN, EtherType.qinq9100, EtherType.qinq9200, EtherType.qinq9300:
      guard count >= offset &+ 4 else { return .malformed }
      headers.enter(tag: bytes.big16(offset))
      return etherType(bytes.big16(offset &+ 2), bytes, offset &+ 4)
    case EtherType.mpls, EtherType.mplsMulticast: return mpls(bytes, offset)
    case EtherType.pppoe:
      guard count >= offset &+ 6, bytes.byte(offset) == 0x11 else { return .malformed }
      return ppp(bytes, offset &+ 6)
    case EtherType.serviceHeader: return serviceHeader(bytes, offset)
    case EtherType.ethernet: return ethernet(bytes, offset)
    case EtherType.backboneBridge, EtherType.vnTag, EtherType.hsr, EtherType.bridgePortExtension,
      EtherType.ciscoMetadata, EtherType.macsec, EtherType.trill, EtherType.fabricPath:
      return rareType(type, bytes, offset)
    case ..<EtherType.least:
      if isInterSwitchLink(bytes, offset) { return ethernet(bytes, offset &+ 12) }
      // LLC, IP by its own number there.
      if count >= offset &+ 8, bytes.big16(offset) == LLC.ip, bytes.byte(offset &+ 2) == LLC.unnumbered {
        return network(bytes, offset &+ 3)
      }
      // LLC with SNAP (RFC 1042).
      guard count >= offset &+ 8, bytes.big16(offset) == LLC.snap, bytes.byte(offset &+ 2) == LLC.unnumbered
      else {
        return .other
      }
      return etherType(max(bytes.big16(offset &+ 6), EtherType.least), bytes, offset &+ 8)
    default: return .other
    }
  }

  /// Where the packet starts of which a cooked header states the type. Of two tags Linux takes one off,
  /// leaves the other in the data, and since 6.10 tells the type behind it (vlan_get_protocol_dgram).
  private mutating func behindTag(_ type: UInt16, _ bytes: RawSpan, _ offset: Int) -> Int {
    let inner = offset &+ 4
    guard isCooked, bytes.byteCount >= inner &+ 20, bytes.big16(offset &+ 2) == type else { return offset }
    // The header after the tag must name its version and fit, which an IP header here cannot do by chance.
    let isFour = type == EtherType.ipv4
    let total = isFour ? Int(bytes.big16(inner &+ 2)) : Int(bytes.big16(inner &+ 4)) &+ 40
    guard bytes.byte(inner) >> 4 == (isFour ? 4 : 6), total >= 40, total <= wireLength &- inner else {
      return offset
    }
    headers.enter(tag: bytes.big16(offset))
    return inner
  }

  /// RFC 3032: labels until the bottom of the stack; what follows says itself what it is.
  mutating func mpls(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    var next = offset
    while true {
      guard bytes.byteCount >= next &+ 4, next &- offset < 64 else { return .malformed }
      let isBottom = bytes.byte(next &+ 2) & 1 == 1
      next &+= 4
      if isBottom { break }
    }
    guard bytes.byteCount > next else { return .malformed }
    switch bytes.byte(next) >> 4 {
    case 4, 6: return network(bytes, next)
    // A pseudo-wire (RFC 4448): Ethernet behind a control word of zero nibble.
    case 0: return ethernet(bytes, next &+ 4)
    default: return ethernet(bytes, next)
    }
  }

  /// RFC 1661, with the framing bytes of RFC 1662 or without.
  mutating func ppp(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    var next = offset
    guard bytes.byteCount >= next &+ 4 else { return .malformed }
    if bytes.big16(next) == PPPProtocol.framing { next &+= 2 }
    // A protocol field may be compressed to its odd byte.
    if bytes.byte(next) & 1 == 1 {
      let number = UInt16(bytes.byte(next))
      return number == PPPProtocol.ipv4 || number == PPPProtocol.ipv6 ? network(bytes, next &+ 1) : .other
    }
    switch bytes.big16(next) {
    case PPPProtocol.ipv4, PPPProtocol.ipv6: return network(bytes, next &+ 2)
    case PPPProtocol.mpls: return mpls(bytes, next &+ 2)
    default: return .other
    }
  }

  /// RFC 8300: a network service header in front of the packet.
  private mutating func serviceHeader(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 8 else { return .malformed }
    let length = Int(bytes.byte(offset &+ 1) & 0x3f) &* 4
    switch bytes.byte(offset &+ 3) {
    case NextProtocol.ipv4, NextProtocol.ipv6: return network(bytes, offset &+ length)
    case NextProtocol.ethernet: return ethernet(bytes, offset &+ length)
    default: return .other
    }
  }

  /// IEEE 802.11: data frames that are not encrypted carry LLC.
  mutating func wireless(_ bytes: RawSpan, _ offset: Int, isSwapped: Bool = false) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 24 else { return .malformed }
    let control = bytes.byte(isSwapped ? offset &+ 1 : offset)
    let flags = bytes.byte(isSwapped ? offset : offset &+ 1)
    guard control & WirelessFrame.typeMask == WirelessFrame.data, control & WirelessFrame.isEmpty == 0,
      flags & WirelessFrame.isProtected == 0
    else { return .other }
    var length = 24
    if flags & WirelessFrame.fourAddresses == WirelessFrame.fourAddresses { length &+= 6 }
    if control & WirelessFrame.hasQuality != 0 {
      length &+= flags & WirelessFrame.hasHighThroughput != 0 ? 6 : 2
    }
    guard bytes.byteCount >= offset &+ length &+ 8 else { return .malformed }
    return etherType(0, bytes, offset &+ length)
  }

  /// Netfilter's log: attributes, one of which is the packet.
  private mutating func netfilterLog(_ bytes: RawSpan) -> PacketVerdict {
    var offset = 4
    while bytes.byteCount >= offset &+ 4 {
      let length = Int(bytes.byte(offset)) | Int(bytes.byte(offset &+ 1)) << 8
      let type = Int(bytes.byte(offset &+ 2)) | Int(bytes.byte(offset &+ 3)) << 8
      if type & 0x7fff == 9 { return network(bytes, offset &+ 4) }
      guard length >= 4 else { return .malformed }
      offset &+= (length &+ 3) & ~3
    }
    return .other
  }
}
