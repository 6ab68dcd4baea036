// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Hosts that reach each other through tunnels: seen on the tunnel's own device, on the one below, and on both.
extension Scenario {
  static let tunnels: [Scenario] = [
    Scenario("VXLAN between two hosts, all interfaces") { overlay($0, nil, hasDuplicates: true) },
    Scenario("VXLAN between two hosts, below the tunnel") { overlay($0, "eth0") },
    Scenario("VXLAN between two hosts, on the tunnel's device") { overlay($0, "vx0") },
    Scenario("packets that segment routing has carried, all interfaces") { routedBySegments($0, nil) },
    Scenario("packets that segment routing has carried, below it") { routedBySegments($0, "eth0") },
  ]

  private static func overlay(_ stage: Stage, _ interface: String?, hasDuplicates: Bool = false) -> Truth {
    let (client, name) = stage.network.pair()
    // What does not fit below the tunnel would come in fragments of the outer packet, which live watches do not join.
    for (host, own, other) in [(client, 1, 2), (name, 2, 1)] {
      Shell.run(
        """
        ip -n \(host) link add vx0 mtu 1450 type vxlan id 7 dstport 4789 local 10.77.0.\(own) remote 10.77.0.\(other)
        ip -n \(host) addr add 10.99.0.\(own)/24 dev vx0; ip -n \(host) link set vx0 up
        """)
    }
    awaitAnswer("10.99.0.2", from: client)
    let server = WebServer(in: name)
    stage.watch(in: name, interface)
    return Truth(
      server, LiveTrafficTests.mixedTraffic(from: client, to: "10.99.0.2"), hasDuplicates: hasDuplicates)
  }

  /// IPv4 in IPv6 both ways, with a segment routing header (RFC 8754) that names the other host's service (End.DX4).
  private static func routedBySegments(_ stage: Stage, _ interface: String?) -> Truth {
    let (client, name) = stage.network.pair()
    for (host, own, other) in [(client, 1, 2), (name, 2, 1)] {
      Shell.run(
        """
        ip netns exec \(host) sysctl -qw net.ipv6.conf.all.seg6_enabled=1 net.ipv6.conf.eth0.seg6_enabled=1 \
        net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
        ip -n \(host) addr add 10.98.0.\(own)/32 dev lo
        ip -n \(host) -6 route add fd98::\(own)/128 encap seg6local action End.DX4 nh4 0.0.0.0 dev eth0
        ip -n \(host) -6 route add fd98::\(other)/128 via fd77::0:\(other) dev eth0
        ip -n \(host) route add 10.98.0.\(other)/32 encap seg6 mode encap segs fd98::\(other) dev eth0 src 10.98.0.\(own)
        """)
    }
    awaitAnswer("10.98.0.2", from: client)
    let server = WebServer(in: name)
    stage.watch(in: name, interface)
    return Truth(server, LiveTrafficTests.mixedTraffic(from: client, to: "10.98.0.2"))
  }

  /// Waits until neighbours know each other: the first packet may be lost before that.
  private static func awaitAnswer(_ address: String, from client: String) {
    Network.run("for n in 1 2 3 4 5 6 7 8 9; do ping -c1 -W1 \(address) && break; done", in: client)
  }
}
