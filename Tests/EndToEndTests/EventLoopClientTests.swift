// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// Clients that move bytes between sockets and the TLS library themselves. nginx's own log is the ground truth: each request counts
/// once, with the port that the server logs, whether the server's text is read too or only the client's.
@Suite(
  .serialized,
  .enabled(
    if: Machine.hasServers && Shell.has("node"),
    "needs root, network namespaces, nginx, Node.js and Python"))
struct EventLoopClientTests {
  /// A client, which asks once the file `go` is there, half of its connections by TLS 1.2.
  struct Client: CustomTestStringConvertible {
    var testDescription: String
    var command: [String]
    var script: String
    var carriesLibrary = false
  }

  static let port = 44_345
  private static let requests = 600

  private static let node = """
    const fs = require("fs"), https = require("https"), http2 = require("http2");
    const options = i => ({rejectUnauthorized: false, maxVersion: i % 2 ? "TLSv1.2" : "TLSv1.3"});
    const begin = ask => fs.existsSync("go") ? ask() : setTimeout(begin, 20, ask);
    const get = (path, more) => new Promise((answered, failed) =>
      https.get({host: "10.77.0.2", port: \(port), path, ...more},
        answer => answer.resume().on("end", answered)).on("error", failed));

    """
  private static let asyncio = """
    import asyncio, os, ssl
    async def ask(i):
        context = ssl._create_unverified_context()
        if i % 2:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        reader, writer = await asyncio.open_connection("10.77.0.2", \(port), ssl=context)
        for k in range(15):
            writer.write(f"GET /{'nowhere' if k == 14 else 'of'}/{i}/{k} HTTP/1.1\\r\\nHost: shop.example\\r\\n\\r\\n".encode())
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split()[0]))
        writer.close()
    async def main():
        while not os.path.exists("go"):
            await asyncio.sleep(0.02)
        await asyncio.gather(*(ask(i) for i in range(40)))
    asyncio.run(main())
    """

  static let clients = [
    Client(
      testDescription: "Node.js, connections that are kept", command: ["node"],
      script: node + """
        begin(() => [...Array(40).keys()].map(async i => {
          const agent = new https.Agent({keepAlive: true, maxSockets: 1, ...options(i)});
          for (let k = 0; k < 15; k++) await get(`/${k == 14 ? "nowhere" : "of"}/${i}/${k}`, {agent});
          agent.destroy();
        }));
        """, carriesLibrary: EventLoopTLSTests.carriesLibrary),
    Client(
      testDescription: "Node.js, a connection each", command: ["node"],
      script: node + """
        begin(() => [...Array(40).keys()].map(async i => {
          for (let k = 0; k < 15; k++)
            await get(`/${k == 14 ? "nowhere" : "of"}/${i}/${k}`, {agent: false, ...options(i)});
        }));
        """, carriesLibrary: EventLoopTLSTests.carriesLibrary),
    Client(
      testDescription: "Node.js, HTTP/2", command: ["node"],
      script: node + """
        begin(() => [...Array(40).keys()].map(async i => {
          const session = http2.connect("https://10.77.0.2:\(port)", options(i));
          await Promise.all([...Array(15).keys()].map(k => new Promise(answered =>
            session.request({":path": `/${k == 14 ? "nowhere" : "of"}/${i}/${k}`}).resume().on("close", answered).end())));
          session.close();
        }));
        """, carriesLibrary: EventLoopTLSTests.carriesLibrary),
    Client(testDescription: "asyncio", command: ["/usr/bin/env", "python3"], script: asyncio),
  ]

  private static let nginx = """
    daemon off; user root; pid pid; error_log error.log; worker_processes 2; events { worker_connections 1024; }
    http {
      log_format entries '$remote_port $request_uri $status'; access_log log entries;
      ssl_certificate certificate.pem; ssl_certificate_key key.pem; ssl_protocols TLSv1.2 TLSv1.3;
      server {
        listen \(port) ssl http2;
        location / { return 200 hello; }
        location /nowhere { return 404; }
      }
    }
    """

  private struct Line: Decodable {
    var type: String
    var client: String?
    var clientPort: Int?
    var server: String?
    var serverPort: Int?
    var target: String?
    var status: Int?
  }

  /// Waits until a file has as many lines as there are requests.
  private static func awaitLog(_ path: String) -> [String] {
    for _ in 0..<1_500 {
      let lines = Shell.read(path).split(separator: "\n").map(String.init)
      if lines.count >= requests { return lines }
      usleep(20_000)
    }
    return Shell.read(path).split(separator: "\n").map(String.init)
  }

  /// nginx in a namespace, whose text nobody reads where its library is open for writing.
  private static func server(in name: String, _ folder: Folder, isRead: Bool) throws -> (
    ChildProcess, FileHandle?
  ) {
    var environment = ["env"]
    var writer: FileHandle?
    if !isRead {
      let library = folder.file("libssl.so.3")
      Shell.run("cp \(LaterTLSTests.library) \(library)")
      writer = try FileHandle(forWritingTo: URL(fileURLWithPath: library))
      environment.append("LD_LIBRARY_PATH=\(folder.path)")
    }
    let process = ChildProcess(
      ["ip", "netns", "exec", name] + environment + [
        "nginx", "-p", folder.path, "-c", folder.file("nginx.conf"), "-e", folder.file("error.log"),
      ], errors: .file(folder.file("errors")))
    Network.awaitListener(port, of: process, in: name)
    return (process, writer)
  }

