// SPDX-License-Identifier: Apache-2.0

/// A packet inside of something else: a tunnel in an Ethernet frame, or another link layer.
package struct Envelope: Sendable {
  package var name: String
  /// The link layer's number in capture files (LINKTYPE_…).
  package var linkType: UInt32
  package var bytes: [UInt8]

  /// All tunnels and link layers that are read, around an IP packet.
  package static func all(around packet: [UInt8]) -> [Envelope] {
    var maker = EnvelopeMaker(packet)
    maker.addGRE()
    maker.addUDP()
    maker.addFrames()
    maker.addLinks()
    return maker.all
  }
}

/// Puts envelopes together out of parts.
private struct EnvelopeMaker {
  var all: [Envelope] = []
  let packet: [UInt8]
  let isIPv4: Bool
  let type: [UInt8]
  /// The packet in a frame, behind PPP's and behind SNAP's header.
  let frame: [UInt8]
  let ppp: [UInt8]
  let snap: [UInt8]
  let wireless: [UInt8]

  init(_ packet: [UInt8]) {
    self.packet = packet
    isIPv4 = packet[0] >> 4 == 4
    type = isIPv4 ? [0x08, 0x00] : [0x86, 0xdd]
    frame = Self.join(zeros(12), type, packet)
    ppp = Self.join([0xff, 3, 0, isIPv4 ? 0x21 : 0x57], packet)
    snap = Self.join([0xaa, 0xaa, 3, 0, 0, 0], type, packet)
    wireless = Self.join([8, 0], zeros(22), snap)
  }

  static func join(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }

  mutating func add(_ name: String, _ parts: [UInt8]..., link: UInt32 = 1) {
    all.append(Envelope(name: name, linkType: link, bytes: Array(parts.joined())))
  }

  /// An Ethernet frame with an IPv4 packet of this protocol.
  mutating func add(_ name: String, ip transport: UInt8, _ parts: [UInt8]...) {
    let body = Array(parts.joined())
    let first: [UInt8] = [0x08, 0x00, 0x45, 0]
    let rest: [UInt8] = [0, 1, 0, 0, 64, transport, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2]
    add(name, zeros(12), first, big16(UInt16(20 + body.count)), rest, body)
  }

  mutating func add(_ name: String, udp port: UInt16, from source: UInt16 = 12_345, _ parts: [UInt8]...) {
    add(name, ip: 17, big16(source), big16(port), [0, 0, 0, 0], Array(parts.joined()))
  }

  mutating func addGRE() {
    add("IP in IP", ip: isIPv4 ? 4 : 41, packet)
    add("MPLS in IP", ip: 137, [0, 0, 1, 64], packet)
    add("an authentication header", ip: 51, [isIPv4 ? 4 : 41, 4], zeros(22), packet)
    add("EtherIP", ip: 97, [0x30, 0], frame)
    add("Ethernet in IP", ip: 143, frame)
    add("EoIP", ip: 47, [0x20, 1, 0x64, 0, 0, 60, 1, 0], frame)
    add("WCCP", ip: 47, [0, 0, 0x88, 0x3e], zeros(4), packet)
    add("GRE", ip: 47, [0, 0], type, packet)
    add("GRE with all its fields", ip: 47, [0xb0, 0], type, zeros(12), packet)
    add("GRE with PPP", ip: 47, [0x10, 0, 0x88, 0x0b], zeros(4), ppp)
    add("PPTP", ip: 47, [0x30, 0x81, 0x88, 0x0b], zeros(12), ppp)
    add("ERSPAN I", ip: 47, [0, 0, 0x88, 0xbe], frame)
    add("ERSPAN II", ip: 47, [0x10, 0, 0x88, 0xbe], zeros(12), frame)
    add("ERSPAN III", ip: 47, [0, 0, 0x22, 0xeb], zeros(12), frame)
    add("ERSPAN III with a subheader", ip: 47, [0, 0, 0x22, 0xeb], zeros(11), [1], zeros(8), frame)
    add("Aruba's GRE", ip: 47, [0, 0, 0x90, 0x00], wireless)
  }

