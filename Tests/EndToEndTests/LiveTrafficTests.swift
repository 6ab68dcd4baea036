// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Real servers and clients; the server's own log is the ground truth.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct LiveTrafficTests {
  static let backends = ["ebpf", "pcap"]

  /// Requests of several methods, sites and outcomes; returns how many.
  static func mixedTraffic(from client: String, to address: String) -> Int {
    let script = """
      for n in 1 2 3; do
        curl -s -o /dev/null -H "Host: Google.com" http://\(address)/a/b
        curl -s -o /dev/null -H "Host: google.com:80" http://\(address)/echo?q=$n
      done
      curl -s -o /dev/null -H "Host: linkedin.com" http://\(address)/nothing
      curl -s -o /dev/null -X POST -d name=value http://\(address)/echo
      curl -s -o /dev/null -X PUT -d x http://\(address)/made http://\(address)/none
      curl -s -I -o /dev/null http://\(address)/a/b http://\(address)/
      curl -s -o /dev/null -X DELETE http://\(address)/forbid
      curl -s -o /dev/null -X OPTIONS http://\(address)/fail
      curl -s -o /dev/null -X PROPFIND http://\(address)/echo
      curl -s -o /dev/null http://\(address)/big http://\(address)/move
      """
    Network.run(script, in: client)
    return 17
  }

  static func expectSameAsLog(_ summary: Lines.Interval?, _ server: WebServer) {
    guard let summary else {
      Issue.record("there is no summary")
      return
    }
    #expect(summary.requests == server.log.values.reduce(0, +))
    #expect(summary.exchanges == summary.requests)
    #expect(summary.methods == server.count(\.method))
    #expect(summary.statuses.filter { !$0.key.hasPrefix("1") } == server.count(\.status))
    #expect(summary.siteCounts == server.count { $0.site.replacing(/:\d+$/, with: "") })
    #expect(summary.isBalanced)
    #expect(summary.capture.lost == 0)
  }

  @Test(arguments: backends, [nil, "eth0"])
  func `nginx and wiretally count the same`(backend: String, interface: String?) {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(
      in: name, ["--backend", backend, "--format", "json"] + (interface.map { ["-i", $0] } ?? []))
    let sent =
      Self.mixedTraffic(from: client, to: "10.77.0.2") + Self.mixedTraffic(from: client, to: "[fd77::2]")
    server.waitForLog(sent)
    let ended = monitor.end()
    #expect(ended.status == 0)
    #expect(server.log.values.reduce(0, +) == sent)
    Self.expectSameAsLog(Lines(ended.output).summary, server)
  }

  @Test(arguments: backends, [[], ["-i", "lo"], ["--depth", "heads"]])
  func `loopback traffic counts once`(backend: String, options: [String]) {
    let network = Network()
    let name = network.add("l")
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["--backend", backend, "--format", "json"] + options)
    let sent = Self.mixedTraffic(from: name, to: "127.0.0.1") + Self.mixedTraffic(from: name, to: "[::1]")
    server.waitForLog(sent)
    let summary = Lines(monitor.end().output).summary
    Self.expectSameAsLog(summary, server)
    // Where bodies pass as well, TCP may send some segment again; a second sighting would be of every head.
    #expect(summary?.capture.duplicates ?? .max < (options.contains("heads") ? 1 : sent))
  }

  @Test(.enabled(if: Machine.hasLoad, "needs wrk"), arguments: backends)
  func `under load every request is counted`(backend: String) {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["--backend", backend, "--format", "json", "--interval", "1s"])
    let wrk = Network.run("wrk -t1 -c16 -d3s -H \"Host: load.example\" http://10.77.0.2/echo", in: client)
    #expect(wrk.status == 0)
    usleep(500_000)
    let lines = Lines(monitor.end().output)
    let logged = server.log.values.reduce(0, +)
    #expect(logged > 1_000)
    if let summary = lines.summary, summary.capture.lost == 0 {
      #expect(summary.requests == logged)
      // The last requests of each connection may be cut off by the end of the load.
      #expect(summary.exchanges <= logged && summary.exchanges >= logged - 16)
      #expect(summary.isBalanced)
      #expect(lines.intervals.map(\.requests).reduce(0, +) == logged)
    } else {
      // A slow machine may lose some; it must say so.
      #expect((lines.summary?.capture.lost ?? 0) > 0)
    }
  }

  @Test(.enabled(if: Machine.hasLoad, "needs wrk"), arguments: backends, [[], ["--workers", "3"]])
  func `pipelined requests count as the server logs them`(backend: String, options: [String]) {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["--backend", backend, "--format", "json"] + options)
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Scripts/pipeline.lua").path
    let wrk = Network.run("wrk -t1 -c16 -d3s -s \(script) http://10.77.0.2/", in: client)
    #expect(wrk.status == 0)
    server.waitForLog(2_900)
    usleep(500_000)
    #expect(server.count(\.status)["404"] ?? 0 >= 290)
    Self.expectSameAsLog(Lines(monitor.end().output).summary, server)
  }

  /// In one segment of loopback: a hundred requests, of which one ends at the byte where a record does, and two after
  /// single ones.
  @Test(arguments: backends, ["auto", "heads"])
  func `a batch of requests in one write counts as the server logs it`(backend: String, depth: String) {
    let network = Network()
    let name = network.add("l")
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["--backend", backend, "--format", "json", "--depth", depth])
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Scripts/batches.py").path
    let client = Network.run("python3 \(script) 127.0.0.1", in: name)
    #expect(client.status == 0, "\(client.output)")
    server.waitForLog(105)
    let summary = Lines(monitor.end().output).summary
    #expect(server.log.values.reduce(0, +) == 105)
    if depth == "auto" {
      Self.expectSameAsLog(summary, server)
    } else {
      #expect(summary?.requests == 105 && summary?.isBalanced == true)
    }
  }

  /// Kernels before 6.8 have this limit on a socket's filter unless someone has raised it; later ones
  /// have it a network namespace, so that it can be set here.
  @Test
  func `the filter is small enough for older kernels to attach`() {
    let network = Network()
    let name = network.add("m")
    // Where it is the whole machine's, it is what every test has.
    let limit = "/proc/sys/net/core/optmem_max"
    Network.run("[ ! -e \(limit) ] || echo 20480 >\(limit)", in: name)
    let monitor = Monitor(in: name, ["--backend", "ebpf", "--format", "json"])
    let ended = monitor.end()
    #expect(ended.status == 0, "\(ended.errors)")
  }
}
