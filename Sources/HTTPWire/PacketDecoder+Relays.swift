// SPDX-License-Identifier: Apache-2.0

/// Tunnels over UDP by which single hosts reach a network: tunnel brokers and dial-in.
extension PacketDecoder {
  /// AYIYA (draft-massar-v6ops-ayiya): an identity and a signature in front of the packet.
  mutating func ayiya(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 8 else { return .other }
    // The lengths of identity (a power of two) and signature (in words); operation 1 forwards.
    let identity = 1 << Int(bytes.byte(offset) >> 4 & 7), signature = Int(bytes.byte(offset &+ 1) >> 4) &* 4
    let next = bytes.byte(offset &+ 3)
    guard bytes.byte(offset &+ 2) & 0x0f == 1, next == 41 || next == 4 else { return .other }
    return network(bytes, offset &+ 8 &+ identity &+ signature)
  }

  /// L2TP version 2 (RFC 2661): PPP frames in data messages.
  mutating func layer2Tunnel(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 8 else { return .other }
    let flags = bytes.big16(offset)
    guard flags & 0x800f == 2 else { return .other }
    var next = offset &+ 2
    if flags & 0x4000 != 0 { next &+= 2 }
    next &+= 4
    if flags & 0x0800 != 0 { next &+= 4 }
    if flags & 0x0200 != 0 {
      guard bytes.byteCount >= next &+ 2 else { return .malformed }
      next &+= 2 &+ Int(bytes.big16(next))
    }
    return ppp(bytes, next)
  }
}
