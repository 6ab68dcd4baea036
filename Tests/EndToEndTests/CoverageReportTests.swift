// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// TLS connections that were seen against those that were read: live of nginx and curl, and of capture files.
@Suite(
  .serialized, .enabled(if: Machine.hasFrameLoad, "needs root, network namespaces, nginx, curl and h2load"))
struct CoverageReportTests {
  struct Report: Decodable, Equatable {
    struct Row: Decodable, Hashable {
      var sni: String?
      var process: String?
      var reason: String
      var connections: Int
    }
    var ports: String
    var connections: Int
    var read: Int
    var notRead: [Row]
  }

  private struct Line: Decodable {
    var type: String
    var tls: Report?
  }

  /// The report of the summary.
  private static func report(_ output: String) -> Report? {
    output.split(separator: "\n").compactMap { try? JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
      .last { $0.type == "summary" }?.tls
  }

  private static func row(_ sni: String?, _ process: String?, _ reason: String, _ connections: Int)
    -> Report.Row
  {
    Report.Row(sni: sni, process: process, reason: reason, connections: connections)
  }

  /// A client that sends its hello in two segments, of which the second one has the name.
  private static let halves = """
    import socket, ssl, sys, time
    ctx = ssl.create_default_context(); out = ssl.MemoryBIO()
    tls = ctx.wrap_bio(ssl.MemoryBIO(), out, server_hostname='split.example')
    try: tls.do_handshake()
    except ssl.SSLWantReadError: pass
    hello = out.read()
    s = socket.create_connection(('10.77.0.2', int(sys.argv[1])))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.send(hello[:100]); time.sleep(0.2); s.send(hello[100:])
    assert s.recv(1) == b'\\x16'
    """

  @Test
  func `without --tls connections are counted by name and process, and a line says how they could be read`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name, ports: [44_325], isTLS: true)
    let folder = Folder()
    _ = FileManager.default.createFile(atPath: folder.file("halves.py"), contents: Data(Self.halves.utf8))
    let json = Monitor(in: name, ["--tls-port", "44325", "--format", "json"])
    let page = Monitor(in: name, ["--tls-port", "44325", "--format", "page"])
    let curl = "curl -sk -o /dev/null --resolve shop.example:44325:10.77.0.2"
    let ran = Network.run(
      """
      for i in $(seq 12); do \(curl) https://shop.example:44325/echo || exit 1; done
      \(curl) https://10.77.0.2:44325/big; \(curl) https://[fd77::2]:44325/echo
      python3 \(folder.file("halves.py")) 44325
      """, in: client)
    #expect(ran.status == 0, "\(ran.errors)")
    server.waitForLog(14)
    let report = Self.report(json.end().output)
    #expect(report?.ports == "44325" && report?.connections == 15 && report?.read == 0)
    #expect(
      Set(report?.notRead ?? []) == [
        Self.row("shop.example", "nginx", "off", 12), Self.row(nil, "nginx", "off", 2),
        Self.row("split.example", "nginx", "off", 1),
      ])
    let line = "https 44325: 15 connections, 0 read (0 %); not read: nginx 15 (--tls reads them)"
    #expect(page.end().output.contains(line))
  }

  @Test func `with --tls both what was read and what was not are known`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name, ports: [44_326], isTLS: true)
    let monitor = Monitor(in: name, ["--tls", "--tls-port", "44326", "--format", "json"])
    let curl = "curl -sk -o /dev/null --resolve shop.example:44326:10.77.0.2"
    let ran = Network.run(
      """
      for i in $(seq 10); do
        \(curl) --http1.1 https://shop.example:44326/echo || exit 1; \(curl) --http2 https://shop.example:44326/a/b || exit 1
      done
      openssl s_client -connect 10.77.0.2:44326 -servername idle.example </dev/null
      """, in: client)
    #expect(ran.status == 0, "\(ran.errors)")
    server.waitForLog(20)
    let report = Self.report(monitor.end().output)
    #expect(report?.connections == 21 && report?.read == 20)
    #expect(report?.notRead == [Self.row("idle.example", "nginx", "not tied", 1)])
  }

  @Test func `libpcap counts the same, and reads nothing`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name, ports: [44_327], isTLS: true)
    let options = ["--tls-port", "44327", "--format", "json", "--backend", "pcap"]
    let monitor = Monitor(in: name, options + ["--tls"])
    let heads = Monitor(in: name, options + ["--depth", "heads"])
    let curl =
      "curl -sk -o /dev/null --resolve shop.example:44327:10.77.0.2 --resolve shop.example:44327:[fd77::2]"
    let ran = Network.run(
      "for i in $(seq 5); do \(curl) -4 https://10.77.0.2:44327/echo; \(curl) -6 https://[fd77::2]:44327/big; done",
      in: client)
    #expect(ran.status == 0, "\(ran.errors)")
    server.waitForLog(10)
    let report = Self.report(monitor.end().output)
    #expect(report?.connections == 10 && report?.notRead == [Self.row(nil, nil, "libpcap", 10)])
    #expect(Self.report(heads.end().output)?.notRead == [Self.row(nil, nil, "off", 10)])
  }
}

