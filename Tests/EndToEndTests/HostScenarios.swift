// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Hosts that serve, seen from themselves.
extension Scenario {
  static let hosts: [Scenario] = [
    Scenario("a host, IPv4, one interface") { onHost($0, "10.77.0.2", interface: "eth0") },
    Scenario("a host, IPv6, one interface") { onHost($0, "[fd77::2]", interface: "eth0") },
    Scenario("a host, IPv4, all interfaces") { onHost($0, "10.77.0.2") },
    Scenario("a host at depth streams") { onHost($0, "10.77.0.2", ["--depth", "streams"]) },
    Scenario("a host with three workers") { onHost($0, "10.77.0.2", ["--workers", "3"]) },
    Scenario("a host, incoming only, loopback counts too") { stage in
      let name = stage.network.add("l")
      return served(stage, from: name, by: name, "127.0.0.1", direction: "in")
    },
    Scenario("loopback, all interfaces") { stage in
      let name = stage.network.add("l")
      return served(stage, from: name, by: name, "127.0.0.1")
    },
    Scenario("loopback by name, IPv6") { stage in
      let name = stage.network.add("l")
      return served(stage, from: name, by: name, "[::1]", interface: "lo")
    },
    Scenario("a list and a range of ports") { stage in
      let (client, name) = stage.network.pair()
      let server = WebServer(in: name, ports: [80, 8080, 8081, 9000])
      stage.watch(in: name, "eth0", ports: "80,8080-8081")
      for port in [80, 8080, 8081, 9000] {
        Network.run("curl -s -o /dev/null http://10.77.0.2:\(port)/a/b", in: client)
      }
      server.waitForLog(4)
      // Port 9000 is not watched.
      var truth = Truth(3)
      truth.statuses = ["200": 3]
      return truth
    },
  ]

  /// A client and a server, watched at the server.
  private static func onHost(
    _ stage: Stage, _ address: String, interface: String? = nil, _ options: [String] = []
  ) -> Truth {
    let (client, name) = stage.network.pair()
    return served(stage, from: client, by: name, address, interface: interface, options)
  }

  /// Mixed traffic from `client` to a server in `name`, watched there.
  static func served(
    _ stage: Stage, from client: String, by name: String, _ address: String, interface: String? = nil,
    direction: String? = nil, _ options: [String] = []
  ) -> Truth {
    let server = WebServer(in: name)
    stage.watch(in: name, interface, direction: direction, options)
    return Truth(server, LiveTrafficTests.mixedTraffic(from: client, to: address))
  }
}
