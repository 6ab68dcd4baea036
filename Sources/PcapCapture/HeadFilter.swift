// SPDX-License-Identifier: Apache-2.0

package import Capture
import HTTP1
import QUIC
import TLSRecords
package import Packets

/// The classic filter that makes the payload test in the kernel when eBPF is unavailable: libpcap's
/// expression for it.
///
/// Classic BPF has no memory, so it cannot know which segment continues a head. It passes every
/// segment with payload to a watched port (a client's heads, their continuations, uploads) and, from a
/// watched port, only what begins with three capital letters (or hyphens) or an end of line (`HTTP/`, and the requests
/// of those who call from such a port) or is too short to tell; besides, each SYN, FIN and RST, which begin and end
/// connections. What the classic filter cannot look into (IPv6 extension headers, tunnels, fragments) passes too. The program then
/// applies the same rules as the kernel's filter to what came.
package enum HeadFilter {
  /// The expression for packets of this link layer.
  ///
  /// Ethernet has up to two VLAN tags in the data. A cooked packet's offsets cannot be moved past a
  /// tag, so that there every tagged one passes.
  package static func expression(
    ports: PortSet, helloPorts: PortSet? = nil, depth: CaptureDepth, link: LinkLayer,
    direction: CaptureDirection = .both
  ) -> String {
    let test =
      (depth == .heads ? heads(ports) : streams(ports)) + (helloPorts.map { " or \(hellos($0))" } ?? "")
      + " or \(tunnels) or \(laterFragments)"
    let all: String
    switch link {
    // Each "vlan" moves the offsets of all that follows it, so the nesting counts.
    case .ethernet:
      let plain = "(\(test)) or \(announced)"
      // What has a third tag passes.
      all = "\(plain) or (vlan and (\(plain) or (vlan and (\(plain) or vlan))))"
    case .cooked, .cooked2:
      all =
        "(\(test)) or \(announced) or ether proto \(EtherType.vlan) or ether proto \(EtherType.serviceVLAN) or \(taggedInData)"
    default: all = test
    }
    // In the filter, and not by pcap_setdirection: loopback (index 1 in every namespace) shows each
    // packet once, as coming in, and it is as much going out.
    switch direction {
    case .both: return all
    case .inbound: return "inbound and (\(all))"
    case .outbound: return "(outbound or ifindex 1) and (\(all))"
    }
  }

  /// The same as libpcap sees it when it filters once more by itself, which it does with the first
  /// packets of a capture: there the type is the one behind the tag that is still in the data.
  private static var taggedInData: String {
    "(ip[2:2] = \(EtherType.ipv4)) or (ip6[2:2] = \(EtherType.ipv6))"
  }

  private static func heads(_ ports: PortSet) -> String {
    let size4 = "(ip[2:2] - ((ip[0] & 0x0f) << 2) - ((tcp[12] & 0xf0) >> 2))"
    let size6 = "(ip6[4:2] - ((ip6[52] & 0xf0) >> 2))"
    let begins4 = begins { "tcp[((tcp[12] & 0xf0) >> 2) + \($0):\($1)]" }
    let begins6 = begins { "ip6[40 + ((ip6[52] & 0xf0) >> 2) + \($0):\($1)]" }
    // SYN, FIN or RST: byte 13 of the TCP header.
    let control4 = "(tcp[13] & 0x07) != 0", control6 = "(ip6[53] & 0x07) != 0"
    let to = portTest("dst", ports), from = portTest("src", ports)
    // A length of 0 in the IP header is a super-segment; its size is unavailable here.
    let v4 =
      "(\(to) and (\(size4) != 0 or ip[2:2] = 0 or \(control4)))"
      + " or (\(from) and ((\(size4) > 0 and \(size4) < 13) or \(begins4) or \(control4)))"
    let v6 =
      "(\(to) and (\(size6) != 0 or ip6[4:2] = 0 or \(control6)))"
      + " or (\(from) and ((\(size6) > 0 and \(size6) < 13) or \(begins6) or \(control6)))"
    let tcp = IPProtocol.tcp
    return "(ip proto \(tcp) and (ip[6:2] & \(IPv4Fragment.offset) = 0) and (\(v4)))"
      + " or (ip6[6] = \(tcp) and (\(v6))) or (\(extensions))"
  }

  /// What a client says first on a port of TLS: a record of the handshake, and in it a ClientHello.
  private static func hellos(_ ports: PortSet) -> String {
    let payload4 = "((tcp[12] & 0xf0) >> 2)", payload6 = "40 + ((ip6[52] & 0xf0) >> 2)"
    let record = UInt16(ContentType.handshake) << 8 | 3, hello = HandshakeType.clientHello
    let v4 = "tcp[\(payload4):2] = \(record) and tcp[\(payload4) + \(RecordHeader.length)] = \(hello)"
    let v6 = "ip6[\(payload6):2] = \(record) and ip6[\(payload6) + \(RecordHeader.length)] = \(hello)"
    let to = portTest("dst", ports), tcp = IPProtocol.tcp
    return "(ip proto \(tcp) and (ip[6:2] & \(IPv4Fragment.offset) = 0) and \(to) and \(v4))"
      + " or (ip6[6] = \(tcp) and \(to) and \(v6)) or \(initials(ports))"
  }

  /// The same of QUIC: the first byte and the version of an Initial packet.
  private static func initials(_ ports: PortSet) -> String {
    func test(_ at: (Int, Int) -> String) -> String {
      InitialPacket.beginnings.map { beginning in
        "((\(at(0, 1)) & 0xf0) = \(beginning.first) and \(at(1, 4)) = \(beginning.version))"
      }.joined(separator: " or ")
    }
    let to = portTest("dst", ports), udp = IPProtocol.udp
    return
      "(ip proto \(udp) and (ip[6:2] & \(IPv4Fragment.offset) = 0) and \(to) and (\(test { "udp[\(8 + $0):\($1)]" })))"
      + " or (ip6[6] = \(udp) and \(to) and (\(test { "ip6[\(48 + $0):\($1)]" })))"
  }

  /// The test of a payload's first bytes, which `at` names by offset and count.
  private static func begins(_ at: (Int, Int) -> String) -> String {
    func isCapital(_ offset: Int) -> String {
      "(\(at(offset, 1)) - \(UInt8(ascii: "A"))) <= \(UInt8(ascii: "Z") - UInt8(ascii: "A"))"
    }
    func isByte(_ offset: Int, _ byte: UInt8) -> String { "\(at(offset, 1)) = \(byte)" }
    let name = (1...2).map { "(\(isCapital($0)) or \(isByte($0, UInt8(ascii: "-"))))" }
    let capitals = ([isCapital(0)] + name).joined(separator: " and ")
    let lineEnd = "\(isByte(0, UInt8(ascii: "\r"))) or \(isByte(0, UInt8(ascii: "\n")))"
    return "(\(at(0, 4)) = \(WireWord.http) or (\(capitals)) or \(lineEnd))"
  }

  private static func streams(_ ports: PortSet) -> String {
    "(tcp and (\(portTest("", ports)))) or (\(extensions))"
  }

  /// IPv6 headers after which TCP may stand.
  private static var extensions: String {
    [
      IPProtocol.hopByHop, IPProtocol.routing, IPProtocol.fragment, IPProtocol.authentication,
      IPProtocol.destinationOptions,
    ]
    .map { "ip6[6] = \($0)" }.joined(separator: " or ")
  }

  /// Packets that may have others inside, by what IP says of them: all of them pass, since what is in them is beyond
  /// this language.
  private static var tunnels: String {
    let protocols = PacketDecoder.tunnelProtocols.map { "(ip proto \($0)) or (ip6[6] = \($0))" }
    let ports = PacketDecoder.tunnelPorts.map { "(udp port \($0))" }
    return (protocols + ports).joined(separator: " or ")
  }

  /// Later fragments of IPv4, whose ports the first one has: of what passes if it is whole. Those of IPv6 have an
  /// extension header.
  private static var laterFragments: String {
    "((ip[6:2] & \(IPv4Fragment.offset)) != 0 and (ip proto \(IPProtocol.tcp) or ip proto \(IPProtocol.udp)))"
  }

  /// The same by the link layer's type: MPLS and PPPoE.
  private static var announced: String {
    "(ether proto \(EtherType.mpls)) or (ether proto \(EtherType.pppoe))"
  }

  private static func portTest(_ side: String, _ ports: PortSet) -> String {
    let tests = ports.ranges.map { range in
      range.count == 1
        ? "\(side) port \(range.lowerBound)" : "\(side) portrange \(range.lowerBound)-\(range.upperBound)"
    }
    return "(" + tests.joined(separator: " or ") + ")"
  }
}
