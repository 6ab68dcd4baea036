// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// Rules about one client and about one section, in real traffic.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct ClientAlertTests {
  @Test(arguments: LiveTrafficTests.backends)
  func `of two clients, the one that asks too much raises its alert`(backend: String) {
    let network = Network()
    let (client, name) = network.pair()
    Shell.run("ip -n \(client) addr add 10.77.0.9/24 dev eth0")
    let server = WebServer(in: name)
    let monitor = Monitor(
      in: name,
      [
        "--backend", backend, "--interval", "1s", "--alert-window", "1s", "--alert",
        "requests > 5 client=10.77.0.9", "--alert", "requests > 5 client=10.77.0.1",
        "--alert", "2xx > 5 section=/echo site=10.77.0.2", "--alert", "requests > 5 section=/other",
        "--format",
        "json",
      ], threshold: nil)
    Network.run(
      """
      curl -s -o /dev/null --interface 10.77.0.1 http://10.77.0.2/echo
      curl -s -o /dev/null --interface 10.77.0.9 'http://10.77.0.2/echo?[1-60]'
      """, in: client)
    server.waitForLog(61)
    #expect(monitor.waits(for: #""id":"high-traffic-10.77.0.9-"#))
    #expect(monitor.waits(for: #""id":"high-2xx-10.77.0.2-/echo-"#))
    let ended = monitor.end()
    let raised = ended.output.split(separator: "\n").filter { $0.contains(#""state":"raised""#) }
    let (client9, echo) = (#""client":"10.77.0.9""#, #""site":"10.77.0.2","section":"/echo""#)
    #expect(raised.contains { $0.contains(client9) } && raised.contains { $0.contains(echo) }, "\(raised)")
    #expect(raised.allSatisfy { $0.contains(client9) || $0.contains(echo) }, "\(raised)")
    #expect(Shell.read(monitor.alertLog).contains(" for 10.77.0.2/echo"))
    #expect(Shell.read(monitor.alertLog).contains(" site=10.77.0.2 section=/echo 2xx="))
    #expect(Shell.read(monitor.alertLog).contains(" for client 10.77.0.9"))
    #expect(Shell.read(monitor.alertLog).contains(" client=10.77.0.9 hits="))
  }
}
