// SPDX-License-Identifier: Apache-2.0

/// The numbers of link layers in capture files and in libpcap (tcpdump.org/linktypes.html); several stand for
/// another one that only some system used.
package enum LinkType {
  static var null: UInt32 { 0 }
  static var ethernet: UInt32 { 1 }
  static var tokenRing: UInt32 { 6 }
  static var arcnetBSD: UInt32 { 7 }
  static var ppp: UInt32 { 9 }
  static var fddi: UInt32 { 10 }
  /// DLT_RAW on Linux, on OpenBSD, and the number for files.
  static var rawLinux: UInt32 { 12 }
  static var rawOpenBSD: UInt32 { 14 }
  static var raw: UInt32 { 101 }
  static var pppHDLC: UInt32 { 50 }
  static var pppEther: UInt32 { 51 }
  static var atmRFC1483: UInt32 { 100 }
  static var cHDLC: UInt32 { 104 }
  static var ieee80211: UInt32 { 105 }
  static var frameRelay: UInt32 { 107 }
  static var loop: UInt32 { 108 }
  static var enc: UInt32 { 109 }
  static var linuxSLL: UInt32 { 113 }
  static var pflog: UInt32 { 117 }
  static var ieee80211Prism: UInt32 { 119 }
  static var sunATM: UInt32 { 123 }
  static var ieee80211Radiotap: UInt32 { 127 }
  static var arcnetLinux: UInt32 { 129 }
  static var appleIPOverIEEE1394: UInt32 { 138 }
  /// DLT_USER2, which Apple uses for its packet tap, and the number that the tap has in files.
  static var user2: UInt32 { 149 }
  static var pktap: UInt32 { 258 }
  static var ieee80211AVS: UInt32 { 163 }
  static var pppPPPD: UInt32 { 166 }
  static var juniperEther: UInt32 { 178 }
  static var juniperPPP: UInt32 { 179 }
  static var juniperFrameRelay: UInt32 { 180 }
  static var juniperCHDLC: UInt32 { 181 }
  static var ppi: UInt32 { 192 }
  static var pppWithDirection: UInt32 { 204 }
  static var cHDLCWithDirection: UInt32 { 205 }
  static var frameRelayWithDirection: UInt32 { 206 }
  static var mpls: UInt32 { 219 }
  static var ipnet: UInt32 { 226 }
  static var ipv4: UInt32 { 228 }
  static var ipv6: UInt32 { 229 }
  static var nflog: UInt32 { 239 }
  static var netAnalyzer: UInt32 { 240 }
  static var ipOverInfiniBand: UInt32 { 242 }
  /// Linux's cooked one, version 2, which names the interface.
  package static var linuxSLL2: UInt32 { 276 }
  static var dsaTagBroadcom: UInt32 { 281 }
  static var dsaTagBroadcomPrepended: UInt32 { 282 }
  static var dsaTagDSA: UInt32 { 284 }
  static var dsaTagEDSA: UInt32 { 285 }
}
