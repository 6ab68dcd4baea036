// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Clients as each backend counts them, against what was asked from each address.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct ClientTests {
  @Test(arguments: LiveTrafficTests.backends)
  func `each address has its requests and their outcomes`(backend: String) throws {
    let network = Network()
    let (client, name) = network.pair()
    Shell.run("ip -n \(client) addr add 10.77.0.9/24 dev eth0")
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["--backend", backend, "--format", "json"])
    Network.run(
      """
      for n in 1 2 3 4 5; do curl -s -o /dev/null --interface 10.77.0.1 http://10.77.0.2/echo; done
      for n in 1 2; do curl -s -o /dev/null --interface 10.77.0.9 http://10.77.0.2/nothing; done
      for n in 1 2 3; do curl -s -g -o /dev/null 'http://[fd77::2]/echo'; done
      """, in: client)
    server.waitForLog(10)
    let summary = try #require(Lines(monitor.end().output).summary)
    #expect(summary.clients.map(\.client) == ["10.77.0.1", "fd77::1", "10.77.0.9"])
    #expect(summary.clients.map(\.requests) == [5, 3, 2])
    #expect(summary.clients.map(\.successes) == [5, 3, 0])
    #expect(summary.clients.map(\.failures) == [0, 0, 2])
    #expect(summary.clients.allSatisfy { ($0.slowest ?? 0) > 0 })
  }
}
