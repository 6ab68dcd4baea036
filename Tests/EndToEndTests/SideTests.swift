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

  /// Sites of a proxy that speaks TLS to its clients: on another machine without and with it, and on its own with it.
  private static func terminating(_ folder: Folder) -> String {
    """
    worker_processes 1; user root; daemon off; error_log \(folder.file("error.log")); pid \(folder.file("pid"));
    events { }
    http { access_log off; client_body_temp_path \(folder.file("body")); proxy_temp_path \(folder.file("proxy"));
      server { listen 10.78.1.2:44319 ssl; ssl_certificate \(folder.file("certificate.pem")); ssl_certificate_key \(folder.file("key.pem"));
        proxy_set_header Host $host;
        location /echo { proxy_pass http://10.78.2.1; }
        location /move { proxy_pass https://10.78.2.1:44319; }
        location /fail { proxy_pass https://127.0.0.1:44319; }
        location /self { return 204; } } }
    """
  }

  @Test func `one side alone counts at the TLS library too`() throws {
    let network = Network()
    let client = network.add("c"), name = network.add("p"), far = network.add("s")
    network.join(client, "eth0", "10.78.1.1/24", name, "outer", "10.78.1.2/24")
    network.join(name, "inner", "10.78.2.2/24", far, "eth0", "10.78.2.1/24")
    let folder = Folder()
    folder.makeCertificate()
    let configuration = folder.write(Self.terminating(folder), to: "nginx.conf")
    let servers = [WebServer(in: far), WebServer(in: far, ports: [44_319], isTLS: true)]
    let near = WebServer(in: name, address: "127.0.0.1", ports: [44_319], isTLS: true)
    let proxy = ChildProcess(["ip", "netns", "exec", name, "nginx", "-c", configuration, "-e", "/dev/null"])
    Network.awaitListener(44_319, at: "10.78.1.2", of: proxy, in: name)
    // Probes are the whole machine's: a port that no other test uses.
    let sides = ["both", "server", "client"]
    let monitors = sides.map { side in
      Monitor(in: name, ["--tls", "--tls-port", "44319", "--format", "json", "--side", side])
    }
    let paths = ["echo", "move", "fail", "self"].map { "https://10.78.1.2:44319/\($0)" }
    Network.run(
      "for i in $(seq 10); do curl -sk -o /dev/null -H \"Host: shop.example\" \(paths.joined(separator: " -o /dev/null ")); done",
      in: client)
    for server in servers + [near] { server.waitForLog(10) }
    #expect(proxy.isRunning)
    let asking = ["200": 10, "301": 10, "503": 10]
    let serving = asking.merging(["204": 10], uniquingKeysWith: +)
    let all = serving.merging(asking, uniquingKeysWith: +)
    for (monitor, statuses) in zip(monitors, [all, serving, asking]) {
      let ended = monitor.end()
      let summary = Lines(ended.output).summary
      #expect(summary?.statuses == statuses, "\(ended.errors)")
      #expect(summary?.requests == statuses.values.reduce(0, +) && summary?.isBalanced == true)
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
