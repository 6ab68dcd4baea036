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
    folder.write(Self.client, to: "client.py")
    folder.write(Self.server, to: "server.py")
    folder.makeCertificate()
    let server = ChildProcess(
      ["ip", "netns", "exec", name, "python3"]
        + ["server.py", "certificate.pem", "key.pem"].map { folder.file($0) },
      errors: .file(folder.file("log")))
    Network.awaitListener(44_332, of: server, in: name)
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
