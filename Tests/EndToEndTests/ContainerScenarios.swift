// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// A host of containers on two bridges, with the rules that Docker and Kubernetes make: what is published is translated
/// to a container, what containers ask is masqueraded, also on the bridge itself.
struct ContainerHost {
  /// Outside, at 10.78.3.2.
  let client: String
  /// 10.78.3.1 outside; 172.31.0.1 and 172.32.0.1 to the containers.
  let host: String
  /// Containers on the first bridge, at 172.31.0.2 and 172.31.0.3, and one on the second, at 172.32.0.2.
  let first: String
  let second: String
  let far: String

  /// - Parameter isBridgeFiltered: whether the rules see what passes the bridge too (br_netfilter), as Kubernetes
  ///   wants it: then the addresses of a packet change between two ports of one bridge.
  init(_ network: Network, isBridgeFiltered: Bool = false) {
    client = network.add("c")
    host = network.add("h")
    (first, second, far) = (network.add("k1"), network.add("k2"), network.add("k3"))
    network.join(client, "eth0", "10.78.3.2/24", host, "outer", "10.78.3.1/24")
    for (bridge, address) in [("br0", "172.31.0.1"), ("br1", "172.32.0.1")] {
      Shell.run(
        """
        ip -n \(host) link add \(bridge) type bridge; ip -n \(host) addr add \(address)/24 dev \(bridge)
        ip -n \(host) link set \(bridge) up
        """)
    }
    plug(network, first, "172.31.0.2", port: "port1", of: "br0")
    plug(network, second, "172.31.0.3", port: "port2", of: "br0")
    plug(network, far, "172.32.0.2", port: "port3", of: "br1")
    if isBridgeFiltered {
      // A rule that asks for ports of bridges loads br_netfilter.
      Shell.run(
        "ip netns exec \(host) iptables -A FORWARD -m physdev --physdev-is-bridged -j ACCEPT",
        mayFail: "it may be a part of the kernel, without such rules")
      Network.run("sysctl -qw net.bridge.bridge-nf-call-iptables=1", in: host)
    }
    translate()
  }

  private func plug(
    _ network: Network, _ container: String, _ address: String, port: String, of bridge: String
  ) {
    network.join(container, "eth0", "\(address)/24", host, port, "0.0.0.0/32")
    Shell.run(
      """
      ip -n \(host) link set \(port) master \(bridge)
      ip -n \(host) link set \(port) type bridge_slave hairpin on
      ip -n \(container) route add default via \(address.prefix { $0 != "." }).\(address.split(separator: ".")[1]).0.1
      """)
  }

  /// Published: 80, 8080 and 9000 of the first container, of its ports 3000, 80 and 9000, and 8081 of the far one; as a node port,
  /// masqueraded, 30080 of the first one; as a cluster address 10.96.0.10.
  private func translate() {
    Network.run(
      """
      sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.route_localnet=1
      ip route add 10.96.0.0/16 dev outer
      nft -f - <<END
      table ip nat {
        chain published {
          ip daddr 10.78.3.1 tcp dport 80 dnat to 172.31.0.2:3000;
          ip daddr { 10.78.3.1, 127.0.0.1 } tcp dport 8080 dnat to 172.31.0.2:80;
          ip daddr 10.78.3.1 tcp dport 9000 dnat to 172.31.0.2:9000;
          ip daddr 10.78.3.1 tcp dport 8081 dnat to 172.32.0.2:80;
          ip daddr 10.78.3.1 tcp dport 30080 meta mark set 0x4000 dnat to 172.31.0.2:80;
          ip daddr 10.96.0.10 tcp dport 80 dnat to 172.31.0.2:3000;
        }
        chain before { type nat hook prerouting priority -100; jump published; }
        chain own { type nat hook output priority -100; jump published; }
        chain after { type nat hook postrouting priority 100;
          meta mark 0x4000 masquerade; ip saddr 127.0.0.1 oifname "br*" masquerade;
          ip saddr 172.31.0.2 ip daddr 172.31.0.2 masquerade;
          ip saddr 172.31.0.0/24 oifname != "br0" masquerade; ip saddr 172.32.0.0/24 oifname != "br1" masquerade; }
      }
      END
      """, in: host)
  }
}

