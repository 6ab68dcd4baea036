// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// `-i` chooses HTTPS as it chooses packets: by the interface at which it comes in.
@Suite(
  .serialized, .enabled(if: Machine.hasTranslation, "needs root, network namespaces, nginx, curl and nft"))
struct TLSInterfaceTests {
  private static let port = 44_351

  private static func watch(_ name: String, _ interfaces: String, ports: String = "44351") -> Monitor {
    Monitor(in: name, ["--tls", "--tls-port", ports, "-i", interfaces, "--format", "json"])
  }

  /// Requests for a path, each in a connection of its own.
  private static func ask(
    _ count: Int, _ path: String, at address: String, from client: String, port: Int = port,
    _ unread: UnreadClient? = nil
  ) {
    Network.run(
      """
      for n in $(seq \(count)); do
        \(unread?.prefix ?? "") curl -sk --http1.1 -m 10 -o /dev/null https://\(address):\(port)\(path) || exit 1
      done
      """, in: client)
  }

  /// Clients whose text nobody reads, as those of other machines: their library is open for writing.
  private final class UnreadClient {
    private let folder = Folder()
    private let writer: FileHandle

    init() throws {
      let library = folder.file("libssl.so.3")
      Shell.run("cp \(LaterTLSTests.library) \(library)")
      writer = try #require(FileHandle(forWritingAtPath: library))
    }

    /// What stands before a command.
    var prefix: String { "LD_LIBRARY_PATH=\(folder.path)" }

    /// Asks once, and on the same connection again when its input ends.
    func keeping(_ address: String, _ path: String, in name: String) -> ChildProcess {
      let script = JSONDocumentTests.root + "/Tests/EndToEndTests/Scripts/ask_twice.py"
      return ChildProcess(
        [
          "ip", "netns", "exec", name, "env", prefix, "python3", script, address, "\(TLSInterfaceTests.port)",
          path,
        ], isFed: true)
    }
  }

  private struct Line: Decodable {
    struct Capture: Decodable { var tlsUnplaced: Int? }
    var type: String
    var capture: Capture?
  }

