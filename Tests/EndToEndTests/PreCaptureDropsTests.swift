// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Loss before any capture. What the backlog holds is a setting of the whole machine, and a card's loss takes a
/// card: the files that count them are other ones here, mounted in the program's own view of /proc and /sys.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, ip netns, nginx and curl"))
struct PreCaptureDropsTests {
  /// The folder `net` stands for /proc/net, the file `missed` for the counter of eth0.
  private final class Counters {
    let folder = Folder()

    init(backlog: String?, missed: String) {
      Shell.run("mkdir \(folder.file("net"))")
      if let backlog { write("net/softnet_stat", backlog) }
      write("missed", missed)
    }

    /// Written in place, as long as before: a reader sees one or the other.
    func write(_ name: String, _ text: String) {
      Shell.run("dd of=\(folder.file(name)) conv=notrunc status=none", input: Data((text + "\n").utf8))
    }

    var mounting: [String] {
      let card = "/sys/class/net/eth0/statistics/rx_missed_errors"
      let line =
        "mount --bind \(folder.file("net")) /proc/$$/net && mount --bind \(folder.file("missed")) \(card)"
      return ["sh", "-c", line + " && exec \"$@\"", "sh"]
    }
  }

  @Test(arguments: LiveTrafficTests.backends)
  func `loss in the backlog and in the card is on the page, in JSON and in the metrics`(backend: String)
    throws
  {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let counters = Counters(backlog: "00000009 00000005\n00000009 00000007", missed: "100")
    func start(_ format: [String]) -> Monitor {
      Monitor(
        in: name, ["--backend", backend, "-i", "eth0", "--interval", "1s"] + format,
        through: counters.mounting, isTraced: false)
    }
    let page = start(["--listen", "127.0.0.1:9180"])
    let lines = start(["--format", "json"])
    #expect(page.waitsForErrors("serving metrics"), "\(page.errors)")
    Network.run("curl -s -o /dev/null -H Host:a.example http://10.77.0.2/echo", in: client)
    server.waitForLog(1)
    #expect(page.waits(for: "Total Requests: 1\n"), "\(page.output)")
    #expect(lines.waits(for: "\"backlogDropped\":0,\"nicMissed\":0}"), "\(lines.output)")
    #expect(!page.output.contains("before capture"))

    counters.write("net/softnet_stat", "00000009 00000006\n00000009 00000012")
    counters.write("missed", "103")
    #expect(
      page.waits(for: "\t12 packets dropped in the kernel's backlog before capture (whole machine).\n"),
      "\(page.output)")
    #expect(page.waits(for: "\t3 packets missed by network cards before capture (eth0).\n"))
    #expect(lines.waits(for: "\"nicMissed\":3"), "\(lines.output)")
    var metrics = ""
    for _ in 0..<100 where !metrics.contains("wiretally_nic_missed_packets_total 3\n") {
      metrics = Network.attempt("curl -s -m 10 http://127.0.0.1:9180/metrics", in: name).output
      usleep(100_000)
    }
    #expect(metrics.contains("wiretally_backlog_dropped_packets_total 12\n"), "\(metrics)")
    #expect(metrics.contains("wiretally_nic_missed_packets_total 3\n"))

    let ended = page.end()
    #expect(ended.status == 0)
    let summary = try #require(ended.output.components(separatedBy: "Summary").last)
    #expect(summary.contains("12 packets dropped in the kernel's backlog"))
    // What a connection lost on the way is sent again, and then it is counted.
    #expect(summary.contains("Total Requests: 1\n"))
    let life = try #require(Lines(lines.end().output).summary)
    #expect(life.capture.backlogDropped == 12 && life.capture.nicMissed == 3)
    #expect(life.requests == 1 && life.isBalanced)
  }

  @Test func `what cannot be read is left out`() throws {
    let network = Network()
    let (_, name) = network.pair()
    let counters = Counters(backlog: nil, missed: "many")
    let monitor = Monitor(
      in: name, ["-i", "eth0", "--format", "json"], through: counters.mounting, isTraced: false)
    let ended = monitor.end()
    #expect(ended.status == 0)
    let capture = try #require(Lines(ended.output).summary).capture
    #expect(capture.backlogDropped == nil && capture.nicMissed == nil)
  }

  @Test(arguments: LiveTrafficTests.backends)
  func `a re-created interface keeps its count, and the descriptors as they were`(
    backend: String
  ) {
    let network = Network()
    let (client, name) = network.pair()
    let monitor = Monitor(
      in: name, ["--backend", backend, "-i", "eth0", "--format", "json", "--interval", "200ms"])
    func descriptors() -> Int {
      ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(monitor.program)/fd")) ?? []).count
    }
    #expect(monitor.waits(for: "\"nicMissed\":0"), "\(monitor.output)")
    let before = descriptors()
    #expect(before > 0)
    Shell.run("ip -n \(name) link del eth0")
    #expect(monitor.waitsForErrors("has been down since"))
    network.join(client, "eth0", "10.77.0.1/24", name, "eth0", "10.77.0.2/24")
    #expect(monitor.waitsForErrors("interface eth0 is back"))
    let seen = Lines(monitor.output).intervals.count
    for _ in 0..<600 where Lines(monitor.output).intervals.count < seen + 10 { usleep(50_000) }
    let last = Lines(monitor.output).intervals.last?.capture
    #expect(last?.nicMissed == nil && last?.backlogDropped != nil)
    #expect(descriptors() == before)
    #expect(monitor.end().status == 0)
  }
}
