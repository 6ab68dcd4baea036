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

  /// Connections that begin with a PROXY header, version 1 or 2 or one that names nobody, in the segment of the first of two
  /// requests.
  private static let proxied = #"""
    ask() {
      exec 3<>/dev/tcp/10.77.0.2/80
      # The shell itself would write line by line.
      printf "$1GET /echo/$2 HTTP/1.1\r\nHost: a\r\n\r\n" >"$0.request"
      cat "$0.request" >&3
      read -r -t 10 line <&3
      printf "GET /echo/$2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" >&3
      cat <&3 >/dev/null
      exec 3>&-
    }
    ask 'PROXY TCP4 203.0.113.9 10.77.0.2 5000 80\r\n' text
    ask '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x07\x0a\x4d\0\x02\x13\x88\0\x50' binary
    ask 'PROXY UNKNOWN\r\n' nobody
    """#

  @Test(arguments: LiveTrafficTests.backends)
  func `a PROXY header names the client of its connection, at the depth that is the default`(
    backend: String
  ) throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name, takesProxyHeader: true)
    let monitor = Monitor(
      in: name,
      [
        "--backend", backend, "--client-header", "proxy_protocol", "--trust-proxy", "10.77.0.0/24",
        "--follow", "--format", "json",
      ], threshold: nil)
    let folder = Folder()
    let script = folder.file("proxied")
    _ = FileManager.default.createFile(atPath: script, contents: Data(Self.proxied.utf8))
    Network.run("bash \(script)", in: client)
    server.waitForLog(6)
    #expect(monitor.waits(for: "/echo/nobody"))
    let lines = monitor.end().output.split(separator: "\n").filter { $0.contains("\"exchange\"") }
    for (target, wanted) in [
      ("text", "\"client\":\"203.0.113.9\",\"clientPort\":5000,"),
      ("binary", "\"client\":\"203.0.113.7\",\"clientPort\":5000,"), ("nobody", "\"client\":\"10.77.0.1\","),
    ] {
      let asked = lines.filter { $0.contains("\"target\":\"/echo/\(target)\"") }
      #expect(asked.count == 2 && asked.allSatisfy { $0.contains(wanted) }, "\(target): \(lines)")
      #expect(asked.allSatisfy { $0.contains("\"proxy\"") == (target != "nobody") })
    }
  }

  @Test func `a PROXY header in a capture file names the client too, also of HTTP 2`() {
    let file = JSONDocumentTests.root + "/Tests/Captures/made/nginx-proxy-header.pcap"
    func clients(_ options: String) -> Set<String> {
      let ran = Shell.run("\(Machine.program) read --port 83 --follow \(options) \(file)")
      let lines = ran.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
      return Set(lines.map { $0.count > 5 ? $0[5] : "" })
    }
    #expect(clients("") == ["10.78.0.1"])
    #expect(clients("--client-header proxy_protocol --trust-proxy 10.78.0.1") == ["192.0.2.7"])
    #expect(clients("--client-header proxy_protocol --trust-proxy 10.78.0.2") == ["10.78.0.1"])
  }
}
