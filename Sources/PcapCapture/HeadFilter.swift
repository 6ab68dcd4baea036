// SPDX-License-Identifier: Apache-2.0

package import Capture

/// The classic filter that makes the payload test in the kernel when eBPF is not to be had: libpcap's
/// expression for it.
///
/// Classic BPF has no memory, so it cannot know which segment continues a head. It passes every
/// segment with payload to a watched port (a client's heads, their continuations, uploads) and, from a
/// watched port, only what begins with `HTTP/` or is too short to tell. What the classic filter cannot
/// look into (IPv6 extension headers) passes too. The program then applies the same rules as the
/// kernel's filter to what came.
package enum HeadFilter {
  /// The expression for these ports and this depth; `tagged` adds up to two VLAN tags in the data, which
  /// only Ethernet has.
  package static func expression(ports: PortSet, depth: CaptureDepth, tagged: Bool) -> String {
    let test = depth == .heads ? heads(ports) : streams(ports)
    guard tagged else { return test }
    // Each "vlan" moves the offsets of all that follows it, so the nesting counts.
    return "(\(test)) or (vlan and ((\(test)) or (vlan and (\(test)))))"
  }

  private static func heads(_ ports: PortSet) -> String {
    let data4 = "tcp[((tcp[12] & 0xf0) >> 2):4]"
    let size4 = "(ip[2:2] - ((ip[0] & 0x0f) << 2) - ((tcp[12] & 0xf0) >> 2))"
    let size6 = "(ip6[4:2] - ((ip6[52] & 0xf0) >> 2))"
    let data6 = "ip6[(40 + ((ip6[52] & 0xf0) >> 2)):4]"
    let to = portTest("dst", ports), from = portTest("src", ports)
    // A length of 0 in the IP header is a super-segment; its size is not to be had here.
    let v4 =
      "(\(to) and (\(size4) != 0 or ip[2:2] = 0))"
      + " or (\(from) and ((\(size4) > 0 and \(size4) < 13) or \(data4) = 0x48545450))"
    let v6 =
      "(\(to) and (\(size6) != 0 or ip6[4:2] = 0))"
      + " or (\(from) and ((\(size6) > 0 and \(size6) < 13) or \(data6) = 0x48545450))"
    return "(ip proto 6 and (ip[6:2] & 0x1fff = 0) and (\(v4))) or (ip6[6] = 6 and (\(v6)))"
      + " or (\(extensions))"
  }

  private static func streams(_ ports: PortSet) -> String {
    "(tcp and (\(portTest("", ports)))) or (\(extensions))"
  }

  /// IPv6 headers behind which TCP may stand.
  private static var extensions: String {
    [0, 43, 44, 51, 60, 135].map { "ip6[6] = \($0)" }.joined(separator: " or ")
  }

  private static func portTest(_ side: String, _ ports: PortSet) -> String {
    let tests = ports.ranges.map { range in
      range.count == 1
        ? "\(side) port \(range.lowerBound)" : "\(side) portrange \(range.lowerBound)-\(range.upperBound)"
    }
    return "(" + tests.joined(separator: " or ") + ")"
  }
}