  /// Texts that the summary says were left out.
  private static func unplaced(_ output: String) -> Int {
    let lines = output.split(separator: "\n").compactMap {
      try? JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    return lines.last { $0.type == "summary" }?.capture?.tlsUnplaced ?? 0
  }

  @Test func `of a server on two interfaces only the requests by the watched one count, loopback's included`()
  {
    let network = Network()
    let first = network.add("a"), second = network.add("b"), name = network.add("s")
    network.join(first, "eth0", "10.81.1.1/24", name, "eth0", "10.81.1.2/24")
    network.join(second, "eth0", "10.81.2.1/24", name, "eth1", "10.81.2.2/24")
    // Who is asked for an address answers by the interface that has it alone.
    Network.run("sysctl -qw net.ipv4.conf.all.arp_ignore=1", in: name)
    Shell.run(
      """
      ip -n \(name) link add link eth0 name layer type macvlan; ip -n \(name) addr add 10.81.3.2/24 dev layer
      ip -n \(name) link set layer up; ip -n \(first) addr add 10.81.3.1/24 dev eth0
      """)
    var monitors = [("eth0", Self.watch(name, "eth0"))]
    let server = WebServer(in: name, ports: [Self.port], isTLS: true)
    monitors += ["eth1", "lo", "eth0,lo", "layer"].map { ($0, Self.watch(name, $0)) }
    monitors.append(("any", Self.watch(name, "any")))
    Self.ask(5, "/echo", at: "10.81.1.2", from: first)
    Self.ask(3, "/fail", at: "10.81.2.2", from: second)
    Self.ask(4, "/forbid", at: "10.81.3.2", from: first)
    Self.ask(2, "/none", at: "127.0.0.1", from: name)
    // By the address of the other interface, which is received by loopback too.
    Self.ask(1, "/none", at: "10.81.2.2", from: name)
    server.waitForLog(15)
    let expected: [String: [String: Int]] = [
      "eth0": ["200": 5, "403": 4], "eth1": ["503": 3], "lo": ["204": 3],
      "eth0,lo": ["200": 5, "403": 4, "204": 3], "layer": ["403": 4],
      "any": ["200": 5, "403": 4, "503": 3, "204": 3],
    ]
    for (interfaces, monitor) in monitors {
      let ended = monitor.end()
      let summary = Lines(ended.output).summary
      #expect(summary?.statuses == expected[interfaces], "\(interfaces): \(ended.errors)")
      #expect(summary?.requests == expected[interfaces]?.values.reduce(0, +), "\(interfaces)")
      #expect(summary?.inFlight == 0 && summary?.isBalanced == true, "\(interfaces)")
      // The clients are read too, each in a network namespace of its own.
      #expect((interfaces == "any") == (Self.unplaced(ended.output) == 0), "\(interfaces)")
    }
  }

  @Test func `a re-created interface is the watched one again`() {
    let network = Network()
    let client = network.add("c"), name = network.add("s")
    func plug() { network.join(client, "eth0", "10.81.1.1/24", name, "eth0", "10.81.1.2/24") }
    plug()
    let server = WebServer(in: name, ports: [Self.port], isTLS: true)
    let monitor = Self.watch(name, "eth0")
    Self.ask(2, "/echo", at: "10.81.1.2", from: client)
    Shell.run("ip -n \(name) link del eth0")
    #expect(monitor.waitsForErrors("has been down since"))
    plug()
    #expect(monitor.waitsForErrors("interface eth0 is back"))
    Self.ask(3, "/fail", at: "10.81.1.2", from: client)
    server.waitForLog(5)
    let ended = monitor.end()
    let summary = Lines(ended.output).summary
    #expect(summary?.statuses == ["200": 2, "503": 3], "\(ended.errors)")
    #expect(summary?.isBalanced == true)
  }

  /// A bridge receives for all of its ports.
  @Test func `requests by a port of a bridge count, but for connections from before the watch`() throws {
    let network = Network()
    let first = network.add("a"), second = network.add("b"), name = network.add("s")
    network.join(first, "eth0", "10.81.1.1/24", name, "port", "10.81.9.1/24")
    network.join(second, "eth0", "10.81.1.3/24", name, "other", "10.81.9.2/24")
    Shell.run(
      """
      ip -n \(name) link add br0 type bridge; ip -n \(name) link set br0 up
      ip -n \(name) link set port master br0; ip -n \(name) link set other master br0
      ip -n \(name) addr add 10.81.1.2/24 dev br0
      """)
    let server = WebServer(in: name, ports: [Self.port], isTLS: true)
    let unread = try UnreadClient()
    let early = unread.keeping("10.81.1.2", "/made", in: first)
    server.waitForLog(1)
    let port = Self.watch(name, "port"), bridge = Self.watch(name, "br0")
    Self.ask(4, "/echo", at: "10.81.1.2", from: first, unread)
    Self.ask(3, "/fail", at: "10.81.1.2", from: second, unread)
    early.endInput()
    #expect(early.wait(seconds: 20) && early.status == 0)
    server.waitForLog(9)
    let (atPort, atBridge) = (port.end().output, bridge.end().output)
    #expect(Lines(atPort).summary?.statuses == ["200": 4])
    #expect(Lines(atBridge).summary?.statuses == ["200": 4, "503": 3, "201": 1])
    // Requests and answers by the other port, and those of the early connection.
    #expect(Self.unplaced(atPort) == 8)
    #expect(Self.unplaced(atBridge) == 0)
    #expect(Lines(atPort).summary?.inFlight == 0 && Lines(atBridge).summary?.inFlight == 0)
  }

  /// A container: its socket receives by an interface of its own network namespace.
  @Test func `requests to a container's published port count at the interface that they come in by`() throws {
    let network = Network()
    let client = network.add("c"), router = network.add("r"), container = network.add("k")
    network.join(client, "eth0", "10.81.1.1/24", router, "eth0", "10.81.1.2/24")
    network.join(container, "eth0", "172.31.0.2/24", router, "veth", "172.31.0.1/24")
    Shell.run("ip -n \(container) route add default via 172.31.0.1")
    Network.run(
      """
      sysctl -qw net.ipv4.ip_forward=1
      nft -f - <<END
      table ip nat {
        chain before { type nat hook prerouting priority -100; iifname "eth0" tcp dport 44352 dnat to 172.31.0.2:\(Self.port); }
      }
      END
      """, in: router)
    let server = WebServer(in: container, ports: [Self.port], isTLS: true)
    let ports = "44351,44352", unread = try UnreadClient()
    let outside = Self.watch(router, "eth0", ports: ports), inside = Self.watch(router, "veth", ports: ports)
    Self.ask(6, "/echo", at: "10.81.1.2", from: client, port: 44_352, unread)
    Self.ask(3, "/fail", at: "172.31.0.2", from: router, unread)
    Self.ask(2, "/none", at: "127.0.0.1", from: container, unread)
    server.waitForLog(11)
    let atOutside = outside.end().output, atInside = inside.end().output
    #expect(Lines(atOutside).summary?.statuses == ["200": 6])
    #expect(Lines(atInside).summary?.statuses == ["200": 6, "503": 3])
    #expect(Lines(atOutside).summary?.inFlight == 0 && Lines(atInside).summary?.inFlight == 0)
    // Requests and answers of the container's own; at the outer interface those that the router asked, too.
    #expect(Self.unplaced(atOutside) == 10)
    #expect(Self.unplaced(atInside) == 4)
  }
}
