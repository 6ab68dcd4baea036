// SPDX-License-Identifier: Apache-2.0
import PacketBuilder
import Packets
import System
import Testing

/// Headers of tunnels and link layers that carry something else: the HTTP segment after them is not read.
@Suite struct RefusedEnvelopeTests {
  /// An IP packet with a request, and the same in an Ethernet frame.
  static let packet = Packet().payload("GET / HTTP/1.1\r\nHost: h\r\n\r\n").packet
  static let frame = zeros(12) + [0x08, 0x00] + packet

  struct Envelope: Sendable, CustomTestStringConvertible {
    let name: String
    /// The link layer's number in capture files (LINKTYPE_…).
    let link: UInt32
    let verdict: PacketVerdict
    let bytes: [UInt8]
    var testDescription: String { name }

    init(_ name: String, link: UInt32, _ verdict: PacketVerdict, _ bytes: [UInt8]) {
      self.name = name
      self.link = link
      self.verdict = verdict
      self.bytes = bytes
    }

    /// A header and what follows it, in IPv4 by its protocol's number.
    static func ip(_ name: String, _ number: UInt8, _ verdict: PacketVerdict, _ body: [UInt8]) -> Self {
      let length = big16(UInt16(20 + body.count))
      let header = [0x45, 0] + length + [0, 1, 0, 0, 64, number, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2]
      return Self(name, link: 1, verdict, zeros(12) + [0x08, 0x00] + header + body)
    }

    /// The same in UDP to a port, or from one.
    static func udp(_ name: String, _ port: UInt16, _ verdict: PacketVerdict, _ body: [UInt8]) -> Self {
      ip(name, 17, verdict, big16(12_345) + big16(port) + zeros(4) + body)
    }

    static func udp(_ name: String, from port: UInt16, _ verdict: PacketVerdict, _ body: [UInt8]) -> Self {
      ip(name, 17, verdict, big16(port) + big16(12_345) + zeros(4) + body)
    }
  }

  static let tunnels: [Envelope] = [
    .udp("AYIYA with UDP inside", 5072, .other, [0x40, 0x50, 1, 17] + zeros(40) + packet),
    .udp("a control message of L2TP", 1701, .other, [0xc8, 2, 0, 60, 0, 1, 0, 1] + zeros(4) + packet),
    .udp("TZSP of another version", 37_008, .other, [2, 0, 0, 1, 1] + frame),
    .udp("TZSP with another link layer", 37_008, .other, [1, 0, 0, 7, 1] + frame),
    .udp("CAPWAP that is encrypted", 5247, .other, [1, 0x10, 2, 0] + zeros(4) + frame),
    .udp("CAPWAP with a fragment", 5247, .other, [0, 0x10, 2, 0x80] + zeros(4) + frame),
    .udp("VXLAN without a network's number", 4789, .other, zeros(8) + frame),
    .udp("Geneve of another version", 6081, .other, [0x40, 0, 0x08, 0] + zeros(4) + packet),
    .udp("GTP of version 2", 2152, .other, [0x50, 0xff, 0, 60, 0, 0, 0, 1] + packet),
    .udp("GTP's echo", 2152, .other, [0x30, 1, 0, 60, 0, 0, 0, 1] + packet),
    .udp(
      "GTP with an extension of no length", 2152, .malformed,
      [0x34, 0xff, 0, 60, 0, 0, 0, 1, 0, 0, 0, 0x85, 0, 0, 0, 0] + packet),
    .udp("Teredo with IPv4", 3544, .other, packet),
    .udp("Teredo with IPv4, the other way", from: 3544, .other, packet),
    .ip("PPTP without PPP", 47, .other, [0x30, 0x81, 0x08, 0] + zeros(12) + packet),
  ]

  static let links: [Envelope] = [
    Envelope(
      "Prism longer than a page", link: 119, .malformed, [0, 0, 0x20, 0x44, 0, 0, 0x20, 0x44] + frame),
    Envelope(
      "frame relay with an endless address", link: 107, .malformed, [0x18, 0x40, 0x40, 0x40] + packet),
    Envelope("frame relay with another protocol", link: 107, .other, [0x18, 0x41, 3, 0x81] + packet),
    Envelope(
      "frame relay with a bridge's own frame", link: 107, .other,
      [0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 0x0e] + frame),
    Envelope("PKTAP of a short header", link: 258, .other, [107, 0, 0, 0, 1] + zeros(103) + packet),
    Envelope("PKTAP of a long header", link: 258, .other, [0, 0, 1, 0, 1] + zeros(103) + packet),
    Envelope(
      "PKTAP with another link layer", link: 258, .other, [108, 0, 0, 0, 1, 0, 0, 0, 50] + zeros(99) + packet),
    Envelope("Juniper's without its magic number", link: 178, .malformed, [0x4d, 0x47, 0x44, 0] + frame),
    Envelope("ARCNET with a part of a packet", link: 7, .fragment, [1, 2, 212, 3, 0, 1] + packet),
    Envelope("ARCNET with another protocol", link: 7, .other, [1, 2, 213, 0, 0, 1] + packet),
  ]

  @Test(arguments: tunnels + links)
  func `a header that names something else hides the segment after it`(envelope: Envelope) throws {
    let link = try #require(LinkLayer(linkType: envelope.link))
    var decoder = PacketDecoder()
    let verdict = decoder.decode(envelope.bytes.rawSpan, wireLength: envelope.bytes.count, link: link)
    #expect(verdict == envelope.verdict)
  }
}

private func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
private func big16(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
