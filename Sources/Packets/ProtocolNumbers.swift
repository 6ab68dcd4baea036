// SPDX-License-Identifier: Apache-2.0

/// The numbers by which an Ethernet header says what follows (IEEE 802, IANA's ieee-802-numbers).
package enum EtherType {
  package static var ipv4: UInt16 { 0x0800 }
  package static var ipv6: UInt16 { 0x86dd }
  /// 802.1Q's tag, 802.1ad's, and what switches used before those were agreed.
  package static var vlan: UInt16 { 0x8100 }
  package static var serviceVLAN: UInt16 { 0x88a8 }
  static var qinq9100: UInt16 { 0x9100 }
  static var qinq9200: UInt16 { 0x9200 }
  static var qinq9300: UInt16 { 0x9300 }
  /// RFC 3032, and the same for multicast.
  package static var mpls: UInt16 { 0x8847 }
  static var mplsMulticast: UInt16 { 0x8848 }
  /// RFC 2516: PPPoE's session stage.
  package static var pppoe: UInt16 { 0x8864 }
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
package enum IPProtocol {
  /// IPv6's extension headers: hop-by-hop options, routing, fragment, authentication, destination options.
  package static var hopByHop: UInt8 { 0 }
  package static var routing: UInt8 { 43 }
  package static var fragment: UInt8 { 44 }
  package static var authentication: UInt8 { 51 }
  package static var destinationOptions: UInt8 { 60 }

  static var ipv4: UInt8 { 4 }
  package static var tcp: UInt8 { 6 }
  package static var udp: UInt8 { 17 }
  static var ipv6: UInt8 { 41 }
  static var gre: UInt8 { 47 }
  /// RFC 3378.
  static var etherIP: UInt8 { 97 }
  /// RFC 4023.
  static var mpls: UInt8 { 137 }
  /// RFC 8986: a frame as it is.
  static var ethernet: UInt8 { 143 }
}

/// The word of an IPv4 header that says whether the packet is a fragment (RFC 791, section 3.1; IP_MF and IP_OFFSET
/// of the kernel's net/ip.h).
package enum IPv4Fragment {
  static var hasMore: UInt16 { 0x2000 }
  /// In units of eight bytes.
  package static var offset: UInt16 { 0x1fff }
  /// A whole packet has none of these bits.
  static var mask: UInt16 { hasMore | offset }
}

/// IPv4 addresses as they stand in IPv6 ones, ::ffff:0:0/96 (RFC 4291, section 2.5.5.2).
enum MappedAddress {
  static var prefix: UInt64 { 0x0000_ffff_0000_0000 }
}

/// The first word of a GRE header (RFC 2784, 2890 and 2637).
enum GREFlag {
  static var checksum: UInt16 { 0x8000 }
  static var routing: UInt16 { 0x4000 }
  static var key: UInt16 { 0x2000 }
  static var sequence: UInt16 { 0x1000 }
  /// In PPTP's version alone.
  static var acknowledgement: UInt16 { 0x0080 }
  static var version: UInt16 { 0x0007 }
  /// PPTP's version, and MikroTik's.
  static var enhanced: UInt16 { 1 }
}

/// The first word of an L2TP header (RFC 2661, section 3.1).
enum L2TPFlag {
  static var control: UInt16 { 0x8000 }
  static var length: UInt16 { 0x4000 }
  static var sequence: UInt16 { 0x0800 }
  static var offset: UInt16 { 0x0200 }
  static var version: UInt16 { 0x000f }
}

/// The first byte of a VXLAN header (RFC 7348), and of VXLAN-GPE's (draft-ietf-nvo3-vxlan-gpe).
enum VXLANFlag {
  static var hasIdentifier: UInt8 { 0x08 }
  static var hasNextProtocol: UInt8 { 0x04 }
}

/// The protocols that may follow a header of VXLAN-GPE or a network service header (RFC 8300, section 2.2).
enum NextProtocol {
  static var ipv4: UInt8 { 1 }
  static var ipv6: UInt8 { 2 }
  static var ethernet: UInt8 { 3 }
  static var serviceHeader: UInt8 { 4 }
}

/// The first two bytes of a GTP-U header (3GPP TS 29.281, section 5.1).
enum GTP {
  static var protocolType: UInt8 { 0x10 }
  static var hasExtension: UInt8 { 0x04 }
  /// Any of the three bits of which one is enough for the optional fields to be there.
  static var hasOptions: UInt8 { 0x07 }
  /// The message that carries a user's packet.
  static var userPacket: UInt8 { 0xff }
}

/// The first two bytes of an IEEE 802.11 header: type of the frame, and flags.
enum WirelessFrame {
  static var typeMask: UInt8 { 0x0c }
  static var data: UInt8 { 0x08 }
  /// Of a data frame's subtype: no data in it, and the field of quality of service.
  static var isEmpty: UInt8 { 0x40 }
  static var hasQuality: UInt8 { 0x80 }
  /// Of the flags: encrypted; with all four addresses; with a field of high throughput.
  static var isProtected: UInt8 { 0x40 }
  static var fourAddresses: UInt8 { 0x03 }
  static var hasHighThroughput: UInt8 { 0x80 }
}

/// The first byte of a MACsec tag (802.1AE).
enum MACsecTag {
  /// Bits of the version, of encryption and of changed text: the frame cannot be read.
  static var unreadable: UInt8 { 0x8c }
  static var hasChannel: UInt8 { 0x20 }
}

/// Network layer protocol identifiers of frame relay (ISO/IEC TR 9577, RFC 2427).
enum NetworkProtocol {
  static var ipv4: UInt8 { 0xcc }
  static var ipv6: UInt8 { 0x8e }
  static var snap: UInt8 { 0x80 }
  /// The second and third byte of 802.1's number, after which a bridged frame comes.
  static var bridged: UInt16 { 0x80c2 }
}

/// The protocols of ARCNET: IP by RFC 1201 and by RFC 1051.
enum ARCNETProtocol {
  static var ip: UInt8 { 212 }
  static var oldIP: UInt8 { 240 }
  /// The split flag of an exception frame.
  static var exception: UInt8 { 0xff }
}

/// The link types that headers which stand before a frame name (tcpdump.org/linktypes.html, and BSD's own numbers
/// of raw IP).
enum InnerLink {
  static var null: UInt32 { 0 }
  static var ethernet: UInt32 { 1 }
  static var ppp: UInt32 { 9 }
  static var raw: UInt32 { 101 }
  static var rawBSD: UInt32 { 12 }
  static var rawOpenBSD: UInt32 { 14 }
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
