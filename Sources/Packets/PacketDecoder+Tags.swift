// SPDX-License-Identifier: Apache-2.0

import System

/// The tags that switches put between an Ethernet header and the packet, or around the frame.
extension PacketDecoder {
  mutating func rareType(_ type: UInt16, _ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 20 else { return .malformed }
    switch type {
    // 802.1ah's service tag, TRILL (RFC 6325) with its options, and FabricPath: a frame inside.
    case EtherType.backboneBridge: return ethernet(bytes, offset &+ 4)
    case EtherType.trill: return ethernet(bytes, offset &+ 6 &+ Int(bytes.big16(offset) >> 6 & 0x1f) &* 4)
    case EtherType.fabricPath: return ethernet(bytes, offset &+ 2)
    // A bridge's tag (802.1BR's forerunner) and HSR's are as long, so are 802.1BR's and Cisco's metadata.
    case EtherType.vnTag, EtherType.hsr: return etherType(bytes.big16(offset &+ 4), bytes, offset &+ 6)
    case EtherType.bridgePortExtension, EtherType.ciscoMetadata:
      return etherType(bytes.big16(offset &+ 6), bytes, offset &+ 8)
    case EtherType.macsec: return security(bytes, offset)
    default: return .other
    }
  }

  /// 802.1AE, as long as it only signs: a packet number, and perhaps the channel's identifier.
  private mutating func security(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    let control = bytes.byte(offset)
    guard control & MACsecTag.unreadable == 0 else { return .other }
    let next = offset &+ (control & MACsecTag.hasChannel != 0 ? 14 : 6)
    return etherType(bytes.big16(next), bytes, next &+ 2)
  }

  /// Cisco's ISL, recognised by the address it is sent to: 26 bytes in front of a frame.
  func isInterSwitchLink(_ bytes: RawSpan, _ offset: Int) -> Bool {
    guard offset >= 14, bytes.byteCount >= offset &+ 26 else { return false }
    let first = bytes.big32(offset &- 14)
    return (first == 0x0100_0c00 || first == 0x0c00_0c00) && bytes.byte(offset &- 10) == 0
      && bytes.big16(offset) == LLC.snap && bytes.byte(offset &+ 2) == LLC.unnumbered
  }
}
