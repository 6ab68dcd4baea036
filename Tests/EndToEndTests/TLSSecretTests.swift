// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// What users send in secret and `--tls` reads: of cookies and authorization nothing is in any output.
@Suite(
  .serialized, .enabled(if: Machine.hasFrameLoad, "needs root, network namespaces, nginx, curl and h2load"))
struct TLSSecretTests {
  private static let secrets = ["cookieMonster", "dXNlcjpzZWNyZXQ", "setCookieMonster", "bodyMonster"]

  /// Its answers set a cookie.
  private static let server = """
    import http.server, ssl, sys
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Set-Cookie", "id=setCookieMonster")
            self.send_header("Content-Length", "11")
            self.end_headers()
            self.wfile.write(b"bodyMonster")
        def log_message(self, *arguments):
            pass
    server = http.server.ThreadingHTTPServer(("", 44353), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
    """

  @Test(arguments: [
    ["--follow", "--format", "json", "--query", "keep"], ["--format", "json"], ["--format", "page"],
  ])
  func `cookies, authorization and bodies are in no output, no history and no file of packets`(
    format: [String]
  ) {
    let network = Network()
    let (client, name) = network.pair()
    let folder = Folder()
    folder.makeCertificate()
    Shell.run("install -d -o nobody \(folder.file("kept"))")
    let server = ChildProcess(
      [
        "ip", "netns", "exec", name, "python3", folder.write(Self.server, to: "server.py"),
        folder.file("both.pem"),
      ],
      errors: .file(folder.file("errors")))
    Network.awaitListener(44_353, of: server, in: name)
    let kept = folder.file("kept")
    let monitor = Monitor(
      in: name,
      format + [
        "--tls", "--tls-port", "44353", "--interval", "1s", "--history", kept + "/history", "--write",
        kept + "/heads.pcapng", "--listen", "127.0.0.1:9183",
      ])
    Network.run(
      """
      for i in 1 2 3; do
        curl -sk -o /dev/null -H "Cookie: id=cookieMonster" -H "Authorization: Basic dXNlcjpzZWNyZXQ" -H "Host: shop.example" \
          -d bodyMonster https://10.77.0.2:44353/asked || exit 1
      done
      """, in: client)
    // The listener's state follows the traffic by up to a tick and an interval.
    var pages = ""
    for _ in 0..<200 where !pages.contains("shop.example") {
      usleep(50_000)
      pages =
        Network.run(
          "for page in / /metrics /api/v1/snapshot; do curl -s http://127.0.0.1:9183$page; done", in: name
        ).output
    }
    let ended = monitor.end()
    server.send(SIGTERM)
    server.wait(seconds: 20)
    #expect(ended.output.contains("shop.example") && pages.contains("shop.example"))
    for secret in Self.secrets {
      for text in [ended.output, ended.errors, pages, Shell.read(monitor.alertLog)] {
        #expect(!text.contains(secret))
      }
      #expect(Shell.attempt("grep -ra \(secret) \(kept)").status == 1, "\(secret) is in a file")
    }
    #expect(Shell.attempt("ls \(kept)").output.contains("history"))
  }
}
