// SPDX-License-Identifier: Apache-2.0

/// The numbers by which an Ethernet header says what follows (IEEE 802, IANA's ieee-802-numbers).
enum EtherType {
  static var ipv4: UInt16 { 0x0800 }
  static var ipv6: UInt16 { 0x86dd }
  /// 802.1Q's tag, 802.1ad's, and what switches used before those were agreed.
  static var vlan: UInt16 { 0x8100 }
  static var serviceVLAN: UInt16 { 0x88a8 }
  static var qinq9100: UInt16 { 0x9100 }
  static var qinq9200: UInt16 { 0x9200 }
  static var qinq9300: UInt16 { 0x9300 }
  /// RFC 3032, and the same for multicast.
  static var mpls: UInt16 { 0x8847 }
  static var mplsMulticast: UInt16 { 0x8848 }
  /// RFC 2516: PPPoE's session stage.
  static var pppoe: UInt16 { 0x8864 }
  /// RFC 8300: a network service header.
  static var serviceHeader: UInt16 { 0x894f }
  /// Transparent Ethernet bridging: a frame as it is.
  static var ethernet: UInt16 { 0x6558 }
  /// 802.1ah's service tag.
  static var backboneBridge: UInt16 { 0x88e7 }
  /// RFC 6325.
  static var trill: UInt16 { 0x22f3 }
  /// Cisco's FabricPath.
  static var fabricPath: UInt16 { 0x8903 }
  /// 802.1BR's forerunner, VN-Tag, and 802.1BR.
  static var vnTag: UInt16 { 0x8926 }
  static var bridgePortExtension: UInt16 { 0x893f }
  /// IEC 62439-3: high-availability seamless redundancy.
  static var hsr: UInt16 { 0x892f }
  /// Cisco's metadata.
  static var ciscoMetadata: UInt16 { 0x8909 }
  /// 802.1AE.
  static var macsec: UInt16 { 0x88e5 }

  /// In GRE alone: PPP (RFC 2637), ERSPAN of types II and III, WCCP's redirected packets.
  static var ppp: UInt16 { 0x880b }
  static var erspan2: UInt16 { 0x88be }
  static var erspan3: UInt16 { 0x22eb }
  static var wccp: UInt16 { 0x883e }
  /// MikroTik's Ethernet over IP, in a GRE header of its own kind.
  static var mikroTik: UInt16 { 0x6400 }
  /// Aruba's access points: 802.11 frames, the number says of which queue.
  static var arubaQueues: ClosedRange<UInt16> { 0x8200...0x82ff }
  static var aruba: UInt16 { 0x9000 }

  /// The least number that is a type; below it the field is the length of an LLC frame (802.3).
  static var least: UInt16 { 0x0600 }
}

/// The numbers by which an IP header says what follows (IANA's protocol-numbers).
enum IPProtocol {
  /// IPv6's extension headers: hop-by-hop options, routing, fragment, authentication, destination options.
  static var hopByHop: UInt8 { 0 }
  static var routing: UInt8 { 43 }
  static var fragment: UInt8 { 44 }
  static var authentication: UInt8 { 51 }
  static var destinationOptions: UInt8 { 60 }

  static var ipv4: UInt8 { 4 }
  static var tcp: UInt8 { 6 }
  static var udp: UInt8 { 17 }
  static var ipv6: UInt8 { 41 }
  static var gre: UInt8 { 47 }
  /// RFC 3378.
  static var etherIP: UInt8 { 97 }
  /// RFC 4023.
  static var mpls: UInt8 { 137 }
  /// RFC 8986: a frame as it is.
  static var ethernet: UInt8 { 143 }
}

/// The UDP ports of tunnels (IANA's service-names-port-numbers, or what their makers chose).
enum TunnelPort {
  static var vxlan: UInt16 { 4789 }
  /// VXLAN as Linux had it before there was a number for it.
  static var vxlanLinux: UInt16 { 8472 }
  static var vxlanGPE: UInt16 { 4790 }
  static var geneve: UInt16 { 6081 }
  static var gtpUser: UInt16 { 2152 }
  static var teredo: UInt16 { 3544 }
  static var mplsInUDP: UInt16 { 6635 }
  static var greInUDP: UInt16 { 4754 }
  static var ayiya: UInt16 { 5072 }
  static var l2tp: UInt16 { 1701 }
  /// TaZmen Sniffer Protocol.
  static var tzsp: UInt16 { 37_008 }
  static var lisp: UInt16 { 4341 }
  static var capwapData: UInt16 { 5247 }
}

/// Logical link control (802.2): service access points, and SNAP's way to an EtherType.
enum LLC {
  /// Both access points SNAP, and both IP, which is read as one number of two bytes.
  static var snap: UInt16 { 0xaaaa }
  static var ip: UInt16 { 0x0606 }
  /// The control byte of unnumbered information.
  static var unnumbered: UInt8 { 3 }
}

/// The numbers of network protocols in PPP (IANA's ppp-numbers).
enum PPPProtocol {
  static var ipv4: UInt16 { 0x0021 }
  static var ipv6: UInt16 { 0x0057 }
  static var mpls: UInt16 { 0x0281 }
  /// The framing bytes of RFC 1662 that may come first: address and control.
  static var framing: UInt16 { 0xff03 }
}
