// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// HTTPS of programs that do not use OpenSSL's shared library: lighttpd, wget and git by GnuTLS, Caddy by Go, a program
/// that has OpenSSL in it. The server's own log is the ground truth.
@Suite(
  .serialized,
  .enabled(
    if: Machine.hasServers && Shell.has("lighttpd") && Shell.has("wget") && Shell.has("caddy"),
    "needs root, network namespaces, nginx, lighttpd, Caddy, wget, curl and git"))
struct OtherTLSTests {
  /// The site, method, status and target of what a server has logged.
  private static func log(_ path: String) -> [WebServer.Entry: Int] {
    var counts: [WebServer.Entry: Int] = [:]
    for line in Shell.read(path).split(separator: "\n") {
      let fields = line.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
      // A connection of HTTP/2 has a line of its own.
      guard fields.count == 4, fields[1] != "PRI" else { continue }
      let site = fields[0].split(separator: ":").first.map(String.init) ?? ""
      counts[.init(site: site, method: fields[1], status: fields[2], target: fields[3]), default: 0] += 1
    }
    return counts
  }

  @Test func `requests by GnuTLS, of wget and git to lighttpd, count as the server logs them`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let folder = Folder(), log = folder.file("access.log")
    folder.makeCertificate()
    Shell.run(
      """
      cd \(folder.path) && mkdir -p www/a && head -c 3000 /dev/zero >www/a/b && head -c 4000000 /dev/zero >www/big
      git init -q --bare -b main www/made.git && git init -q -b main work && cd work
      git -c user.name=a -c user.email=a@shop.example commit -q --allow-empty -m first
      git push -q ../www/made.git main && git -C ../www/made.git update-server-info
      """)
    let configuration = """
      server.modules = ("mod_accesslog", "mod_gnutls")
      server.document-root = "\(folder.file("www"))"
      server.port = 44320
      server.bind = "0.0.0.0"
      server.errorlog = "\(folder.file("errors"))"
      accesslog.filename = "\(log)"
      accesslog.format = "%{Host}i|%m|%s|%U"
      ssl.engine = "enable"
      ssl.pemfile = "\(folder.file("certificate.pem"))"
      ssl.privkey = "\(folder.file("key.pem"))"
      """
    let server = ChildProcess(
      [
        "ip", "netns", "exec", name, "lighttpd", "-D", "-f", folder.write(configuration, to: "lighttpd.conf"),
      ],
      errors: .file(folder.file("err")))
    Network.awaitListener(44_320, of: server, in: name)
    #expect(server.isRunning, "\(Shell.read(folder.file("err")))")
    let monitor = Monitor(in: name, ["--tls", "--tls-port", "44320", "--format", "json"])
    let site = "https://10.77.0.2:44320"
    let ran = Network.run(
      """
      get="wget -q --no-check-certificate -O /dev/null"
      for i in $(seq 20); do $get --header "Host: shop.example" \(site)/a/b || exit 1; done
      $get \(site)/a/b \(site)/big \(site)/a/b && $get --post-file=/etc/passwd \(site)/a/b
      $get --secure-protocol=TLSv1_2 \(site)/a/b; $get \(site)/absent || [ $? = 8 ]
      GIT_SSL_NO_VERIFY=1 git clone -q \(site)/made.git \(folder.file("clone"))
      """, in: client)
    #expect(ran.status == 0, "\(ran.errors)")
    let summary = Lines(monitor.end().output).summary
    // Its log is written when it ends.
    server.send(SIGTERM)
    server.wait(seconds: 20)
    let truth = Self.log(log), count = truth.values.reduce(0, +)
    #expect(count > 28, "\(Shell.read(log))")
    // wget's, and git's.
    #expect(summary?.requests == count && summary?.protocols == ["HTTP/1.1": 26, "HTTP/2": count - 26])
    #expect(summary?.inFlight == 0 && summary?.isBalanced == true)
    #expect(summary?.capture.lost == 0 && summary?.capture.truncated == 0)
    var statuses: [String: Int] = [:]
    for (entry, number) in truth { statuses[entry.status, default: 0] += number }
    #expect(summary?.statuses == statuses)
  }

  /// Caddy of Debian, a stripped Go program, as a server of HTTP/1 and HTTP/2 and as a client of nginx.
  @Test func `requests to Go's crypto/tls and by it count as the servers log them`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let folder = Folder()
    let nginx = WebServer(in: name, address: "127.0.0.1", ports: [44_322], isTLS: true)
    folder.makeCertificate()
    Shell.run("head -c 3000000 /dev/zero >\(folder.file("big"))")
    let server = Self.caddy(folder, in: name)
    let monitor = Monitor(in: name, ["--tls", "--tls-port", "44321,44322", "--format", "json"])
    #expect(!monitor.errors.contains("caddy: "), "\(monitor.errors)")
    let site = "https://10.77.0.2:44321"
    let ran = Network.run(
      """
      for i in $(seq 20); do curl -sk --http1.1 -o /dev/null -H "Host: shop.example" \(site)/a/b; done
      curl -sk --http1.1 --tls-max 1.2 \(site)/a \(site)/b \(site)/fail -o /dev/null -o /dev/null -o /dev/null
      for i in $(seq 20); do curl -sk --http2 -o /dev/null \(site)/c --next -sk -o /dev/null \(site)/fail; done
      curl -sk -o /dev/null \(site)/big --next -sk --http1.1 -o /dev/null -d @/etc/passwd \(site)/post
      for i in $(seq 10); do curl -sk -o /dev/null \(site)/to/echo --next -sk -o /dev/null \(site)/to/a/b; done
      """, in: client)
    #expect(ran.status == 0, "\(ran.errors)")
    nginx.waitForLog(20)
    let statuses = Self.logged(85, in: folder)
    let summary = Lines(monitor.end().output).summary
    server.send(SIGTERM)
    server.wait(seconds: 20)
    #expect(statuses == ["200": 64, "503": 21])
    #expect(nginx.log.values.reduce(0, +) == 20)
    // Those that are asked of nginx for a client are requests to both.
    #expect(
      summary?.requests == 105 && summary?.statuses == ["200": 84, "503": 21],
      "\(String(describing: summary))")
    #expect(summary?.inFlight == 0 && summary?.isBalanced == true)
    #expect(summary?.capture.lost == 0 && summary?.capture.truncated == 0)
  }

  /// Starts Caddy on port 44321, which logs to `access.log` and passes `/to/` on to the server on port 44322.
  private static func caddy(_ folder: Folder, in name: String) -> ChildProcess {
    let configuration = """
      {
        admin off
        auto_https off
        servers {
          protocols h1 h2
        }
      }
      https://:44321 {
        tls \(folder.file("certificate.pem")) \(folder.file("key.pem"))
        log {
          output file \(folder.file("access.log"))
        }
        handle /to/* {
          uri strip_prefix /to
          reverse_proxy https://127.0.0.1:44322 {
            transport http {
              tls_insecure_skip_verify
            }
          }
        }
        handle /big {
          root * \(folder.path)
          file_server
        }
        respond /fail 503
        respond "caddy says {http.request.uri}"
      }
      """
    let server = ChildProcess(
      [
        "ip", "netns", "exec", name, "env", "HOME=\(folder.path)", "caddy", "run", "--adapter", "caddyfile",
        "--config", folder.write(configuration, to: "Caddyfile"),
      ], errors: .file(folder.file("err")))
    Network.awaitListener(44_321, of: server, in: name)
    #expect(server.isRunning, "\(Shell.read(folder.file("err")))")
    return server
  }

  /// The answers by status in Caddy's log, once it has `count` of them.
  private static func logged(_ count: Int, in folder: Folder) -> [String: Int] {
    struct Entry: Decodable {
      var status: Int
    }
    var statuses: [String: Int] = [:]
    for _ in 0..<600 {
      statuses = [:]
      for line in Shell.read(folder.file("access.log")).split(separator: "\n") {
        guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(line.utf8)) else { continue }
        statuses["\(entry.status)", default: 0] += 1
      }
      if statuses.values.reduce(0, +) >= count { break }
      usleep(50_000)
    }
    return statuses
  }

  /// A server and its client, one program with Debian's static OpenSSL in it, found among what processes execute.
  @Test func `requests of a program that carries OpenSSL count once`() throws {
    let network = Network()
    let name = network.pair().server
    let folder = Folder(), program = folder.file("carried")
    folder.makeCertificate()
    Shell.run(
      "gcc -O1 -o \(program) \(JSONDocumentTests.root)/Tests/EndToEndTests/Scripts/carried.c -l:libssl.a -l:libcrypto.a"
    )
    let process = ChildProcess(
      [
        "ip", "netns", "exec", name, program, "44323", "50", folder.file("certificate.pem"),
        folder.file("key.pem"),
      ], isFed: true, output: .file(folder.file("out")))
    for _ in 0..<1_000 where process.isRunning && !Shell.read(folder.file("out")).contains("ready") {
      usleep(20_000)
    }
    let monitor = Monitor(in: name, ["--tls", "--tls-port", "44323", "--format", "json"])
    process.endInput()
    #expect(process.wait(seconds: 60) && process.status == 0)
    let output = monitor.end().output
    let summary = Lines(output).summary
    #expect(summary?.requests == 100 && summary?.statuses == ["200": 100], "\(String(describing: summary))")
    #expect(summary?.siteCounts == ["shop.example": 100])
    #expect(summary?.inFlight == 0 && summary?.isBalanced == true)
    #expect(
      OwnerTests.owners(output) == [
        .init(role: "server", process: "carried", requests: 100),
        .init(role: "client", process: "carried", requests: 100),
      ])
  }
}