  mutating func addUDP() {
    add("VXLAN", udp: 4789, [8, 0, 0, 0, 0, 0, 1, 0], frame)
    add("VXLAN-GPE", udp: 4790, [12, 0, 0, 1, 0, 0, 1, 0], packet)
    add("VXLAN-GPE with NSH", udp: 4790, [12, 0, 0, 4, 0, 0, 1, 0], [0, 2, 0, 1, 0, 0, 0, 0], packet)
    add("VXLAN-GPE with Ethernet", udp: 4790, [12, 0, 0, 3, 0, 0, 1, 0], frame)
    add("Geneve", udp: 6081, [1, 0], type, zeros(8), packet)
    let extended: [UInt8] = [0x34, 0xff, 0, 60, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 0, 0]
    add("GTP", udp: 2152, [0x30, 0xff, 0, 60, 0, 0, 0, 1], packet)
    add("GTP with an extension", udp: 2152, extended, packet)
    add("GTP, the other way", udp: 12_345, from: 2152, extended, packet)
    add("MPLS in UDP", udp: 6635, [0, 0, 1, 64], packet)
    add("VXLAN, the other way", udp: 12_345, from: 4789, [8, 0, 0, 0, 0, 0, 1, 0], frame)
    add("Geneve, the other way", udp: 12_345, from: 6081, [0, 0], type, zeros(4), packet)
    add("GRE in UDP", udp: 4754, [0, 0], type, packet)
    add("L2TP", udp: 1701, [0, 2, 0, 1, 0, 1], ppp)
    let long: [UInt8] = [0x4a, 2, 0, 60, 0, 1, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0]
    add("L2TP with all its fields", udp: 12_345, from: 1701, long, ppp)
    add("L2TP with padding", udp: 1701, [2, 2, 0, 1, 0, 1, 0, 3, 9, 9, 9], ppp)
    add("L2TP with a length and padding", udp: 1701, [0x42, 2, 0, 60, 0, 1, 0, 1, 0, 0], ppp)
    add("L2TP with numbers and padding", udp: 1701, [0x0a, 2, 0, 1, 0, 1, 0, 8, 0, 8, 0, 1, 9], ppp)
    let ayiya: [UInt8] = [0x40, 0x50, 1, isIPv4 ? 4 : 41]
    add("AYIYA", udp: 5072, ayiya, zeros(40), packet)
    add("AYIYA, the other way", udp: 12_345, from: 5072, ayiya, zeros(40), packet)
    let fields: [UInt8] = [10, 1, 200, 0, 11, 1, 6, 1]
    add("TZSP", udp: 37_008, [1, 0, 0, 1], fields, frame)
    add("TZSP with 802.11", udp: 37_008, [1, 0, 0, 18, 1], wireless)
    add("LISP", udp: 4341, zeros(8), packet)
    add("CAPWAP", udp: 12_345, from: 5247, [0, 0x10, 3, 0], zeros(4), wireless)
    add("CAPWAP, Cisco's way", udp: 5247, [0, 0x10, 3, 0], zeros(4), [1, 8], Array(wireless.dropFirst(2)))
    add("CAPWAP with Ethernet", udp: 5247, [0, 0x10, 2, 0], zeros(4), frame)
    if !isIPv4 {
      add("Teredo", udp: 3544, packet)
      add("Teredo, the other way", udp: 12_345, from: 3544, packet)
    }
  }

