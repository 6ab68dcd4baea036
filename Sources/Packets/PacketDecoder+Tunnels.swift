// SPDX-License-Identifier: Apache-2.0

import System

/// Packets in packets, as capture files hold them and as a live capture sees them.
extension PacketDecoder {
  /// The protocols of IP after which there may be another packet, UDP apart.
  package static var tunnelProtocols: [UInt8] {
    [
      IPProtocol.ipv4, IPProtocol.ipv6, IPProtocol.gre, IPProtocol.mpls, IPProtocol.etherIP,
      IPProtocol.ethernet,
    ]
  }

  /// The UDP ports, of either end, after which there may be another packet in a live capture.
  package static var tunnelPorts: [UInt16] {
    [
      TunnelPort.vxlan, TunnelPort.vxlanLinux, TunnelPort.vxlanGPE, TunnelPort.geneve, TunnelPort.gtpUser,
      TunnelPort.teredo, TunnelPort.mplsInUDP, TunnelPort.greInUDP, TunnelPort.ayiya, TunnelPort.l2tp,
      TunnelPort.lisp,
    ]
  }

  /// RFC 2784, 2890 and 2637: GRE with its optional fields.
  mutating func gre(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 4 else { return .malformed }
    let flags = bytes.big16(offset), type = bytes.big16(offset &+ 2)
    var next = offset &+ 4
    if flags & (GREFlag.checksum | GREFlag.routing) != 0 { next &+= 4 }
    if flags & GREFlag.key != 0 { next &+= 4 }
    if flags & GREFlag.sequence != 0 { next &+= 4 }
    if flags & GREFlag.version == GREFlag.enhanced {
      // MikroTik's Ethernet over IP has a length and a number of the tunnel.
      if flags == GREFlag.key | GREFlag.enhanced, type == EtherType.mikroTik {
        return ethernet(bytes, offset &+ 8)
      }
      // PPTP: an acknowledgement number, and PPP inside.
      if flags & GREFlag.acknowledgement != 0 { next &+= 4 }
      return type == EtherType.ppp ? ppp(bytes, next) : .other
    }
    switch type {
    case EtherType.ppp: return ppp(bytes, next)
    // ERSPAN type II has a header if there is a sequence number, type III one of 12 bytes.
    case EtherType.erspan2: return ethernet(bytes, flags & GREFlag.sequence != 0 ? next &+ 8 : next)
    case EtherType.erspan3:
      guard bytes.byteCount >= next &+ 12 else { return .malformed }
      return ethernet(bytes, next &+ (bytes.byte(next &+ 11) & 1 == 1 ? 20 : 12))
    // Aruba's access points: 802.11 frames, the type says of which queue.
    case EtherType.arubaQueues, EtherType.aruba: return wireless(bytes, next)
    // WCCP: a router redirects packets to a cache, from version 2 on behind four bytes.
    case EtherType.wccp:
      return network(bytes, bytes.byteCount > next && bytes.byte(next) >> 4 == 4 ? next : next &+ 4)
    default: return etherType(type, bytes, next)
    }
  }

  /// Tunnels over UDP, by their registered ports; anything else is not TCP.
  mutating func udpTunnel(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 16 else { return .other }
    let payload = offset &+ 8
    switch bytes.big16(offset &+ 2) {
    case TunnelPort.vxlan, TunnelPort.vxlanLinux, TunnelPort.vxlanGPE: return vxlan(bytes, payload)
    case TunnelPort.geneve: return geneve(bytes, payload)
    case TunnelPort.gtpUser: return gtp(bytes, payload)
    case TunnelPort.teredo: return bytes.byte(payload) >> 4 == 6 ? network(bytes, payload) : .other
    case TunnelPort.mplsInUDP: return etherType(EtherType.mpls, bytes, payload)
    // RFC 8086: GRE in UDP.
    case TunnelPort.greInUDP: return gre(bytes, payload)
    case TunnelPort.ayiya: return ayiya(bytes, payload)
    case TunnelPort.l2tp: return layer2Tunnel(bytes, payload)
    case TunnelPort.tzsp: return sniffer(bytes, payload)
    case TunnelPort.lisp: return locator(bytes, payload)
    case TunnelPort.capwapData: return accessPoint(bytes, payload)
    default: return udpAnswer(bytes, offset)
    }
  }

  /// The other way: from the port that a tunnel is known by.
  private mutating func udpAnswer(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    let payload = offset &+ 8
    switch bytes.big16(offset) {
    case TunnelPort.gtpUser: return gtp(bytes, payload)
    case TunnelPort.vxlan, TunnelPort.vxlanLinux, TunnelPort.vxlanGPE: return vxlan(bytes, payload)
    case TunnelPort.geneve: return geneve(bytes, payload)
    case TunnelPort.ayiya: return ayiya(bytes, payload)
    case TunnelPort.l2tp: return layer2Tunnel(bytes, payload)
    case TunnelPort.capwapData: return accessPoint(bytes, payload)
    case TunnelPort.teredo: return bytes.byte(payload) >> 4 == 6 ? network(bytes, payload) : .other
    default: return .other
    }
  }

  /// RFC 4023: MPLS directly in IP.
  mutating func mplsInIP(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    etherType(EtherType.mpls, bytes, offset)
  }

  /// RFC 7348; with the P bit of VXLAN-GPE, the last byte says what follows.
  private mutating func vxlan(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 8, bytes.byte(offset) & VXLANFlag.hasIdentifier != 0 else {
      return .other
    }
    headers.enter(.vxlan, bytes.big32(offset &+ 4) &>> 8)
    if bytes.byte(offset) & VXLANFlag.hasNextProtocol != 0 {
      switch bytes.byte(offset &+ 3) {
      case NextProtocol.ipv4, NextProtocol.ipv6: return network(bytes, offset &+ 8)
      case NextProtocol.serviceHeader: return etherType(EtherType.serviceHeader, bytes, offset &+ 8)
      default: break
      }
    }
    return ethernet(bytes, offset &+ 8)
  }

  /// RFC 8926.
  private mutating func geneve(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 8, bytes.byte(offset) >> 6 == 0 else { return .other }
    let options = Int(bytes.byte(offset) & 0x3f) &* 4
    headers.enter(.geneve, bytes.big32(offset &+ 4) &>> 8)
    return etherType(bytes.big16(offset &+ 2), bytes, offset &+ 8 &+ options)
  }

  /// 3GPP TS 29.281: a G-PDU of GTP-U, version 1, with its extension headers.
  private mutating func gtp(_ bytes: RawSpan, _ offset: Int) -> PacketVerdict {
    guard bytes.byteCount >= offset &+ 8, bytes.byte(offset) >> 5 == 1,
      bytes.byte(offset) & GTP.protocolType != 0, bytes.byte(offset &+ 1) == GTP.userPacket
    else { return .other }
    var next = offset &+ 8
    if bytes.byte(offset) & GTP.hasOptions != 0 {
      guard bytes.byteCount >= next &+ 4 else { return .malformed }
      var type = bytes.byte(offset) & GTP.hasExtension != 0 ? bytes.byte(next &+ 3) : 0
      next &+= 4
      var extensions = 0
      while type != 0 {
        guard bytes.byteCount > next, extensions < Self.maximumExtensions else { return .malformed }
        let length = Int(bytes.byte(next)) &* 4
        guard length > 0, bytes.byteCount >= next &+ length else { return .malformed }
        type = bytes.byte(next &+ length &- 1)
        next &+= length
        extensions &+= 1
      }
    }
    return network(bytes, next)
  }
}
