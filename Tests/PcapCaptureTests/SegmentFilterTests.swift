// SPDX-License-Identifier: Apache-2.0
import Capture
import PacketBuilder
import Packets
import System
import Testing

@testable import PcapCapture

@Suite struct SegmentFilterTests {
  /// From 10.0.0.1:40000 to 10.0.0.2:80, or from the builder's IPv6 addresses.
  private static func segment(of packet: [UInt8], linkType: UInt32 = 101) throws -> Segment {
    var intake = PacketIntake(ports: .http, depth: .streams)
    let link = try #require(LinkLayer(linkType: linkType))
    let isSegment = intake.read(packet.rawSpan, wireLength: packet.count, link: link, time: 1)
    try #require(isSegment)
    return intake.segment
  }

  private static let four = Packet().payload("GET / HTTP/1.1\r\n\r\n")

  @Test(
    arguments: [
      ("host 10.0.0.1", true), ("host 10.0.0.3", false), ("src host 10.0.0.1", true),
      ("dst host 10.0.0.1", false), ("net 10.0.0.0/8", true), ("not net 10.0.0.0/8", false),
      ("port 80", true), ("dst port 80 and src port 40000", true), ("src port 80", false),
      ("portrange 39000-41000", true), ("tcp", true), ("udp", false), ("ip", true), ("ip6", false),
      ("ip proto 6", true), ("host 10.0.0.2 and not (port 40000 or port 8080)", false),
      ("host ::1 or host 10.0.0.2", true), ("tcp port 80 and net 10.0.0.0 mask 255.255.255.0", true),
    ])
  func `an expression is about the ends of a segment`(expression: String, passes: Bool) throws {
    let filter = try SegmentFilter(expression)
    #expect(filter.passes(try Self.segment(of: Self.four.packet)) == passes)
    #expect(filter.expression == expression)
  }

  /// Without bodies of tags, tunnels and options libpcap's own answer is about the same packet.
  @Test func `libpcap has the same answer for a plain packet`() throws {
    let packets = [Self.four, Self.four.reversed(), Self.four.ipv6(), Self.four.ipv6().reversed()]
    var compared = 0
    for expression in [
      "host 10.0.0.1", "src host 10.0.0.1", "dst net 10.0.0.0/30", "src port 80", "dst portrange 1-100",
      "ip", "ip6", "tcp", "src host fd00::1", "src net fd00::/8 or ip", "net 0.0.0.0/1", "ip6 multicast",
      "not host 10.0.0.2 and port 80",
    ] {
      let filter = try SegmentFilter(expression)
      let libpcap = try CompiledFilter(expression, linkType: 12)
      for packet in packets {
        compared += 1
        let answer = filter.passes(try Self.segment(of: packet.packet))
        #expect(answer == libpcap.matches(packet.packet), "\(expression): \(packet)")
      }
    }
    #expect(compared == 52)
  }

  @Test(arguments: [false, true])
  func `tags, tunnels and link layers change no answer`(isSix: Bool) throws {
    let packet = (isSix ? Self.four.ipv6() : Self.four).packet
    let source = try Self.segment(of: packet).source
    let wanted = try SegmentFilter(isSix ? "ip6 and port 80" : "src host 10.0.0.1 and dst port 80")
    let unwanted = try SegmentFilter(isSix ? "ip or not port 80" : "dst host 10.0.0.1 or src port 80")
    var count = 0
    for envelope in Envelope.all(around: packet) {
      count += 1
      let segment = try Self.segment(of: envelope.bytes, linkType: envelope.linkType)
      #expect(segment.source == source, "\(envelope.name)")
      #expect(wanted.passes(segment) && !unwanted.passes(segment), "\(envelope.name)")
    }
    #expect(count > 20)
  }

  @Test(
    arguments: [
      "tcp[13] = 2", "ip[8] < 5", "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420", "greater 100", "len > 5",
      "inbound", "ifindex 1", "geneve",
    ])
  func `an expression about anything else is refused`(expression: String) {
    let error = #expect(throws: SegmentFilterError.self) { try SegmentFilter(expression) }
    #expect(
      error?.message
        == "--filter '\(expression)' looks at more than hosts, networks, ports and protocols, which choose whole connections"
    )
    #expect(error?.hint.contains("--filter 'host 10.0.0.1 and not port 8080'") == true)
  }

  @Test(
    arguments: [
      ("foo bar", "syntax error"), ("vlan 5", "VLAN"), ("ether host 1:2:3:4:5:6", "ethernet"),
      ("arp", "rejects all packets"), ("host 10.0.0.1 and", "syntax error"),
    ])
  func `what libpcap cannot compile is refused in its words`(expression: String, words: String) {
    let error = #expect(throws: SegmentFilterError.self) { try SegmentFilter(expression) }
    #expect(error?.message.hasPrefix("--filter '\(expression)': libpcap cannot compile") == true)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test(arguments: ["", "  "]) func `an empty expression is refused`(expression: String) {
    let error = #expect(throws: SegmentFilterError.self) { try SegmentFilter(expression) }
    #expect(error?.message == "--filter needs an expression")
  }
}
