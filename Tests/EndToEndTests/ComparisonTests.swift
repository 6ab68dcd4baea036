// SPDX-License-Identifier: Apache-2.0
import Foundation
import PacketBuilder
import Testing

/// What people compare it with, and what a page without requests says.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct ComparisonTests {
  @Test(
    .enabled(
      if: Shell.has("tcpdump") && Shell.has("tshark") && Shell.has("wget"), "needs tcpdump, tshark and wget"))
  func `for a hundred files tcpdump, tshark and wiretally tell the same number`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let dump = PacketDump(in: name, "eth0")
    let file = dump.file
    let monitor = Monitor(in: name, ["-i", "eth0", "--format", "json"])
    let list = (1...100).map { "http://10.77.0.2/echo?\($0)\n" }.joined()
    Shell.run(
      "ip netns exec \(client) wget -q -O /dev/null -i -", input: Data(list.utf8))
    server.waitForLog(100)
    let summary = Lines(monitor.end().output).summary
    // What is behind the last request comes with the ring's next block, at most a second later.
    usleep(1_500_000)
    dump.end()
    #expect(server.log.values.reduce(0, +) == 100)
    #expect(summary?.requests == 100)
    let heads = Shell.run("tcpdump -r \(file) -n 2>/dev/null | grep -c 'HTTP: GET /echo'").output
    #expect(Int(heads.trimmingCharacters(in: .whitespacesAndNewlines)) == 100)
    let shark = Shell.run("tshark -r \(file) -Y http.request 2>/dev/null | wc -l").output
    #expect(Int(shark.trimmingCharacters(in: .whitespacesAndNewlines)) == 100)
    let read = Shell.run("\(Machine.program) read --format json \(file)").output
    #expect(Lines(read).summary?.requests == 100)
  }

  @Test(.enabled(if: Shell.has(Stage.python), "needs python3"), arguments: LiveTrafficTests.backends)
  func `a page without requests says what was there instead`(backend: String) {
    let network = Network()
    let (far, near) = network.pair()
    let stage = Stage()
    let monitor = Monitor(
      in: near, ["-i", "eth0", "--backend", backend, "--interval", "1s", "--depth", "heads"])
    let packet = Packet().with { $0.destinationMAC = [2, 0, 0, 0, 0, 2] }
    let secret = (0..<50).map {
      packet.from(port: 50_000 + UInt16($0)).payload([0x17, 3, 3, 0, 40] + Array(repeating: 9, count: 40))
    }
    stage.send(secret, by: "inject eth0", in: far)
    #expect(
      monitor.waits(
        for:
          "TLS on port 80: encrypted, not readable (all of 50 packets). Watch the plain HTTP side."
      ),
      "\(monitor.output)")
    stage.send(
      [packet.from(port: 51_000).payload("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")], by: "inject eth0", in: far)
    #expect(
      monitor.waits(
        for: "HTTP/2 on port 80: not read at this depth (1 connections). Try --depth streams"))
    stage.send([packet.to(port: 81).payload("GET / HTTP/1.1\r\n\r\n")], by: "inject eth0", in: far)
    #expect(
      monitor.waits(
        for: backend == "pcap"
          ? "No packets with payload for port 80 on eth0" : "No TCP on port 80 ("))
    #expect(monitor.end().output.contains("Total Requests: 0"))
  }
}
