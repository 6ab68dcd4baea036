// SPDX-License-Identifier: Apache-2.0

import System

/// IP and TCP headers. The same rules as in `bpf/http_packet.h`; one table of packets tests both.
extension PacketDecoder {
  /// IPv6 extension headers in front of TCP are no more than this.
  static let maximumExtensions = 8

  /// An IP header at `offset`, of the version that the layer below has announced, if it has.
  mutating func network(_ bytes: RawSpan, _ offset: Int, version: UInt8 = 0) -> PacketVerdict {
    depth &+= 1
    guard depth <= Self.maximumDepth, bytes.byteCount > offset else { return .malformed }
    let found = bytes.byte(offset) >> 4
    // Linux drops what contradicts its type: ip_rcv_core, ip6_rcv_core.
    if version != 0, found != version { return .malformed }
    switch found {
    case 4: return ipv4(bytes, offset)
    case 6: return ipv6(bytes, offset)
    default: return .other
    }
  }

  private mutating func ipv4(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    let length = wireLength &- offset
    guard bytes.byteCount >= offset &+ 20 else { return .malformed }
    let header = Int(bytes.byte(offset) & 15) &* 4
    var total = Int(bytes.big16(offset &+ 2))
    // A length of 0 is a super-segment (BIG TCP, or TSO seen before the card wrote it).
    if total == 0 || (allowsShortPackets && total > length) { total = length }
    guard header >= 20 else { return .malformed }
    let type = bytes.byte(offset &+ 9)
    // What is not TCP is no fault of ours, whatever its lengths say.
    guard total >= header, total <= length else { return type == IPProtocol.tcp ? .malformed : .other }
    headers.sourceHigh = 0
    headers.destinationHigh = 0
    headers.sourceLow = MappedAddress.prefix | UInt64(bytes.big32(offset &+ 12))
    headers.destinationLow = MappedAddress.prefix | UInt64(bytes.big32(offset &+ 16))
    let fragment = bytes.big16(offset &+ 6)
    if fragment & IPv4Fragment.mask != 0 {
      noteFragment(
        bytes, identification: UInt32(bytes.big16(offset &+ 4)), type: type,
        field: fragment & IPv4Fragment.offset,
        hasMore: fragment & IPv4Fragment.hasMore != 0, start: offset &+ header, end: offset &+ total)
      if total == header { return Self.carriesTCP(type) ? .malformed : .other }
    }
    if fragment & IPv4Fragment.offset != 0 { return Self.carriesTCP(type) ? .fragment : .other }
    return transport(type, bytes, offset &+ header, offset &+ total)
  }

  private mutating func ipv6(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    let length = wireLength &- offset
    guard bytes.byteCount >= offset &+ 40 else { return .malformed }
    var total = Int(bytes.big16(offset &+ 4)) &+ 40
    // A payload length of 0 is a jumbogram (RFC 2675, BIG TCP).
    if total == 40 || (allowsShortPackets && total > length) { total = length }
    var type = bytes.byte(offset &+ 6)
    guard total <= length else {
      return type == IPProtocol.tcp || Self.isExtension(type) ? .malformed : .other
    }
    headers.sourceHigh = bytes.big64(offset &+ 8)
    headers.sourceLow = bytes.big64(offset &+ 16)
    headers.destinationHigh = bytes.big64(offset &+ 24)
    headers.destinationLow = bytes.big64(offset &+ 32)
    let end = offset &+ total
    var next = offset &+ 40
    // The checksum covers all fragments, and the address that a routing header leads to.
    var extensions = 0, isVerifiable = true
    while Self.isExtension(type) {
      guard extensions < Self.maximumExtensions, next &+ 8 <= end, bytes.byteCount >= next &+ 8 else {
        return .malformed
      }
      let units = Int(bytes.byte(next &+ 1)), following = bytes.byte(next)
      switch type {
      case IPProtocol.fragment:
        noteFragment(
          bytes, identification: bytes.big32(next &+ 4), type: following,
          field: bytes.big16(next &+ 2) >> 3, hasMore: bytes.byte(next &+ 3) & 1 == 1, start: next &+ 8,
          end: end)
        isVerifiable = false
        let field = bytes.big16(next &+ 2)
        if field & 0xfff9 != 0, next &+ 8 == end, Self.carriesTCP(following) { return .malformed }
        if field >> 3 != 0 { return Self.carriesTCP(following) ? .fragment : .other }
        next &+= 8
      case IPProtocol.routing:
        isVerifiable = false
        next &+= (units &+ 1) &* 8
      // An authentication header counts in words of four bytes, less two; the others in eight, less one.
      case IPProtocol.authentication: next &+= (units &+ 2) &* 4
      default: next &+= (units &+ 1) &* 8
      }
      type = following
      extensions &+= 1
    }
    let verdict = transport(type, bytes, next, end)
    if !isVerifiable { headers.headerLength = 0 }
    return verdict
  }

