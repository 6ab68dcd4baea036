// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// Servers that move bytes between sockets and the TLS library themselves: the library has no socket, and which connection its
/// text is of shows by what the thread has received before. The servers' own logs are the ground truth.
@Suite(
  .serialized,
  .enabled(
    if: Machine.hasFrameLoad && Shell.has("node"),
    "needs root, network namespaces, nginx, curl, h2load, Node.js and Python"))
struct EventLoopTLSTests {
  /// A server, which logs each request as the client's port, its target and the status.
  struct Server: CustomTestStringConvertible {
    var testDescription: String
    var command: [String]
    var script: String
    var hasFrames = false
    /// Its file has the library in it.
    var carriesLibrary: Bool
  }

  private static let node = """
    const fs = require("fs"), pem = fs.readFileSync("both.pem"), log = fs.openSync("log", "w");
    const answer = (request, response) => {
      response.statusCode = request.url.startsWith("/nowhere") ? 404 : 200;
      fs.writeSync(log, `${request.socket.remotePort} ${request.url} ${response.statusCode}\\n`);
      response.end("hello");
    };
    """
  private static let asyncio = """
    import asyncio, ssl
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("both.pem")
    log = open("log", "w")
    async def serve(reader, writer):
        port = writer.get_extra_info("peername")[1]
        try:
            while True:
                target = (await reader.readuntil(b"\\r\\n\\r\\n")).split()[1].decode()
                status = "404 Not Found" if target.startswith("/nowhere") else "200 OK"
                print(port, target, status[:3], file=log, flush=True)
                writer.write(f"HTTP/1.1 {status}\\r\\nContent-Length: 5\\r\\n\\r\\nhello".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            writer.close()
    async def main():
        server = await asyncio.start_server(serve, "0.0.0.0", 44333, ssl=context, backlog=512)
        await server.serve_forever()
    asyncio.run(main())
    """
  /// Receives from all sockets that are ready, and passes on what came in another order afterwards: what a thread received last
  /// does not say of which connection its next call is.
  private static let turns = """
    import selectors, socket, ssl
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("both.pem")
    log, select = open("log", "w"), selectors.DefaultSelector()
    listener = socket.create_server(("0.0.0.0", 44333), backlog=512)
    select.register(listener, selectors.EVENT_READ)
    class Connection:
        def __init__(self, socket):
            self.socket, self.port, self.text = socket, socket.getpeername()[1], b""
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        def close(self):
            select.unregister(self.socket)
            self.socket.close()
        def take(self, data):
            if not data:
                return self.close()
            self.incoming.write(data)
            try:
                self.tls.do_handshake()
                while piece := self.tls.read(65536):
                    self.text += piece
            except ssl.SSLWantReadError:
                pass
            except (ssl.SSLError, OSError):
                return self.close()
            while b"\\r\\n\\r\\n" in self.text:
                head, _, self.text = self.text.partition(b"\\r\\n\\r\\n")
                target = head.split()[1].decode()
                status = "404 Not Found" if target.startswith("/nowhere") else "200 OK"
                print(self.port, target, status[:3], file=log, flush=True)
                self.tls.write(f"HTTP/1.1 {status}\\r\\nContent-Length: 5\\r\\n\\r\\nhello".encode())
            self.socket.sendall(self.outgoing.read())
    while True:
        received = []
        for key, _ in select.select():
            if key.data:
                try:
                    received.append((key.data, key.data.socket.recv(65536)))
                except OSError:
                    received.append((key.data, b""))
            else:
                accepted = listener.accept()[0]
                select.register(accepted, selectors.EVENT_READ, Connection(accepted))
        for connection, data in reversed(received):
            connection.take(data)
    """

  static let servers = [
    Server(
      testDescription: "Node.js, HTTP/1", command: ["node"],
      script: node + "require('https').createServer({key: pem, cert: pem}, answer).listen(44333);",
      carriesLibrary: carriesLibrary),
    Server(
      testDescription: "Node.js, HTTP/2", command: ["node"],
      script: node + """
        require("http2").createSecureServer({key: pem, cert: pem, allowHTTP1: true}, answer).listen(44333);
        """, hasFrames: true, carriesLibrary: carriesLibrary),
    Server(
      testDescription: "asyncio", command: ["/usr/bin/env", "python3"], script: asyncio,
      carriesLibrary: false),
    Server(
      testDescription: "Python, in turns", command: ["/usr/bin/env", "python3"], script: turns,
      carriesLibrary: false),
  ]

  /// Whether Node.js has OpenSSL in its own file. Debian's is linked to the system's library.
  static let carriesLibrary = Shell.attempt("ldd $(command -v node) | grep -q libssl").status != 0

