// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// A kernel that has no links for many probes, as before Linux 6.6: each is an event, and takes a tenth of a second to go. The first
/// such call is refused for real.
@Suite(
  .serialized,
  .enabled(if: Machine.hasServers && Shell.has("strace"), "needs root, namespaces, nginx, curl and strace"))
struct ProbeEventTests {
  private static let options = ["--tls", "--tls-port", "44331", "--format", "json"]

  /// Which bpf() call asks for such links: of no program.
  private static let linkCall: Int = {
    let folder = Folder()
    let log = folder.file("strace")
    Shell.run(
      "strace -o \(log) -e trace=bpf \(Machine.program) -t 1 -i any --tls --duration 100ms --alert-log /dev/null"
    )
    let calls = Shell.read(log).split(separator: "\n").filter { $0.contains("bpf(") }
    return (calls.firstIndex { $0.contains("BPF_LINK_CREATE") && $0.contains("prog_fd=-1") } ?? -1) + 1
  }()

  /// The process that holds the probes of a watch.
  private static func holder(of monitor: Monitor) -> Int32? {
    let program = monitor.program
    return Shell.read("/proc/\(program)/task/\(program)/children").split(separator: " ")
      .compactMap { Int32($0) }.first {
        Shell.read("/proc/\($0)/cmdline").hasPrefix("wiretally\0attach\0--hold\0")
      }
  }

  private static func isRunning(_ process: Int32) -> Bool {
    Shell.read("/proc/\(process)/cmdline").hasPrefix("wiretally\0attach\0--hold\0")
  }

  /// What it has open: links of probes, and others but the socket and what leads nowhere.
  private static func open(by process: Int32) -> (links: Int, others: [Substring]) {
    let files = Shell.attempt("readlink /proc/\(process)/fd/*").output.split(separator: "\n")
    return (
      files.filter { $0.contains("bpf_link") }.count,
      files.filter { !$0.contains("bpf_link") && !$0.hasPrefix("socket:") && !$0.hasSuffix("/dev/null") }
    )
  }

  private static func status(_ name: String, of process: Int32) -> String? {
    Shell.read("/proc/\(process)/status").split(separator: "\n").first { $0.hasPrefix(name + ":") }
      .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
  }

  @Test(arguments: [SIGTERM, SIGKILL])
  func `a watch ends at once, and its probes go after it`(signal: Int32) throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name, ports: [44_331], isTLS: true)
    try #require(Self.linkCall > 0)
    let folder = Folder(), log = folder.file("strace")
    let monitor = Monitor(
      in: name, Self.options,
      through: [
        "strace", "-o", log, "-e", "trace=bpf", "-e", "inject=bpf:error=EINVAL:when=\(Self.linkCall)",
      ])
    #expect(Shell.read(log).components(separatedBy: "(INJECTED)").count == 2)
    #expect(monitor.errors.contains("that takes Linux 6.6"), "\(monitor.errors)")
    let holder = try #require(Self.holder(of: monitor))
    // Once it is sandboxed, it has all: OpenSSL's four functions, of which three return.
    for _ in 0..<500 where Self.open(by: holder).links < 7 || Self.status("Seccomp", of: holder) != "2" {
      usleep(20_000)
    }
    let (links, files) = Self.open(by: holder)
    // Files alone, also those of programs that other tests have started: no pipe, no packet socket, no map.
    #expect(links >= 7 && files.allSatisfy { $0.hasPrefix("/") }, "\(links) \(files)")
    for set in ["CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"] {
      #expect(Self.status(set, of: holder) == "0000000000000000")
    }
    #expect(Self.status("Uid", of: holder)?.hasPrefix("0") == false)
    // As a manager of services does, which means the watch.
    kill(holder, SIGTERM)
    let ran = Network.run(
      "for i in $(seq 8); do curl -sk -o /dev/null https://10.77.0.2:44331/a/b || exit 1; done", in: client)
    #expect(ran.status == 0, "\(ran.errors)")
    server.waitForLog(8)
    let clock = ContinuousClock(), start = clock.now
    let ended = monitor.end(signal)
    #expect(clock.now - start < .seconds(1))
    #expect(Self.isRunning(holder))
    if signal == SIGTERM {
      let summary = Lines(ended.output).summary
      #expect(summary?.statuses == ["200": 8] && summary?.isBalanced == true, "\(ended)")
    }
    for _ in 0..<3_000 where Self.isRunning(holder) { usleep(20_000) }
    #expect(!Self.isRunning(holder))
    // The server is well, without probes.
    let after = Network.run("curl -sk -o /dev/null https://10.77.0.2:44331/a/b", in: client)
    #expect(after.status == 0)
    server.stop()
  }

  @Test func `where probes are links the watch takes them along, as fast`() throws {
    try #require(Self.linkCall > 0)
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name, ports: [44_331], isTLS: true)
    let monitor = Monitor(in: name, Self.options)
    #expect(Self.holder(of: monitor) == nil)
    let ran = Network.run("curl -sk -o /dev/null https://10.77.0.2:44331/a/b", in: client)
    #expect(ran.status == 0, "\(ran.errors)")
    server.waitForLog(1)
    let links = Shell.attempt("readlink /proc/\(monitor.program)/fd/*").output
    #expect(links.contains("bpf_link"))
    let clock = ContinuousClock(), start = clock.now
    let ended = monitor.end(SIGTERM)
    #expect(clock.now - start < .seconds(1))
    #expect(Lines(ended.output).summary?.statuses == ["200": 1], "\(ended)")
    server.stop()
  }
}