  mutating func addFrames() {
    let mac = zeros(12), session: [UInt8] = [0x88, 0x64, 0x11, 0, 0, 1, 0, 60]
    add("MPLS", mac, [0x88, 0x47, 0, 0, 0, 64, 0, 0, 1, 64], packet)
    add("a pseudo-wire", mac, [0x88, 0x47, 0, 0, 1, 64], zeros(4), frame)
    add(
      "a pseudo-wire without a control word", mac, [0x88, 0x47, 0, 0, 1, 64, 0xfe], Array(frame.dropFirst()))
    add("PPPoE", mac, session, Array(ppp.dropFirst(2)))
    add("PPPoE with a short field", mac, session, Array(ppp.dropFirst(3)))
    add("PPPoE with MPLS", mac, session, [2, 0x81, 0, 0, 1, 64], packet)
    let tag: [UInt8] = [0x81, 0, 0, 5], tags: [UInt8] = [0x88, 0xa8, 0, 6] + tag
    for (name, tags) in [("a VLAN", tag), ("two VLANs", tags)] {
      add("PPPoE in \(name)", mac, tags, session, Array(ppp.dropFirst(2)))
      add("MPLS in \(name)", mac, tags, [0x88, 0x47, 0, 0, 1, 64], packet)
    }
    add("NSH", mac, [0x89, 0x4f, 0, 2, 0, 1, 0, 0, 0, 0], packet)
    add("NSH with Ethernet", mac, [0x89, 0x4f, 0, 2, 0, 3, 0, 0, 0, 0], frame)
    add("Ethernet in Ethernet", mac, [0x65, 0x58], frame)
    add("802.1ah", mac, [0x88, 0xe7], zeros(4), frame)
    add("a bridge's tag", mac, [0x89, 0x26], zeros(4), type, packet)
    add("SNAP", mac, [0, 60], snap)
    addTags(mac)
  }

  private mutating func addTags(_ mac: [UInt8]) {
    add("IP's own number in LLC", mac, [0, 60, 6, 6, 3], packet)
    add("802.1BR", mac, [0x89, 0x3f], zeros(6), type, packet)
    add("Cisco's metadata", mac, [0x89, 0x09, 1, 1, 0, 1, 0, 2], type, packet)
    add("HSR", mac, [0x89, 0x2f], zeros(4), type, packet)
    add("802.1AE without encryption", mac, [0x88, 0xe5], zeros(6), type, packet, zeros(16))
    add("802.1AE with its channel", mac, [0x88, 0xe5, 0x20], zeros(13), type, packet, zeros(16))
    add("TRILL", mac, [0x22, 0xf3, 0, 0x7f, 0, 1, 0, 2, 0, 0, 0, 0], frame)
    add("FabricPath", mac, [0x89, 0x03, 0, 0x60], frame)
    add(
      "ISL", [1, 0, 0x0c, 0, 0, 0], zeros(6), [0, 60, 0xaa, 0xaa, 3, 0, 0, 0x0c, 0, 2, 0, 0, 0, 0], frame)
  }

  mutating func addLinks() {
    add("BSD loopback", [2, 0, 0, 0], packet, link: 0)
    add("raw IP", packet, link: 12)
    add("Linux cooked", zeros(14), type, packet, link: 113)
    add("Linux cooked v2", type, zeros(18), packet, link: 276)
    add("PPP", ppp, link: 9)
    add("HDLC", [0x0f, 0], type, packet, link: 104)
    add("802.11", wireless, link: 105)
    add("802.11 with four addresses and QoS", [0x88, 3], zeros(30), snap, link: 105)
    add("radiotap", [0, 0, 8, 0, 0, 0, 0, 0], wireless, link: 127)
    add("PPI", [0, 0, 8, 0, 0, 0, 0, 0], wireless, link: 192)
    add("NFLOG", [2, 0, 0, 0, 8, 0, 1, 0, 0, 0, 0, 0, 8, 0, 9, 0], packet, link: 239)
    add("Token Ring", zeros(14), snap, link: 6)
    add("Token Ring with a route", zeros(8), [0x80], zeros(5), [2, 0], snap, link: 6)
    add("ARCNET, RFC 1051", [1, 2, 240], packet, link: 7)
    add("ARCNET, RFC 1201", [1, 2, 212, 0, 0, 1], packet, link: 7)
    add("ARCNET, an exception frame", [1, 2, 212, 0xff, 0xff, 0xff, 212, 0, 0, 1], packet, link: 7)
    add("ARCNET of Linux", [1, 2, 0, 0, 240], packet, link: 129)
    add("FDDI", zeros(13), snap, link: 10)
    add("PPPoE alone", [0x11, 0, 0, 1, 0, 60], Array(ppp.dropFirst(2)), link: 51)
    add("LLC", snap, link: 100)
    add("PFLOG", [5, 2, 0, 0, 0, 0, 0, 0], packet, link: 117)
    add("Prism", [0, 0, 0, 0x44, 0, 0, 0, 8], wireless, link: 119)
    add("AVS", [0x80, 0x21, 0x10, 1, 0, 0, 0, 8], wireless, link: 163)
    add("MPLS alone", [0, 0, 1, 64], packet, link: 219)
    addVendors()
  }

