// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Interfaces come and go while they are watched.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct InterfaceTests {
  /// The cable between client and server, new or as it was.
  private func plug(_ network: Network, _ client: String, _ name: String) {
    network.join(client, "eth0", "10.77.0.1/24", name, "eth0", "10.77.0.2/24")
  }

  private func ask(_ count: Int, from client: String) {
    Network.run(
      "for n in $(seq \(count)); do curl -s -m 5 --retry 3 --retry-connrefused -o /dev/null http://10.77.0.2/echo; done",
      in: client)
  }

  @Test(arguments: LiveTrafficTests.backends)
  func `capture continues after down and up, and after the interface was re-created`(backend: String) {
    let network = Network()
    let client = network.add("c"), name = network.add("s")
    plug(network, client, name)
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["--backend", backend, "-i", "eth0", "--interval", "1s"])
    ask(3, from: client)

    Shell.run("ip -n \(name) link set eth0 down")
    #expect(
      monitor.waits(for: "Warning: interface eth0 has been down since ", seconds: 10), "\(monitor.output)")
    #expect(monitor.errors.contains("has been down since"))
    Shell.run("ip -n \(name) link set eth0 up")
    #expect(monitor.waitsForErrors("interface eth0 is back"))
    ask(4, from: client)

    Shell.run("ip -n \(name) link del eth0")
    #expect(monitor.waitsForErrors("has been down since", times: 2))
    #expect(monitor.isRunning)
    plug(network, client, name)
    #expect(monitor.waitsForErrors("interface eth0 is back", times: 2))
    ask(5, from: client)

    server.waitForLog(12)
    let ended = monitor.end()
    #expect(ended.status == 0)
    #expect(ended.output.contains("Total Requests: 12\n"), "\(ended.output.suffix(600))")
    // The summary is of a time when all is well again.
    #expect(!ended.output.components(separatedBy: "Summary").last!.contains("has been down since"))
  }

  @Test(arguments: LiveTrafficTests.backends)
  func `capture continues after the interface was renamed, also when another one takes the name`(
    backend: String
  ) {
    let network = Network()
    let client = network.add("c"), name = network.add("s")
    plug(network, client, name)
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["--backend", backend, "-i", "eth0", "--interval", "1s"])
    ask(3, from: client)
    // Kernels before 6.2 rename only what is down.
    Shell.run(
      """
      ip -n \(name) link set eth0 name lan0 || ip -n \(name) -batch - <<END
      link set eth0 down
      link set eth0 name lan0
      link set lan0 up
      END
      ip -n \(name) link add eth0 type veth peer name eth1
      ip -n \(name) link set eth0 up
      """)
    #expect(monitor.waitsForErrors("interface eth0 is called lan0 now"))
    ask(4, from: client)
    server.waitForLog(7)
    let ended = monitor.end()
    #expect(ended.status == 0)
    #expect(ended.output.contains("Total Requests: 7\n"), "\(ended.output.suffix(600))")
    #expect(!ended.output.contains("has been down since"), "\(ended.output.suffix(600))")
  }

  @Test func `the start line names the ring's real size`() {
    let network = Network()
    let name = network.add("s")
    let monitor = Monitor(in: name, ["--backend", "ebpf", "-i", "lo", "--ring", "3"])
    #expect(monitor.errors.contains("with a ring of 4 MiB instead of 3 MiB"), "\(monitor.errors)")
    let exact = Monitor(in: name, ["--backend", "ebpf", "-i", "lo", "--ring", "4"])
    #expect(!exact.errors.contains("instead of"), "\(exact.errors)")
  }
}
