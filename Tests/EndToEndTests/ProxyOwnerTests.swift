// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// Both legs of a proxy, and a server of several processes with one listener: each row is who was started.
@Suite(
  .serialized,
  .enabled(
    if: Machine.hasServers && Shell.has("haproxy") && Shell.has(Stage.python),
    "needs root, network namespaces, nginx, curl, haproxy and python3"))
struct ProxyOwnerTests {
  /// Three processes accept from one listener, and answer with their own number.
  static let prefork = """
    import os
    from http.server import BaseHTTPRequestHandler, HTTPServer
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"%d\\n" % os.getpid()
            self.send_response(503 if self.path == "/fail" else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *_):
            pass
    server = HTTPServer(("10.77.15.2", 8080), Handler)
    for _ in range(3):
        if os.fork() == 0:
            server.serve_forever()
    os.wait()
    """

  static let proxy = """
    \(Network.proxyDefaults)
    frontend front
      bind 10.77.15.2:80
      default_backend back
    backend back
      server one 10.77.15.2:8080

    """

  private static func start(_ command: [String], port: Int, in name: String) -> ChildProcess {
    let process = ChildProcess(["ip", "netns", "exec", name] + command)
    Network.awaitListener(port, of: process, in: name)
    return process
  }

  @Test
  func `a proxy serves and asks, and the processes of one listener count together`() throws {
    let network = Network()
    let (client, name) = network.pair(15)
    let folder = Folder()
    let configuration = folder.file("haproxy.cfg")
    try #require(
      FileManager.default.createFile(atPath: configuration, contents: Data(Self.proxy.utf8)))
    // Both end with their namespace.
    let server = Self.start([Stage.python, "-c", Self.prefork], port: 8080, in: name)
    let proxy = Self.start(["haproxy", "-db", "-f", configuration], port: 80, in: name)
    let monitor = Monitor(
      in: name, ["--no-alert", "--format", "json", "--port", "80,8080"], threshold: nil)
    let answers = Network.run(
      "for i in $(seq 20); do curl -s http://10.77.15.2/a; curl -s http://10.77.15.2/fail; done", in: client)
    let processes = answers.output.split(separator: "\n").compactMap { Int($0) }
    #expect(processes.count == 40 && server.isRunning && proxy.isRunning, "\(answers)")
    let output = monitor.end().output
    #expect(
      OwnerTests.owners(output) == [
        OwnerTests.Owner(role: "server", process: "haproxy", requests: 40),
        OwnerTests.Owner(role: "server", process: "python3", requests: 40),
        OwnerTests.Owner(role: "client", process: "curl", requests: 40),
        OwnerTests.Owner(role: "client", process: "haproxy", requests: 40),
      ])
    for row in OwnerTests.rows(output) {
      #expect(row["failures"] as? Int == 20)
      switch (row["role"] as? String, row["process"] as? String) {
      case (_, "haproxy"): #expect(row["pid"] as? Int == Int(proxy.identifier))
      case (_, "curl"): #expect(row["pid"] is NSNull)
      default: #expect(row["pid"] as? Int == (Set(processes).count == 1 ? processes[0] : nil))
      }
    }
  }
}
