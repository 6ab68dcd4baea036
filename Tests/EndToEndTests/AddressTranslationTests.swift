// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// A router that translates addresses: requests and responses pass it under different names.
@Suite(
  .serialized, .enabled(if: Machine.hasTranslation, "needs root, network namespaces, nginx, curl and nft"))
struct AddressTranslationTests {
  /// Client, router and server; the router's address 10.78.0.1 stands for the server's, and the server
  /// sees the router. Ports stay, or are all changed.
  static func routed(_ network: Network, changingPorts: Bool) -> (
    client: String, router: String, server: String
  ) {
    let client = network.add("c"), router = network.add("r"), server = network.add("s")
    network.join(client, "eth0", "10.78.0.2/24", router, "outer", "10.78.0.1/24")
    network.join(server, "eth0", "10.79.0.2/24", router, "inner", "10.79.0.1/24")
    let source = changingPorts ? "snat to 10.79.0.1:20000-30000" : "snat to 10.79.0.1"
    Network.run(
      """
      sysctl -qw net.ipv4.ip_forward=1
      nft -f - <<END
      table ip nat {
        chain before { type nat hook prerouting priority -100;
          iifname "outer" tcp dport { 80, 8080 } dnat to 10.79.0.2:80; }
        chain after { type nat hook postrouting priority 100; oifname "inner" meta l4proto tcp \(source); }
      }
      END
      """, in: router)
    return (client, router, server)
  }

  @Test(arguments: LiveTrafficTests.backends, [false, true])
  func `a router counts each request once and finds its response`(backend: String, changingPorts: Bool) {
    let network = Network()
    let (client, router, name) = Self.routed(network, changingPorts: changingPorts)
    let server = WebServer(in: name)
    let monitor = Monitor(in: router, ["--backend", backend, "--format", "json", "--port", "80,8080"])
    var sent = LiveTrafficTests.mixedTraffic(from: client, to: "10.78.0.1")
    // Another port outside than inside, long heads, bodies both ways, and 100 (Continue).
    Network.run(
      """
      curl -s -o /dev/null -H "Host: p.example" http://10.78.0.1:8080/a/b http://10.78.0.1:8080/echo
      curl -s -o /dev/null -H "Host: p.example" -H "Cookie: $(head -c 6000 /dev/zero | tr "\\0" x)" http://10.78.0.1/echo
      head -c 200000 /dev/zero | curl -s -o /dev/null -H "Expect: 100-continue" --data-binary @- http://10.78.0.1/echo
      """, in: client)
    sent += 4
    server.waitForLog(sent)
    let ended = monitor.end()
    #expect(ended.status == 0)
    #expect(server.log.values.reduce(0, +) == sent)
    let summary = Lines(ended.output).summary
    LiveTrafficTests.expectSameAsLog(summary, server)
    #expect(summary?.unmatchedResponses == 0)
  }

  @Test(arguments: [false, true])
  func `both ends of translated connections have their processes`(changingPorts: Bool) {
    let network = Network()
    let (client, router, name) = Self.routed(network, changingPorts: changingPorts)
    let server = WebServer(in: name)
    let monitor = Monitor(
      in: router, ["--no-alert", "--format", "json", "--port", "80,8080"], threshold: nil)
    Network.run("for i in $(seq 20); do curl -s -o /dev/null http://10.78.0.1:8080/a/b; done", in: client)
    server.waitForLog(20)
    #expect(
      OwnerTests.owners(monitor.end().output) == [
        OwnerTests.Owner(role: "server", process: "nginx", requests: 20),
        OwnerTests.Owner(role: "client", process: "curl", requests: 20),
      ])
  }

  @Test(.enabled(if: Machine.hasLoad, "needs wrk"), arguments: LiveTrafficTests.backends)
  func `a router under load finds the responses of many connections`(backend: String) {
    let network = Network()
    let (client, router, name) = Self.routed(network, changingPorts: false)
    let server = WebServer(in: name)
    let monitor = Monitor(in: router, ["--backend", backend, "--format", "json"])
    Network.run("wrk -t1 -c16 -d1s -H \"Host: load.example\" http://10.78.0.1/echo", in: client)
    Network.run("ab -q -n 500 -c 8 http://10.78.0.1/echo", in: client)
    usleep(500_000)
    let summary = Lines(monitor.end().output).summary
    let logged = server.log.values.reduce(0, +)
    #expect(logged > 1_000)
    guard let summary, summary.capture.lost == 0 else {
      // A slow machine may lose some; it must say so.
      #expect((summary?.capture.lost ?? 0) > 0)
      return
    }
    #expect(summary.requests == logged)
    #expect(summary.exchanges <= logged && summary.exchanges >= logged - 16)
    #expect(summary.unmatchedResponses <= 16)
    #expect(summary.isBalanced)
  }
}
