// SPDX-License-Identifier: Apache-2.0

import System

/// Tunnels over UDP by which single hosts reach a network, and by which devices hand on what they see.
extension PacketDecoder {
  /// AYIYA (draft-massar-v6ops-ayiya): an identity and a signature in front of the packet.
  mutating func ayiya(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 8 else { return .other }
    // The lengths of identity (a power of two) and signature (in words); operation 1 forwards.
    let identity = 1 << Int(bytes.byte(offset) >> 4 & 7), signature = Int(bytes.byte(offset &+ 1) >> 4) &* 4
    let next = bytes.byte(offset &+ 3)
    guard bytes.byte(offset &+ 2) & 0x0f == 1, next == IPProtocol.ipv6 || next == IPProtocol.ipv4 else {
      return .other
    }
    return network(bytes, offset &+ 8 &+ identity &+ signature)
  }

  /// L2TP version 2 (RFC 2661): PPP frames in data messages.
  mutating func layer2Tunnel(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 8 else { return .other }
    let flags = bytes.big16(offset)
    guard flags & (L2TPFlag.control | L2TPFlag.version) == 2 else { return .other }
    var next = offset &+ 2
    if flags & L2TPFlag.length != 0 { next &+= 2 }
    next &+= 4
    if flags & L2TPFlag.sequence != 0 { next &+= 4 }
    if flags & L2TPFlag.offset != 0 {
      guard bytes.byteCount >= next &+ 2 else { return .malformed }
      next &+= 2 &+ Int(bytes.big16(next))
    }
    return ppp(bytes, next)
  }

  /// TZSP: frames from a remote sniffer, behind fields that tell their length.
  mutating func sniffer(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 5, bytes.byte(offset) == 1, bytes.byte(offset &+ 1) <= 1 else {
      return .other
    }
    var next = offset &+ 4
    // Field 1 ends them and field 0 fills up, both without a length.
    while bytes.byteCount > next &+ 1, bytes.byte(next) != 1 {
      next &+= bytes.byte(next) == 0 ? 1 : 2 &+ Int(bytes.byte(next &+ 1))
    }
    switch bytes.big16(offset &+ 2) {
    case 1: return ethernet(bytes, next &+ 1)
    case 18: return wireless(bytes, next &+ 1)
    default: return .other
    }
  }

  /// LISP (RFC 9300).
  mutating func locator(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    network(bytes, offset &+ 8)
  }

  /// CAPWAP's data (RFC 5415): a whole frame, of 802.11 or 802.3.
  mutating func accessPoint(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 8, bytes.byte(offset) == 0, bytes.byte(offset &+ 3) & 0x80 == 0 else {
      return .other
    }
    let next = offset &+ Int(bytes.byte(offset &+ 1) >> 3) &* 4
    if bytes.byte(offset &+ 2) & 1 == 0 { return ethernet(bytes, next) }
    // Cisco's have the two bytes of the frame control swapped; a data frame's version is zero.
    return wireless(bytes, next, isSwapped: bytes.byteCount > next && bytes.byte(next) & 3 != 0)
  }
}