  private mutating func addVendors() {
    let number: UInt8 = isIPv4 ? 0xcc : 0x8e
    add("frame relay", [0x18, 0x41, 3, number], packet, link: 107)
    add("frame relay, filled up", [0x18, 0x40, 0x41, 3, 0, number], packet, link: 107)
    add("frame relay with SNAP", [0x18, 0x41, 3, 0, 0x80, 0, 0, 0], type, packet, link: 107)
    add("frame relay with Ethernet", [0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7], frame, link: 107)
    add("frame relay, Cisco's way", [0x18, 0x41], type, packet, link: 107)
    add("frame relay with its direction", [0, 0x18, 0x41, 3, number], packet, link: 206)
    add("PPP with its direction", [0], ppp, link: 204)
    add("PPP of pppd", [1], ppp, link: 166)
    add("HDLC with its direction", [1, 0x0f, 0], type, packet, link: 205)
    for (inner, part) in [(0, [2, 0, 0, 0] + packet), (1, frame), (9, ppp), (12, packet)] {
      let tap: [UInt8] = [108, 0, 0, 0, 1, 0, 0, 0, UInt8(inner), 0, 0, 0]
      add("PKTAP, \(inner)", tap, zeros(96), part, link: inner == 1 ? 149 : 258)
    }
    let magic: [UInt8] = [0x4d, 0x47, 0x43]
    add("Juniper", magic, [0], frame, link: 178)
    add("Juniper with fields", magic, [0x80, 0, 3, 1, 1, 1], frame, link: 178)
    add("Juniper without a frame", magic, [2, 2, 0, 0, 0], packet, link: 178)
    add("Juniper's PPP", magic, [1], ppp, link: 179)
    add("Juniper's HDLC", magic, [1, 0x0f, 0], type, packet, link: 181)
    add("Juniper's frame relay", magic, [1, 0x18, 0x41, 3, number], packet, link: 180)
    add("ENC", [2, 0, 0, 0], zeros(8), packet, link: 109)
    add("IPNET", zeros(24), packet, link: 226)
    add("IP over FireWire", zeros(16), type, packet, link: 138)
    add("IP over InfiniBand", zeros(40), type, zeros(2), packet, link: 242)
    add("HDLC as PPP", [0x8f, 0], type, packet, link: 9)
    add("SunATM", [2, 0, 0, 100], snap, link: 123)
    add("SunATM with LAN emulation", [1, 0, 0, 100, 0, 1], frame, link: 123)
    add("netANALYZER", zeros(4), frame, link: 240)
    add("Broadcom's tag in front", zeros(4), frame, link: 282)
    add("Broadcom's tag", zeros(16), type, packet, link: 281)
    add("a switch's tag", zeros(16), type, packet, link: 284)
    add("a switch's long tag", zeros(12), [0xda, 0xda, 0, 0, 0x40, 0, 0, 0], type, packet, link: 285)
  }
}

private func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
