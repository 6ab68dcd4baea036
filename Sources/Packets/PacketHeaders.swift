// SPDX-License-Identifier: Apache-2.0

/// The fields of a packet's headers down to TCP: whose segment it is and where its payload lies.
package struct PacketHeaders: Sendable {
  /// Addresses as big-endian numbers; IPv4 in its mapped form.
  package var sourceHigh: UInt64 = 0
  package var sourceLow: UInt64 = 0
  package var destinationHigh: UInt64 = 0
  package var destinationLow: UInt64 = 0
  /// The virtual networks that the packet is in, as one number; 0 for none.
  package var network: UInt32 = 0
  package var sourcePort: UInt16 = 0
  package var destinationPort: UInt16 = 0
  package var sequence: UInt32 = 0
  package var acknowledgement: UInt32 = 0
  /// TCP flags as on the wire.
  package var flags: UInt8 = 0
  /// Bytes of the TCP header; 0 behind IPv6 headers for which its checksum cannot be verified.
  package var headerLength = 0
  /// Where the payload begins in the captured bytes; their end when it was not captured.
  package var payloadStart = 0
  /// Captured bytes of the payload.
  package var payloadCaptured = 0
  /// Bytes of the payload on the wire.
  package var payloadLength = 0

  package init() {}
}

/// The kind of a packet, as far as this program cares.
package enum PacketVerdict: Sendable {
  /// TCP, with believable headers.
  case tcp
  /// IP with another protocol, or no IP at all.
  case other
  /// A later fragment of what may carry TCP: no header of that in it.
  case fragment
  /// Headers that cannot be believed, or that the capture cut.
  case malformed
}

/// The link layers that can be read, by what precedes the network header.
package enum LinkLayer: Sendable, Equatable {
  case ethernet
  /// Four bytes of address family, in the host's order or the network's (BSD loopback).
  case loopback
  /// An IP header at once.
  case raw
  /// Linux cooked capture, version 1 and 2.
  case cooked, cooked2
  /// PPP, with or without the HDLC-like framing bytes.
  case ppp
  /// Cisco HDLC.
  case hdlc
  /// IEEE 802.11 data frames, bare or behind a radiotap, PPI or Prism header.
  case wireless, radiotap, ppi
  /// Linux netfilter log.
  case netfilterLog
  /// PPPoE and MPLS without Ethernet before them; LLC as on ATM (RFC 2684).
  case pppoe, mpls, llc
  /// Rings, 802.11 behind Prism's or AVS's header, OpenBSD's filter log.
  case fddi, tokenRing, prism, packetFilterLog
  /// ARCNET, as BSD and as Linux have it.
  case arcnet, arcnetLinux
  /// Frame relay (RFC 2427); it, PPP and HDLC behind a byte that tells the direction.
  case frameRelay, directedFrameRelay, directedPPP, directedHDLC
  /// Apple's packet tap, and Juniper's header in front of Ethernet, PPP, HDLC and frame relay.
  case packetTap, juniperEthernet, juniperPPP, juniperHDLC, juniperFrameRelay
  /// IP behind a header of OpenBSD's or Solaris's; over FireWire and InfiniBand; ATM as Solaris has it.
  case encapsulationLog, solarisNetwork, fireWire, infiniBand, solarisATM
  /// Ethernet behind four bytes, or with a switch's tag behind its addresses, of four bytes or eight.
  case behindFour, switchTag, longSwitchTag

  /// The layer for a `LINKTYPE_` number of a capture file; nil when it cannot be read.
  package init?(linkType: UInt32) {
    switch linkType {
    case LinkType.ethernet: self = .ethernet
    case LinkType.null, LinkType.loop: self = .loopback
    case LinkType.rawLinux, LinkType.rawOpenBSD, LinkType.raw, LinkType.ipv4, LinkType.ipv6: self = .raw
    case LinkType.linuxSLL: self = .cooked
    case LinkType.linuxSLL2: self = .cooked2
    case LinkType.ppp, LinkType.pppHDLC: self = .ppp
    case LinkType.cHDLC: self = .hdlc
    case LinkType.ieee80211: self = .wireless
    case LinkType.ieee80211Radiotap: self = .radiotap
    case LinkType.ppi: self = .ppi
    case LinkType.nflog: self = .netfilterLog
    case LinkType.tokenRing: self = .tokenRing
    case LinkType.arcnetBSD: self = .arcnet
    case LinkType.fddi: self = .fddi
    case LinkType.pppEther: self = .pppoe
    case LinkType.atmRFC1483: self = .llc
    case LinkType.pflog: self = .packetFilterLog
    case LinkType.ieee80211Prism, LinkType.ieee80211AVS: self = .prism
    case LinkType.arcnetLinux: self = .arcnetLinux
    case LinkType.mpls: self = .mpls
    case LinkType.frameRelay: self = .frameRelay
    case LinkType.enc: self = .encapsulationLog
    case LinkType.sunATM: self = .solarisATM
    case LinkType.appleIPOverIEEE1394: self = .fireWire
    // Apple's own number, which is anybody's elsewhere: its header is checked.
    case LinkType.user2, LinkType.pktap: self = .packetTap
    case LinkType.pppPPPD, LinkType.pppWithDirection: self = .directedPPP
    case LinkType.juniperEther: self = .juniperEthernet
    case LinkType.juniperPPP: self = .juniperPPP
    case LinkType.juniperFrameRelay: self = .juniperFrameRelay
    case LinkType.juniperCHDLC: self = .juniperHDLC
    case LinkType.cHDLCWithDirection: self = .directedHDLC
    case LinkType.frameRelayWithDirection: self = .directedFrameRelay
    case LinkType.ipnet: self = .solarisNetwork
    case LinkType.ipOverInfiniBand: self = .infiniBand
    case LinkType.netAnalyzer, LinkType.dsaTagBroadcomPrepended: self = .behindFour
    case LinkType.dsaTagBroadcom, LinkType.dsaTagDSA: self = .switchTag
    case LinkType.dsaTagEDSA: self = .longSwitchTag
    default: return nil
    }
  }

  /// What people call it.
  package var name: String {
    switch self {
    case .ethernet: "Ethernet"
    case .loopback: "BSD loopback"
    case .raw: "raw IP"
    case .cooked: "Linux cooked"
    case .cooked2: "Linux cooked v2"
    case .ppp: "PPP"
    case .hdlc: "Cisco HDLC"
    case .wireless: "802.11"
    case .radiotap: "802.11 radiotap"
    case .ppi: "PPI"
    case .netfilterLog: "NFLOG"
    case .pppoe: "PPPoE"
    case .mpls: "MPLS"
    case .llc: "LLC"
    case .fddi: "FDDI"
    case .tokenRing: "Token Ring"
    case .prism: "802.11 Prism"
    case .packetFilterLog: "PFLOG"
    case .arcnet, .arcnetLinux: "ARCNET"
    case .frameRelay, .directedFrameRelay: "frame relay"
    case .directedPPP: "PPP with direction"
    case .directedHDLC: "HDLC with direction"
    case .packetTap: "PKTAP"
    case .juniperEthernet, .juniperPPP, .juniperHDLC, .juniperFrameRelay: "Juniper"
    case .encapsulationLog: "ENC"
    case .solarisNetwork: "IPNET"
    case .fireWire: "IP over FireWire"
    case .infiniBand: "IP over InfiniBand"
    case .solarisATM: "SunATM"
    case .behindFour: "Ethernet behind four bytes"
    case .switchTag, .longSwitchTag: "Ethernet with a switch's tag"
    }
  }
}
