// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// A reverse proxy whose two legs are both on watched ports: `--side` says which of them counts.
@Suite(
  .serialized,
  .enabled(
    if: Machine.hasServers && Shell.has("haproxy"), "needs root, network namespaces, nginx, curl and haproxy")
)
struct SideTests {
  /// One site's server is another machine, one's is on the proxy's own.
  private static let proxy = """
    \(Network.proxyDefaults)
    frontend front
      bind 10.78.1.2:80
      use_backend near if { hdr(host) near.example }
      default_backend far
    backend far
      server one 10.78.2.1:80
    backend near
      server one 127.0.0.1:8080

    """

  /// Client, proxy and server in a row, with the proxy running.
  private static func stage(_ network: Network, _ folder: Folder) throws -> (
    client: String, proxy: String, server: String, process: ChildProcess
  ) {
    let client = network.add("c"), name = network.add("p"), server = network.add("s")
    network.join(client, "eth0", "10.78.1.1/24", name, "outer", "10.78.1.2/24")
    network.join(name, "inner", "10.78.2.2/24", server, "eth0", "10.78.2.1/24")
    let configuration = folder.file("haproxy.cfg")
    try #require(FileManager.default.createFile(atPath: configuration, contents: Data(Self.proxy.utf8)))
    let process = ChildProcess(["ip", "netns", "exec", name, "haproxy", "-db", "-f", configuration])
    Network.awaitListener(80, of: process, in: name)
    return (client, name, server, process)
  }

  @Test(arguments: LiveTrafficTests.backends)
  func `the clients' leg, the servers' leg or both count, and of both a warning is given`(backend: String)
    throws
  {
    let network = Network()
    let folder = Folder()
    let (client, name, far, process) = try Self.stage(network, folder)
    let servers = [WebServer(in: far), WebServer(in: name, ports: [8080])]
    func watch(_ arguments: [String]) -> Monitor {
      Monitor(in: name, ["--backend", backend, "--format", "json", "--port", "80,8080"] + arguments)
    }
    let (both, server, asking) = (watch([]), watch(["--side", "server"]), watch(["--side", "client"]))
    Network.run(
      """
      for i in $(seq 10); do
        curl -s -o /dev/null -H "Host: far.example" http://10.78.1.2/echo
        curl -s -o /dev/null -H "Host: near.example" http://10.78.1.2/fail
      done
      """, in: client)
    for server in servers { server.waitForLog(10) }
    #expect(process.isRunning)
    #expect(both.waitsForErrors("is asked of this machine and by it"))
    let statuses = ["200": 10, "503": 10]
    for (monitor, times) in [(server, 1), (asking, 1), (both, 2)] {
      let ended = monitor.end()
      let summary = Lines(ended.output).summary
      #expect(summary?.requests == 20 * times, "\(ended.errors)")
      #expect(summary?.exchanges == 20 * times)
      #expect(summary?.statuses == statuses.mapValues { $0 * times })
      #expect(summary?.isBalanced == true)
      #expect(ended.errors.contains("is asked of this machine and by it") == (times == 2))
    }
  }

  @Test func `what a router passes on counts on either side`() {
    let network = Network()
    let (client, router, name) = network.routed()
    let server = WebServer(in: name)
    let monitors = ["server", "client"].map { Monitor(in: router, ["--format", "json", "--side", $0]) }
    Network.run("curl -s -o /dev/null http://10.78.2.1/echo http://10.78.2.1/echo", in: client)
    server.waitForLog(2)
    for monitor in monitors { #expect(Lines(monitor.end().output).summary?.exchanges == 2) }
  }
}