  private static func expectSame(
    _ output: String, as truth: [String], _ folder: Folder,
    between expected: Set<String> = ["10.77.0.1 10.77.0.2 \(port)"]
  ) {
    let counted = output.split(separator: "\n")
      .compactMap { try? JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
      .filter { $0.type == "exchange" }
    #expect(truth.count == requests, "\(Shell.read(folder.file("client-errors")))")
    let entries = counted.map { "\($0.clientPort ?? -1) \($0.target ?? "") \($0.status ?? 0)" }
    let difference = entries.sorted().difference(from: truth.sorted())
    #expect(difference.isEmpty, "\(difference.count) of \(truth.count): \(difference.prefix(6))")
    let ends = Set(counted.map { "\($0.client ?? "") \($0.server ?? "") \($0.serverPort ?? 0)" })
    #expect(ends == expected)
  }

  /// The client began before the watch; one that carries the library and is the only one that is read, after it.
  @Test(arguments: clients, [false, true])
  func `requests of a client that receives by itself count once, with the port that the server logs`(
    client: Client, isServerRead: Bool
  ) throws {
    let network = Network()
    let (place, name) = network.pair()
    let folder = Folder()
    folder.makeCertificate()
    folder.write(client.script, to: "script")
    folder.write(Self.nginx, to: "nginx.conf")
    let (server, writer) = try Self.server(in: name, folder, isRead: isServerRead)
    defer { writer?.closeFile() }
    let isLate = client.carriesLibrary && !isServerRead
    var program = client.command
    if isLate {
      Shell.run("cp $(command -v \(program[0])) \(folder.file("program"))")
      program = [folder.file("program")]
    }
    func start() -> ChildProcess {
      let command = "cd \(folder.path) && exec \(program.joined(separator: " ")) script"
      return ChildProcess(
        ["ip", "netns", "exec", place, "sh", "-c", command], errors: .file(folder.file("client-errors")))
    }
    var process = isLate ? nil : start()
    let monitor = Monitor(
      in: name, ["--tls", "--tls-port", "\(Self.port)", "--follow", "--format", "json"])
    if isLate {
      process = start()
      try #require(monitor.waitsForErrors("is read now: \(program[0])", seconds: 150))
    }
    _ = FileManager.default.createFile(atPath: folder.file("go"), contents: Data())
    let truth = Self.awaitLog(folder.file("log"))
    #expect(process?.wait(seconds: 30) == true && process?.status == 0)
    let output = monitor.end().output
    server.send(SIGTERM)
    server.wait(seconds: 20)
    Self.expectSame(output, as: truth, folder)
  }

  /// What it receives from its clients comes right before what it writes to its server, and both ends are one thread's.
  @Test
  func
    `requests through a proxy that receives by itself count once at each side, with the ports that are logged`()
    throws
  {
    let network = Network()
    let (place, name) = network.pair()
    let folder = Folder(), port = Self.port + 1
    folder.makeCertificate()
    folder.write(Self.nginx, to: "nginx.conf")
    folder.write(
      Self.node + """
        const pem = fs.readFileSync("both.pem"), log = fs.openSync("proxy-log", "w");
        https.createServer({key: pem, cert: pem}, (request, response) => {
          fs.writeSync(log, `${request.socket.remotePort} ${request.url} 200\\n`);
          const more = {...options(request.url.length), agent: request.url.endsWith("1") ? false : undefined};
          https.get({host: "10.77.0.2", port: \(Self.port), path: request.url.replace("in", "out"), ...more},
            answer => answer.pipe(response));
        }).listen(\(port));
        """, to: "script")
    let (server, _) = try Self.server(in: name, folder, isRead: true)
    let proxy = ChildProcess(
      ["ip", "netns", "exec", place, "sh", "-c", "cd \(folder.path) && exec node script"],
      errors: .file(folder.file("client-errors")))
    Network.awaitListener(port, of: proxy, in: place)
    let monitor = Monitor(
      in: name, ["--tls", "--tls-port", "\(Self.port),\(port)", "--follow", "--format", "json"])
    Network.run(
      """
      for i in $(seq 30); do
        if [ $((i % 2)) = 0 ]; then limit=; else limit='--tls-max 1.2'; fi
        curl -sk --http1.1 $limit -o /dev/null https://10.77.0.1:\(port)/in/$i/[0-9] &
      done
      wait
      """, in: name)
    let output = monitor.end().output
    for process in [server, proxy] {
      process.send(SIGTERM)
      process.wait(seconds: 20)
    }
    let truth = ["log", "proxy-log"].flatMap {
      Shell.read(folder.file($0)).split(separator: "\n").map(String.init)
    }
    Self.expectSame(
      output, as: truth, folder,
      between: ["10.77.0.1 10.77.0.2 \(Self.port)", "10.77.0.2 10.77.0.1 \(port)"])
  }
}