/// Requests to and from containers, watched at their host: each counts once, as the server logged it, whatever addresses
/// its packets have on their way.
extension Scenario {
  static let containers: [Scenario] = [
    Scenario("a container published on the watched port") { stage in
      asked(stage, ContainerHost(stage.network), from: \.client, "10.78.3.1", inside: 3000)
    },
    Scenario("a container published on another port") { stage in
      asked(stage, ContainerHost(stage.network), from: \.client, "10.78.3.1:8080")
    },
    Scenario("a container published on its own port") { stage in
      asked(
        stage, ContainerHost(stage.network), from: \.client, "10.78.3.1:9000", watched: "9000", inside: 9000)
    },
    Scenario("a container that its own host asks by the published port") { stage in
      asked(stage, ContainerHost(stage.network), from: \.host, "10.78.3.1:8080")
    },
    Scenario("a container that asks outside, masqueraded") { stage in
      let containers = ContainerHost(stage.network)
      return asked(stage, containers, from: \.first, "10.78.3.2", by: \.client)
    },
    Scenario("a container that asks its own published port") { stage in
      asked(stage, ContainerHost(stage.network), from: \.first, "10.78.3.1:8080", watched: "80,8080")
    },
    Scenario("a container that asks one on another bridge") { stage in
      asked(stage, ContainerHost(stage.network), from: \.first, "172.32.0.2", by: \.far)
    },
    bridged(
      "a node port, masqueraded and translated on a bridge", from: \.client, "10.78.3.1:30080",
      watched: "80,30080"),
    bridged("a container's own host by loopback, translated on a bridge", from: \.host, "127.0.0.1:8080"),
    bridged("a container's own published port, translated on a bridge", from: \.first, "10.78.3.1:8080"),
    bridged(
      "a cluster address of a neighbour, translated on a bridge", from: \.second, "10.96.0.10",
      watched: "80,3000", inside: 3000),
    bridged(
      "a published port from bridge to bridge, both ports watched", from: \.first, "10.78.3.1:8081",
      watched: "80,8081", by: \.far),
    Scenario("a container on macvlan, from outside, from beside it, and asking outside") { macvlan($0) },
  ]

  /// A scenario whose bridges translate.
  private static func bridged(
    _ name: String, from asker: @escaping @Sendable (ContainerHost) -> String, _ address: String,
    watched: String = "80", by server: @escaping @Sendable (ContainerHost) -> String = { $0.first },
    inside port: Int = 80
  ) -> Scenario {
    Scenario(name) { stage in
      asked(
        stage, ContainerHost(stage.network, isBridgeFiltered: true), from: asker, address, watched: watched,
        by: server, inside: port)
    }
  }

  /// Mixed traffic from one place to an address that leads to a server on its own port; the server's log.
  private static func asked(
    _ stage: Stage, _ containers: ContainerHost, from asker: (ContainerHost) -> String, _ address: String,
    watched: String = "80", by server: (ContainerHost) -> String = { $0.first }, inside port: Int = 80
  ) -> Truth {
    let server = WebServer(in: server(containers), ports: [port])
    stage.watch(in: containers.host, ports: watched, alsoStreams: true)
    return Truth(server, LiveTrafficTests.mixedTraffic(from: asker(containers), to: address))
  }

  /// Two containers whose interfaces stand on the host's own, without a bridge.
  private static func macvlan(_ stage: Stage) -> Truth {
    let network = stage.network
    let client = network.add("c"), host = network.add("h")
    network.join(client, "eth0", "10.78.3.2/24", host, "outer", "10.78.3.1/24")
    let containers = ["10.78.3.4", "10.78.3.5"].map { address in
      let name = network.add("k\(address.suffix(1))")
      Shell.run(
        """
        ip -n \(host) link add link outer name mac0 netns \(name) type macvlan mode bridge
        ip -n \(name) addr add \(address)/24 dev mac0; ip -n \(name) link set mac0 up
        """)
      return name
    }
    let outside = WebServer(in: client), server = WebServer(in: containers[0])
    stage.watch(in: host, alsoStreams: true)
    var sent = LiveTrafficTests.mixedTraffic(from: client, to: "10.78.3.4")
    sent += LiveTrafficTests.mixedTraffic(from: containers[1], to: "10.78.3.4")
    var truth = Truth(server, sent)
    let other = Truth(outside, LiveTrafficTests.mixedTraffic(from: containers[0], to: "10.78.3.2"))
    truth.requests += other.requests
    truth.statuses?.merge(other.statuses ?? [:], uniquingKeysWith: +)
    truth.methods?.merge(other.methods ?? [:], uniquingKeysWith: +)
    return truth
  }
}
