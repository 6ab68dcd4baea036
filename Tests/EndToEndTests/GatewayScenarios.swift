// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Machines between client and server, which see a packet more than once.
extension Scenario {
  static let gateways: [Scenario] = [
    Scenario("a router, all interfaces") { routed($0) },
    Scenario("a router, one leg") { routed($0, interface: "left") },
    Scenario("a router, incoming packets") { routed($0, direction: "in") },
    Scenario("a router, outgoing packets") { routed($0, direction: "out") },
    Scenario("a router, outgoing packets of one leg") { stage in
      var truth = routed(stage, interface: "left", direction: "out")
      // Only responses leave towards the client.
      truth.requests = 0
      truth.methods = nil
      truth.statuses = nil
      return truth
    },
    Scenario("a bridge between two hosts") { bridged($0, isServer: false) },
    Scenario("a service on a bridge's address") { bridged($0, isServer: true) },
  ]

  private static func routed(_ stage: Stage, interface: String? = nil, direction: String? = nil) -> Truth {
    let network = stage.network
    let (client, router, name) = network.routed()
    let server = WebServer(in: name)
    stage.watch(in: router, interface, direction: direction)
    return Truth(server, LiveTrafficTests.mixedTraffic(from: client, to: "10.78.2.1"))
  }

  private static func bridged(_ stage: Stage, isServer: Bool) -> Truth {
    let network = stage.network
    let client = network.add("c"), bridge = network.add("b")
    network.join(client, "eth0", "10.79.0.1/24", bridge, "port1", "0.0.0.0/32")
    Shell.run(
      """
      ip -n \(bridge) link add br0 type bridge; ip -n \(bridge) addr add 10.79.0.9/24 dev br0
      ip -n \(bridge) link set br0 up; ip -n \(bridge) link set port1 master br0
      """)
    var name = bridge, address = "10.79.0.9"
    if !isServer {
      name = network.add("s")
      address = "10.79.0.2"
      network.join(name, "eth0", "10.79.0.2/24", bridge, "port2", "0.0.0.0/32")
      Shell.run("ip -n \(bridge) link set port2 master br0")
    }
    Network.run("for n in 1 2 3 4 5 6 7 8 9; do ping -c1 -W1 \(address) && break; done", in: client)
    let server = WebServer(in: name)
    stage.watch(in: bridge)
    // Packets are seen on ports and on the bridge itself: what the filter cannot leave out is counted once.
    return Truth(server, LiveTrafficTests.mixedTraffic(from: client, to: address), hasDuplicates: isServer)
  }
}