  /// Commands with connections of TLS 1.2 and 1.3 at once, each with targets of its own: 80 of them with 15 requests of HTTP/1, or
  /// 40 with 30 of HTTP/2, some at a time.
  private static func visits(_ site: String, hasFrames: Bool) -> String {
    let (last, options, targets) =
      hasFrames ? (39, "--http2 --parallel --parallel-max 5", "[0-29]") : (79, "--http1.1", "[0-14]")
    return """
      for i in $(seq 0 \(last)); do
        if [ $((i % 2)) = 0 ]; then limit=; else limit='--tls-max 1.2'; fi
        curl -sk \(options) $limit -o /dev/null \(site)/of/$i/\(targets) &
      done
      wait
      """
  }

  /// An exchange as the server logs it and as the watch shows it.
  private struct Entry: Hashable {
    var port: String
    var target: String
    var status: String
  }

  private struct Line: Decodable {
    var type: String
    var clientPort: Int?
    var target: String?
    var status: Int?
  }

  /// All that the clients ask for, whose library is in a folder of its own.
  private static func load(of server: Server, library: String) -> String {
    let site = "https://10.77.0.2:44333"
    var commands = [
      "export LD_LIBRARY_PATH=\(library)", visits(site, hasFrames: server.hasFrames),
      "h2load --h1 -n 1200 -c 60 \(site)/a \(site)/nowhere >/dev/null",
      "for i in $(seq 20); do curl -sk --http1.1 --tls-max 1.2 -o /dev/null \(site)/2/[1-3] || exit 1; done",
      "for i in $(seq 20); do curl -sk --http1.1 --tlsv1.3 -o /dev/null \(site)/3/[1-3] || exit 1; done",
    ]
    if server.hasFrames {
      commands.append("h2load -n 1200 -c 30 -m5 \(site)/frames \(site)/nowhere >/dev/null")
    }
    return commands.joined(separator: "\n")
  }

  /// The exchanges in a server's log.
  private static func logged(_ log: String) -> [Entry: Int] {
    counts(
      log.split(separator: "\n").map { line in
        let words = line.split(separator: " ").map(String.init)
        return Entry(port: words[0], target: words[1], status: words[2])
      })
  }

  /// The exchanges in the lines of a watch.
  private static func counted(_ output: String) -> [Entry: Int] {
    let lines = output.split(separator: "\n").compactMap {
      try? JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    return counts(
      // What has no address is of any port: a response without a request may be another test's, which began before the watch.
      lines.filter { $0.type == "exchange" && $0.target != nil }.map {
        Entry(
          port: "\($0.clientPort ?? -1)", target: $0.target ?? "", status: $0.status.map(String.init) ?? "")
      })
  }

  private static func counts(_ entries: some Sequence<Entry>) -> [Entry: Int] {
    entries.reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }

  /// Each request of many connections at once is of the client that the server logs, and counts once, whether the server began
  /// before the watch or after it.
  @Test(arguments: servers, [false, true])
  func `text of a server that receives by itself is of the connection that it logs`(
    server: Server, isLate: Bool
  ) throws {
    let network = Network()
    let (client, name) = network.pair()
    let folder = Folder()
    folder.makeCertificate()
    folder.write(server.script, to: "script")
    var program = server.command
    // A file that no process had mapped before the watch.
    if isLate, server.carriesLibrary {
      Shell.run("cp $(command -v \(program[0])) \(folder.file("program"))")
      program = [folder.file("program")]
    }
    func start() -> ChildProcess {
      let command = "cd \(folder.path) && exec \(program.joined(separator: " ")) script"
      let process = ChildProcess(
        ["ip", "netns", "exec", name, "sh", "-c", command], errors: .file(folder.file("errors")))
      Network.awaitListener(44_333, of: process, in: name)
      return process
    }
    var process = isLate ? nil : start()
    let monitor = Monitor(in: name, ["--tls", "--tls-port", "44333", "--follow", "--format", "json"])
    if isLate {
      process = start()
      if server.carriesLibrary {
        try #require(monitor.waitsForErrors("is read now: \(program[0])", seconds: 150))
      }
    }
    // Clients whose text nobody reads, so that what counts is the server's: their library is open for writing.
    let library = folder.file("libssl.so.3")
    Shell.run("cp \(LaterTLSTests.library) \(library)")
    let writer = try #require(FileHandle(forWritingAtPath: library))
    defer { writer.closeFile() }
    let ran = Network.run(Self.load(of: server, library: folder.path), in: client)
    #expect(ran.status == 0, "\(ran.errors)")
    let output = monitor.end().output
    process?.send(SIGTERM)
    process?.wait(seconds: 20)
    let truth = Self.logged(Shell.read(folder.file("log")))
    let counted = Self.counted(output)
    #expect(truth.values.reduce(0, +) == (server.hasFrames ? 3_720 : 2_520))
    let differing = Set(truth.keys).union(counted.keys).filter { truth[$0] != counted[$0] }
    #expect(differing.isEmpty, "\(differing.count) of \(truth.count): \(differing.prefix(5))")
  }
}
