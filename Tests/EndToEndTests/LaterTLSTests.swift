// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// TLS libraries and programs that appear while a watch runs, which its helper process attaches to. The servers' own logs are
/// the ground truth.
@Suite(
  .serialized,
  .enabled(
    if: Machine.hasServers && Shell.has("caddy"), "needs root, network namespaces, nginx, Caddy and curl"))
struct LaterTLSTests {
  static let library = "/usr/lib/x86_64-linux-gnu/libssl.so.3"

  private static func read(_ path: String) -> String { "TLS text of a library is read now: \(path)" }

  /// The helper process of a watch: its child that attaches.
  static func helper(of monitor: Monitor) -> Int32? {
    let path = "/proc/\(monitor.identifier)/task/\(monitor.identifier)/children"
    return Shell.read(path).split(separator: " ").compactMap { Int32($0) }.first {
      Shell.read("/proc/\($0)/cmdline").hasPrefix("wiretally\0attach")
    }
  }

  private static func line(_ name: String, of process: Int32) -> String? {
    Shell.read("/proc/\(process)/status").split(separator: "\n").first { $0.hasPrefix(name + ":") }
      .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
  }

  /// nginx with a library of its own, which starts later; the library replaced by rename, as packages do, and nginx started
  /// again; the end of the helper process, which takes nothing along.
  @Test func `a server of a library that appears later counts as it logs, and of the one that replaces it`()
    throws
  {
    let network = Network()
    let (client, name) = network.pair()
    let folder = Folder(), copy = folder.file("libssl.so.3")
    let monitor = Monitor(in: name, ["--tls", "--tls-port", "44328", "--format", "json"])
    let helper = try #require(Self.helper(of: monitor))
    Shell.run("cp \(Self.library) \(copy)")
    var truth = 0
    for round in 1...2 {
      let server = WebServer(
        in: name, ports: [44_328], isTLS: true, through: ["env", "LD_LIBRARY_PATH=\(folder.path)"])
      try #require(monitor.waitsForErrors(Self.read(copy), times: round, seconds: 150))
      if round == 2 {
        kill(helper, SIGKILL)
        try #require(monitor.waitsForErrors("the process that looked for them has ended", seconds: 150))
      } else {
        Self.expectBounds(of: helper)
      }
      let site = "https://10.77.0.2:44328"
      let ran = Network.run(
        """
        for i in $(seq 8); do curl -sk --http1.1 -o /dev/null \(site)/a/b --next -sk --http1.1 \(site)/fail; done
        for i in $(seq 8); do curl -sk --http2 -o /dev/null \(site)/echo || exit 1; done
        """, in: client)
      #expect(ran.status == 0, "\(ran.errors)")
      server.waitForLog(24)
      truth += server.log.values.reduce(0, +)
      server.stop()
      Shell.run("cp \(Self.library) \(copy).new && mv \(copy).new \(copy)")
    }
    let summary = Lines(monitor.end().output).summary
    #expect(truth == 48)
    #expect(
      summary?.requests == 48 && summary?.statuses == ["200": 32, "503": 16], "\(String(describing: summary))"
    )
    #expect(summary?.inFlight == 0 && summary?.isBalanced == true)
    #expect(summary?.capture.lost == 0 && summary?.capture.truncated == 0)
  }

  @Test func `the helper process ends with its watch, however that ends`() throws {
    for signal in [SIGKILL, SIGTERM] {
      let network = Network()
      let monitor = Monitor(in: network.add("a"), ["--tls", "--tls-port", "44331", "--format", "json"])
      let helper = try #require(Self.helper(of: monitor))
      // Since it has dropped what it does not need, it is tied to its watch.
      for _ in 0..<1_000 where Self.line("Seccomp", of: helper) != "2" { usleep(20_000) }
      kill(monitor.program, signal)
      let ended = monitor.wait()
      #expect(!ended.errors.contains("may outlive"), "\(ended.errors)")
      // Its parent does not wait for it: what adopts it may take a while to do so.
      func hasEnded() -> Bool { Self.line("State", of: helper).map { $0.hasPrefix("Z") } ?? true }
      for _ in 0..<1_000 where !hasEnded() { usleep(20_000) }
      #expect(hasEnded())
    }
  }

  /// What it keeps: its capabilities, its open files, no other user, no gain of privileges, a filter of system calls.
  private static func expectBounds(of helper: Int32) {
    // CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_LEASE, CAP_PERFMON and CAP_BPF.
    for set in ["CapEff", "CapPrm"] { #expect(line(set, of: helper) == "000000c010080004") }
    for set in ["CapInh", "CapBnd", "CapAmb"] { #expect(line(set, of: helper) == "0000000000000000") }
    #expect(line("NoNewPrivs", of: helper) == "1" && line("Seccomp", of: helper) == "2")
    #expect(line("Uid", of: helper)?.hasPrefix("0") == false)
    // Between its looks: in one, it has a file open that it reads.
    var files: [Substring] = []
    for _ in 0..<1_000 where files.count != 5 {
      files = Shell.attempt("readlink /proc/\(helper)/fd/*").output.split(separator: "\n")
      usleep(20_000)
    }
    #expect(files.count == 5 && files.filter { $0.contains("bpf-prog") }.count == 2, "\(files)")
    #expect(!files.contains { $0.contains("bpf-map") || $0.contains("perf") })
  }

  /// One Go program in two containers, as it were: two mount namespaces, each with an overlay of the same folders.
  @Test func `a program that appears later in two overlays of one file counts once each time it is asked`()
    throws
  {
    let network = Network()
    let (client, name) = network.pair()
    let folder = Folder()
    folder.makeCertificate()
    Shell.run("cd \(folder.path) && mkdir lower other first second && cp $(command -v caddy) lower/caddy")
    let monitor = Monitor(in: name, ["--tls", "--tls-port", "44329,44330", "--format", "json"])
    var servers: [ChildProcess] = []
    for (place, port) in [("first", 44_329), ("second", 44_330)] {
      let configuration = """
        {
          admin off
          auto_https off
        }
        https://:\(port) {
          tls \(folder.file("certificate.pem")) \(folder.file("key.pem"))
          respond "caddy says {http.request.uri}"
        }
        """
      let file = folder.write(configuration, to: "\(place).caddy")
      let script = """
        mount -t overlay overlay -o lowerdir=\(folder.file("lower")):\(folder.file("other")) \(folder.file(place)) &&
        exec env HOME=\(folder.path) \(folder.file(place))/caddy run --adapter caddyfile --config \(file)
        """
      let server = ChildProcess(
        ["ip", "netns", "exec", name, "unshare", "-m", "sh", "-c", script], errors: .file(file + ".err"))
      Network.awaitListener(port, of: server, in: name)
      servers.append(server)
      if place == "first" {
        try #require(monitor.waitsForErrors(Self.read(folder.file("first/caddy")), seconds: 150))
      }
    }
    // Both are one file: the second process has the probes since its start.
    let ran = Network.run(
      """
      for port in 44329 44330; do for i in $(seq 8); do
        curl -sk --http1.1 -o /dev/null https://10.77.0.2:$port/a || exit 1
        curl -sk --http2 -o /dev/null https://10.77.0.2:$port/b || exit 1
      done; done
      """, in: client)
    #expect(ran.status == 0, "\(ran.errors)")
    // Time for the helper process to see the second one, and to leave it as it is.
    usleep(3_000_000)
    let more = Network.run(
      "for i in $(seq 10); do curl -sk -o /dev/null https://10.77.0.2:44330/c || exit 1; done", in: client)
    #expect(more.status == 0)
    let ended = monitor.end()
    for server in servers {
      server.send(SIGTERM)
      server.wait(seconds: 20)
    }
    #expect(!ended.errors.contains(Self.read(folder.file("second/caddy"))), "\(ended.errors)")
    let summary = Lines(ended.output).summary
    #expect(
      summary?.requests == 42 && summary?.statuses == ["200": 42] && summary?.inFlight == 0,
      "\(String(describing: summary))")
    #expect(summary?.isBalanced == true && summary?.capture.lost == 0)
  }
}
