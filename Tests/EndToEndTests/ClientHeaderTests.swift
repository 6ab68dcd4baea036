// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// Clients behind proxies, in real traffic: curl is the proxy.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct ClientHeaderTests {
  @Test(arguments: LiveTrafficTests.backends, [false, true])
  func `a trusted proxy's clients are counted, a stranger's header is not believed`(
    backend: String, isHTTP2: Bool
  ) throws {
    let network = Network()
    let (client, name) = network.pair()
    Shell.run("ip -n \(client) addr add 10.77.0.9/24 dev eth0")
    let server = WebServer(in: name, isHTTP2: isHTTP2)
    let monitor = Monitor(
      in: name,
      [
        "--backend", backend, "--client-header", "X-Forwarded-For", "--trust-proxy", "10.77.0.1,10.9.0.0/16",
        "--follow", "--format", "json", "--where", "client=203.0.113.* or client=10.77.*",
      ], threshold: nil)
    let long = String(repeating: "a", count: 3_000)
    let curl = "curl -s -o /dev/null" + (isHTTP2 ? " --http2-prior-knowledge" : "")
    Network.run(
      """
      \(curl) --interface 10.77.0.1 -H 'X-Forwarded-For: 198.51.100.1, 203.0.113.9, 10.9.0.1' http://10.77.0.2/echo/a
      \(curl) --interface 10.77.0.1 -H 'X-Long: \(long)' -H 'X-Forwarded-For: 203.0.113.7' http://10.77.0.2/echo/b
      \(curl) --interface 10.77.0.1 -H 'X-Forwarded-For: 198.51.100.1' http://10.77.0.2/echo/c
      \(curl) --interface 10.77.0.1 http://10.77.0.2/echo/d
      \(curl) --interface 10.77.0.9 -H 'X-Forwarded-For: 203.0.113.9' http://10.77.0.2/echo/e
      """, in: client)
    server.waitForLog(5)
    #expect(monitor.waits(for: "\"client\":\"10.77.0.9\""))
    let lines = monitor.end().output.split(separator: "\n").filter { $0.contains("\"exchange\"") }
    func clients(_ target: String) -> [String] {
      lines.filter { $0.contains("\"target\":\"\(target)\"") }.map { line in
        let rest = line.components(separatedBy: "\"client\":").last ?? ""
        return rest.components(separatedBy: ",\"server\"").first ?? ""
      }
    }
    #expect(lines.count == 4, "\(lines)")
    #expect(
      clients("/echo/a").allSatisfy {
        $0.hasPrefix("\"203.0.113.9\",") && $0.hasSuffix("\"proxy\":\"10.77.0.1\"")
      })
    #expect(clients("/echo/b").allSatisfy { $0.hasPrefix("\"203.0.113.7\",") })
    #expect(clients("/echo/d").allSatisfy { $0.hasPrefix("\"10.77.0.1\",") && !$0.contains("proxy") })
    #expect(clients("/echo/e").allSatisfy { $0.hasPrefix("\"10.77.0.9\",") && !$0.contains("proxy") })
    #expect(
      ["a", "b", "d", "e"].allSatisfy { clients("/echo/\($0)").count == 1 } && clients("/echo/c").isEmpty)
  }
}
