// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// HTTPS at the TLS library, on a port that no other program of this machine speaks TLS on: the server's own log is the
/// ground truth, and client and server, both on this machine, count once.
@Suite(
  .serialized, .enabled(if: Machine.hasFrameLoad, "needs root, network namespaces, nginx, curl and h2load"))
struct TLSTextTests {
  private static let options = ["--tls", "--tls-port", "44317", "--format", "json"]

  @Test(arguments: ["--tlsv1.2 --tls-max 1.2", "--tlsv1.3"])
  func `requests of HTTP/1 over TLS count as the server logs them`(version: String) {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name, ports: [44_317], isTLS: true)
    let monitor = Monitor(in: name, Self.options)
    #expect(monitor.errors.contains("port 80, TLS text on 44317 (eBPF)"), "\(monitor.errors)")
    let curl = "curl -sk --http1.1 \(version) -o /dev/null"
    let site = "https://10.77.0.2:44317"
    let ran = Network.run(
      """
      for i in $(seq 40); do \(curl) -H "Host: shop.example" \(site)/a/b || exit 1; done
      \(curl) \(site)/echo --next -sk --http1.1 -o /dev/null \(site)/fail --next -sk --http1.1 -o /dev/null \(site)/none
      \(curl) -T /dev/null https://[fd77::2]:44317/made; \(curl) -I \(site)/move; \(curl) \(site)/big
      \(curl) --data-binary @/etc/passwd \(site)/echo; \(curl) \(site)/nothing
      """, in: client)
    #expect(ran.status == 0, "\(ran.errors)")
    server.waitForLog(48)
    let output = monitor.end().output
    let summary = Lines(output).summary
    #expect(server.log.values.reduce(0, +) == 48)
    #expect(summary?.protocols == ["HTTP/1.1": 48])
    #expect(summary?.capture.lost == 0 && summary?.capture.truncated == 0)
    LiveTrafficTests.expectSameAsLog(summary, server)
    // The probes are the whole machine's, and so are owners: both ends are known.
    #expect(
      OwnerTests.owners(output) == [
        .init(role: "server", process: "nginx", requests: 48),
        .init(role: "client", process: "curl", requests: 48),
      ])
  }

  @Test
  func `streams of HTTP/2 over TLS count as the server logs them, and no body leaves the kernel`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name, ports: [44_317], isTLS: true)
    let monitor = Monitor(in: name, Self.options)
    let paths = ["/echo", "/a/b", "/nothing", "/fail"].map { "https://10.77.0.2:44317\($0)" }
    let load = Network.run("h2load -n 2000 -c 4 -m 20 \(paths.joined(separator: " "))", in: client)
    #expect(load.status == 0 && load.output.contains("2000 done"), "\(load.output)")
    let big = Network.run("curl -sk --http2 -o /dev/null https://10.77.0.2:44317/big", in: client)
    #expect(big.status == 0)
    server.waitForLog(2_001)
    let summary = Lines(monitor.end().output).summary
    #expect(server.log.values.reduce(0, +) == 2_001)
    #expect(summary?.protocols == ["HTTP/2": 2_001])
    LiveTrafficTests.expectSameAsLog(summary, server)
  }

  /// A server that closes at once: it has often done so before the client's call, which brought the request, returns.
  @Test
  func `connections that end with their response count once`() {
    let network = Network()
    let (client, name) = network.pair()
    let folder = Folder()
    let (key, certificate) = (folder.file("key.pem"), folder.file("certificate.pem"))
    folder.makeCertificate()
    let loader = [
      "import http.server as h, ssl", "s = h.ThreadingHTTPServer(('', 44318), h.SimpleHTTPRequestHandler)",
      "c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)", "c.load_cert_chain('\(certificate)', '\(key)')",
      "s.socket = c.wrap_socket(s.socket, server_side=True)", "s.serve_forever()",
    ].joined(separator: "; ")
    let server = ChildProcess(
      ["ip", "netns", "exec", name, "python3", "-c", loader], errors: .file(folder.file("log")))
    Network.awaitListener(44_318, of: server, in: name)
    let monitor = Monitor(in: name, ["--tls", "--tls-port", "44318", "--format", "json"])
    let ran = Network.run(
      "for i in $(seq 60); do curl -sk -o /dev/null https://10.77.0.2:44318/absent || exit 1; done",
      in: client)
    #expect(ran.status == 0)
    let summary = Lines(monitor.end().output).summary
    #expect(Shell.read(folder.file("log")).components(separatedBy: "\" 404 ").count == 61)
    #expect(summary?.requests == 60 && summary?.statuses == ["404": 60], "\(String(describing: summary))")
    #expect(summary?.inFlight == 0 && summary?.isBalanced == true)
  }

  /// Runs a program under a filter of system calls that allows all of them: as a unit's, another one can only follow on it.
  private static let filtering = """
    import ctypes, os, struct, sys
    libc = ctypes.CDLL(None)
    rule = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0x7fff0000))
    program = ctypes.create_string_buffer(struct.pack('HxxxxxxQ', 1, ctypes.addressof(rule)))
    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program) == 0
    os.execvp(sys.argv[1], sys.argv[1:])
    """

  @Test
  func `where system calls are filtered already, as in a unit, the trial of probes is as good`() {
    let network = Network()
    let (_, name) = network.pair()
    let monitor = Monitor(
      in: name, Self.options, through: ["python3", "-c", Self.filtering], isTraced: false)
    #expect(monitor.errors.contains("port 80, TLS text on 44317 (eBPF)"), "\(monitor.errors)")
    #expect(monitor.end().status == 0)
  }

  @Test
  func `with libpcap a line says that no TLS text is read, and all else works`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, Self.options + ["--backend", "pcap"])
    #expect(monitor.errors.contains("TLS text is not read: only eBPF can"), "\(monitor.errors)")
    Network.run("curl -s -o /dev/null http://10.77.0.2/echo", in: client)
    server.waitForLog(1)
    #expect(Lines(monitor.end().output).summary?.requests == 1)
  }
}