/// The same of files; no privilege needed.
@Suite struct FileCoverageTests {
  private static func report(_ arguments: String) -> CoverageReportTests.Report? {
    struct Line: Decodable {
      var type: String
      var tls: CoverageReportTests.Report?
    }
    let ran = Shell.attempt("cd \(KeyLogTests.folder) && \(Machine.program) read --format json \(arguments)")
    return ran.output.split(separator: "\n")
      .compactMap { try? JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
      .last { $0.type == "summary" }?.tls
  }

  private static func names(_ report: CoverageReportTests.Report?) -> [String] {
    (report?.notRead ?? []).map { "\($0.sni ?? "-"): \($0.reason) \($0.connections)" }
  }

  @Test func `connections of a file are counted by name, and read with their keys`() {
    let off = Self.report("tls12-aes128.pcap")
    #expect(off?.connections == 3 && off?.read == 0 && off?.ports == "443,8443")
    #expect(Self.names(off) == ["api.example: off 1", "gone.example: off 1", "shop.example: off 1"])
    let read = Self.report("--keylog tls12-aes128.keys tls12-aes128.pcap")
    #expect(read?.connections == 3 && read?.read == 3 && read?.notRead == [])
    let wrong = Self.report("--keylog tls12-aes256.keys tls12-aes128.pcap")
    #expect(
      Self.names(wrong) == ["api.example: no key 1", "gone.example: no key 1", "shop.example: no key 1"])
  }

  @Test(arguments: ["tls13-retry", "tls13-early-data", "tls13-http2"])
  func `each connection of TLS 1.3 counts once, also when the server asks for another hello`(name: String) {
    let off = Self.report("\(name).pcap"), read = Self.report("--keylog \(name).keys \(name).pcap")
    #expect(off != nil && off?.connections == read?.connections)
    #expect(read?.read == read?.connections)
  }

  @Test func `connections of QUIC are counted by name, and their requests are not visible`() {
    let folder = JSONDocumentTests.root + "/Tests/Captures/quic"
    let page = Shell.attempt(
      "cd \(folder) && \(Machine.program) read --format page v1.pcap v2.pcap retry.pcap")
    #expect(page.output.contains("\th3: 8 connections, requests not visible\n"), "\(page.output)")
    let json = Shell.attempt("cd \(folder) && \(Machine.program) read --format json long.pcap").output
    #expect(json.contains(#""h3":{"connections":1,"skipped":0,"names":[{"sni":"shop.example","alpn":"h3","#))
    #expect(JSONDocumentTests.check(json).contains("summary"))
  }

  @Test func `on a port that is watched for HTTP too hellos count as well`() {
    #expect(Self.report("--port 443 tls12-aes128.pcap")?.connections == 3)
    #expect(
      JSONDocumentTests.check(
        Shell.run(
          "cd \(KeyLogTests.folder) && \(Machine.program) read --format json tls12-aes128.pcap"
        ).output) == ["interval", "summary"])
  }
}
