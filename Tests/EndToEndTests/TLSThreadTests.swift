// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// Threads and the places that the kernel's program keeps for them, of which there are 8,192: one that waits keeps its
/// own, and those of threads that have ended are given to others.
@Suite(.enabled(if: Machine.hasServers, "needs root, network namespaces and Python"))
struct TLSThreadTests {
  /// Makes a connection, on which the server's thread waits for a request, and calls the library in ten thousand threads
  /// before that comes; then makes another connection in another thread.
  private static let client = """
    import socket, ssl, sys, threading, time
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    def connect():
        return context.wrap_socket(socket.create_connection(("10.77.0.2", 44332)))
    def ask(connection, path):
        connection.sendall(f"GET {path} HTTP/1.1\\r\\nHost: shop.example\\r\\nConnection: close\\r\\n\\r\\n".encode())
        while connection.recv(65536):
            pass
    def call():
        try:
            context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO()).do_handshake()
        except ssl.SSLWantReadError:
            pass
    def run(work):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    waiting = connect()
    time.sleep(0.5)
    for _ in range(10000):
        run(call)
    ask(waiting, "/first")
    run(lambda: ask(connect(), "/second"))
    """

  /// Serves each connection by a thread, which waits inside the library.
  private static let server = """
    import http.server, ssl, sys
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(204)
            self.end_headers()
    server = http.server.ThreadingHTTPServer(("", 44332), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
    """

  @Test func `a thread that waits keeps its place while ten thousand others come and go`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let folder = Folder()
    try Self.client.write(toFile: folder.file("client.py"), atomically: true, encoding: .utf8)
    try Self.server.write(toFile: folder.file("server.py"), atomically: true, encoding: .utf8)
    Shell.run(
      """
      cd \(folder.path) && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
      -subj /CN=shop.example -days 2 -keyout key.pem -out certificate.pem
      """)
    let server = ChildProcess(
      ["ip", "netns", "exec", name, "python3"]
        + ["server.py", "certificate.pem", "key.pem"].map { folder.file($0) },
      errors: .file(folder.file("log")))
    for _ in 0..<1_000 where server.isRunning {
      if Network.run("ss -Hltn sport = :44332", in: name).output.contains("LISTEN") { break }
      usleep(20_000)
    }
    let monitor = Monitor(in: name, ["--tls", "--tls-port", "44332", "--format", "json"])
    let ran = Network.run("python3 \(folder.file("client.py"))", in: client)
    #expect(ran.status == 0, "\(ran.errors)")
    let output = monitor.end().output
    let summary = Lines(output).summary
    let log = Shell.read(folder.file("log"))
    #expect(log.contains("/first HTTP/1.1\" 204") && log.contains("/second HTTP/1.1\" 204"), "\(log)")
    #expect(summary?.requests == 2 && summary?.statuses == ["204": 2], "\(output)")
    #expect(!output.contains("tlsUnreadable"), "\(output)")
  }
}
