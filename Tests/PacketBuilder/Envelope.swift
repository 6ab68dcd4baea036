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
    add("GRE in UDP", udp: 4754, [0, 0], type, packet)
    add("L2TP", udp: 1701, [0, 2, 0, 1, 0, 1], ppp)
    let long: [UInt8] = [0x4a, 2, 0, 60, 0, 1, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0]
    add("L2TP with all its fields", udp: 12_345, from: 1701, long, ppp)
    let ayiya: [UInt8] = [0x40, 0x50, 1, isIPv4 ? 4 : 41]
    add("AYIYA", udp: 5072, ayiya, zeros(40), packet)
    add("AYIYA, the other way", udp: 12_345, from: 5072, ayiya, zeros(40), packet)
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
    add("NSH", mac, [0x89, 0x4f, 0, 2, 0, 1, 0, 0, 0, 0], packet)
    add("NSH with Ethernet", mac, [0x89, 0x4f, 0, 2, 0, 3, 0, 0, 0, 0], frame)
    add("Ethernet in Ethernet", mac, [0x65, 0x58], frame)
    add("802.1ah", mac, [0x88, 0xe7], zeros(4), frame)
    add("a bridge's tag", mac, [0x89, 0x26], zeros(4), type, packet)
    add("SNAP", mac, [0, 60], snap)
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
  }
}

private func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