  /// A header after which TCP may come. ESP never shows it; after a mobility header nothing comes
  /// (RFC 6275, section 6.1.1), and Linux does not look.
  private static func isExtension(_ type: UInt8) -> Bool {
    type == IPProtocol.hopByHop || type == IPProtocol.routing || type == IPProtocol.fragment
      || type == IPProtocol.authentication || type == IPProtocol.destinationOptions
  }

  /// What IP carries: TCP, or a tunnel in which there may be more.
  mutating func transport(
    _ type: UInt8, _ bytes: RawSpan, _ offset: Int, _ end: Int
  ) -> PacketVerdict {
    switch type {
    case IPProtocol.tcp: return tcp(bytes, offset, end)
    case IPProtocol.ipv4, IPProtocol.ipv6: return network(bytes, offset)
    case IPProtocol.gre: return gre(bytes, offset)
    case IPProtocol.udp: return datagram(bytes, offset, end)
    case IPProtocol.mpls: return mplsInIP(bytes, offset)
    case IPProtocol.authentication: return authentication(bytes, offset, end)
    // EtherIP (RFC 3378) has a header of two bytes, Ethernet in a segment routing header's packet none.
    case IPProtocol.etherIP: return ethernet(bytes, offset &+ 2)
    case IPProtocol.ethernet: return ethernet(bytes, offset)
    default: return .other
    }
  }

  /// RFC 4302: an authentication header, its length in words of four bytes, less two.
  private mutating func authentication(_ bytes: RawSpan, _ offset: Int, _ end: Int) -> PacketVerdict {
    depth &+= 1
    guard depth <= Self.maximumDepth, bytes.byteCount >= offset &+ 12 else { return .malformed }
    return transport(bytes.byte(offset), bytes, offset &+ (Int(bytes.byte(offset &+ 1)) &+ 2) &* 4, end)
  }

  /// UDP: a tunnel, or a datagram by itself.
  private mutating func datagram(_ bytes: RawSpan, _ offset: Int, _ end: Int) -> PacketVerdict {
    let verdict = udpTunnel(bytes, offset)
    guard case .other = verdict, !isFragment, end >= offset &+ 8, bytes.byteCount >= offset &+ 8 else {
      return verdict
    }
    headers.sourcePort = bytes.big16(offset)
    headers.destinationPort = bytes.big16(offset &+ 2)
    headers.payloadLength = end &- offset &- 8
    headers.payloadStart = offset &+ 8
    headers.payloadCaptured = max(0, min(end, bytes.byteCount) &- headers.payloadStart)
    isDatagram = true
    return .other
  }

  private mutating func tcp(_ bytes: RawSpan, _ offset: Int, _ end: Int) -> PacketVerdict {
    guard end >= offset &+ 20, bytes.byteCount >= offset &+ 20 else { return .malformed }
    let header = Int(bytes.byte(offset &+ 12) >> 4) &* 4
    guard header >= 20, offset &+ header <= end else { return .malformed }
    headers.sourcePort = bytes.big16(offset)
    headers.destinationPort = bytes.big16(offset &+ 2)
    headers.flags = bytes.byte(offset &+ 13)
    // A SYN takes one sequence number (RFC 9293, section 3.4): data in it comes behind.
    headers.sequence = bytes.big32(offset &+ 4) &+ (headers.flags >> 1 & 1 == 1 ? 1 : 0)
    headers.acknowledgement = bytes.big32(offset &+ 8)
    headers.headerLength = header
    headers.payloadLength = end &- offset &- header
    headers.payloadStart = min(offset &+ header, bytes.byteCount)
    headers.payloadCaptured = min(end, bytes.byteCount) &- headers.payloadStart
    if headers.payloadCaptured < 0 { headers.payloadCaptured = 0 }
    return .tcp
  }
}
