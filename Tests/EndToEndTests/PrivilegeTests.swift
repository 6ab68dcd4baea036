// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The running program as the kernel sees it: what it has given up, and what works all the same.
@Suite(
  .serialized,
  .enabled(if: Machine.hasServers && Shell.has("setpriv"), "needs root, namespaces, nginx, curl and setpriv"))
struct PrivilegeTests {
  /// The lines of /proc/PID/task/*/status with this name: one a thread.
  static func status(_ process: Int32, _ name: String) -> [String] {
    let tasks = "/proc/\(process)/task"
    return ((try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []).compactMap { task in
      Shell.read("\(tasks)/\(task)/status").split(separator: "\n").first { $0.hasPrefix(name + ":") }.map {
        $0.dropFirst(name.count + 1).split(separator: "\t").joined(separator: " ").trimmingCharacters(
          in: .whitespaces)
      }
    }
  }

  private func expectSandboxed(_ monitor: Monitor, user: String) {
    let process = monitor.program
    #expect(Self.status(process, "Uid").count >= 2, "a worker beside the reporter")
    let none = "0000000000000000"
    for (name, expected) in [
      ("Uid", Array(repeating: user, count: 4).joined(separator: " ")),
      ("CapInh", none), ("CapPrm", none), ("CapEff", none), ("CapAmb", none), ("NoNewPrivs", "1"),
      ("Seccomp", "2"),
    ] {
      #expect(Self.status(process, name).allSatisfy { $0 == expected }, "\(name)")
    }
  }

  @Test(arguments: LiveTrafficTests.backends)
  func `started by root it continues as nobody, without any capability, and counts`(backend: String) {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["--backend", backend, "--format", "json", "-i", "eth0"])
    expectSandboxed(monitor, user: "65534")
    #expect(Self.status(monitor.program, "CapBnd").allSatisfy { $0 == "0000000000000000" })
    #expect(Self.status(monitor.program, "Groups").allSatisfy { $0.isEmpty })
    let sent = LiveTrafficTests.mixedTraffic(from: client, to: "10.77.0.2")
    server.waitForLog(sent)
    let ended = monitor.end()
    #expect(ended.status == 0)
    #expect(
      ended.errors.contains("sandboxed as nobody: capabilities dropped, no new privileges"), "\(ended.errors)"
    )
    LiveTrafficTests.expectSameAsLog(Lines(ended.output).summary, server)
  }

  /// The capabilities that a user is given, and the backend that they suffice for.
  @Test(arguments: [
    ("net_raw,bpf", "eBPF"), ("net_raw,bpf,perfmon", "eBPF"), ("net_raw", "libpcap"),
  ])
  func `a user with these capabilities alone can watch`(capabilities: String, backend: String) {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let folder = Folder()
    Shell.run("chmod 777 \(folder.path); cp \(Machine.program) \(folder.file("program"))")
    let sets = capabilities.split(separator: ",").map { "+\($0)" }.joined(separator: ",")
    let monitor = Monitor(
      in: name, ["--format", "json"],
      through: [
        "setpriv", "--reuid", "4711", "--regid", "4711", "--clear-groups", "--bounding-set", "-all,\(sets)",
        "--inh-caps", "-all,\(sets)", "--ambient-caps", "-all,\(sets)",
      ], program: folder.file("program"), alertLog: folder.file("alerts.log"), isTraced: false)
    expectSandboxed(monitor, user: "4711")
    let sent = LiveTrafficTests.mixedTraffic(from: client, to: "10.77.0.2")
    server.waitForLog(sent)
    let summary = Lines(monitor.end().output).summary
    #expect(summary?.backend == backend)
    LiveTrafficTests.expectSameAsLog(summary, server)
  }

  @Test func `--user names who it becomes, and --no-sandbox leaves all as it is`() {
    let network = Network()
    let name = network.add("u")
    let named = Monitor(in: name, ["-i", "lo", "--user", "4711"])
    expectSandboxed(named, user: "4711")
    #expect(named.end().status == 0)
    let free = Monitor(in: name, ["-i", "lo", "--no-sandbox"])
    #expect(Self.status(free.program, "Uid").allSatisfy { $0 == "0 0 0 0" })
    #expect(Self.status(free.program, "Seccomp").allSatisfy { $0 == "0" })
    #expect(!Self.status(free.program, "CapEff").contains("0000000000000000"))
    #expect(free.end().status == 0)
  }

  /// A pipe with a name holds it up where its files are opened: after it has given up what it does not need.
  @Test func `read keeps nothing but the right to open its files, and reads them`() throws {
    let folder = Folder()
    let pipe = folder.file("pipe")
    let ran = Shell.run(
      """
      mkfifo \(pipe)
      \(Machine.program) read --format json \(pipe) >\(folder.file("out")) & reader=$!
      for n in $(seq 600); do grep -q 'Seccomp:.2' /proc/$reader/status && break; sleep 0.05; done
      cat /proc/$reader/status
      timeout 60 cat \(JSONDocumentTests.root)/Tests/Captures/zeek-get.pcap >\(pipe)
      wait $reader
      """)
    #expect(ran.status == 0, "\(ran.errors)")
    #expect(ran.output.contains("Seccomp:\t2"))
    #expect(ran.output.contains("NoNewPrivs:\t1"))
    // CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: a file of a user's that root reads is opened only then.
    for set in ["CapPrm", "CapEff"] { #expect(ran.output.contains("\(set):\t0000000000000006\n"), "\(set)") }
    for set in ["CapInh", "CapBnd", "CapAmb"] {
      #expect(ran.output.contains("\(set):\t0000000000000000\n"), "\(set)")
    }
    let summary = try #require(Lines(Shell.read(folder.file("out"))).summary)
    #expect(summary.requests == 1)
    let free = Shell.run(
      "strace -f -e trace=seccomp,landlock_restrict_self \(Machine.program) read --no-sandbox "
        + "\(JSONDocumentTests.root)/Tests/Captures/zeek-get.pcap")
    #expect(!free.errors.contains("seccomp(") && !free.errors.contains("landlock"), "\(free.errors)")
  }

  @Test func `a user that does not exist, or that cannot be become, is named`() {
    let unknown = Shell.attempt("\(Machine.program) -t 1 --user nosuchuser")
    #expect(unknown.status == 64)
    #expect(unknown.errors.contains("--user: no such user 'nosuchuser'"))
    let folder = Folder()
    Shell.run("chmod 777 \(folder.path); cp \(Machine.program) \(folder.file("program"))")
    let other = Shell.attempt(
      "cd /; setpriv --reuid 4711 --clear-groups \(folder.file("program")) -t 1 -i lo --user root --alert-log /dev/null"
    )
    #expect(other.status == 77)
    #expect(other.errors.contains("cannot switch to user root: requires root"), "\(other.errors)")
  }

  @Test func `what it makes of the alert log belongs to the user that it becomes, and nothing else does`()
    throws
  {
    let network = Network()
    let folder = Folder()
    let path = folder.file("made/alerts.log")
    let monitor = Monitor(in: network.add("l"), ["-i", "lo"], alertLog: path)
    let owner = { try FileManager.default.attributesOfItem(atPath: $0)[.ownerAccountID] as? Int }
    #expect(try owner(path) == 65534)
    #expect(try owner(folder.file("made")) == 65534)
    #expect(try owner(folder.path) == 0)
    monitor.end()
    // A file that was there before stays its owner's.
    let theirs = folder.file("theirs.log")
    _ = FileManager.default.createFile(atPath: theirs, contents: Data("kept\n".utf8))
    let second = Monitor(in: network.add("m"), ["-i", "lo"], alertLog: theirs)
    #expect(try owner(theirs) == 0)
    let ended = second.end()
    #expect(ended.errors.contains("nobody cannot write to "), "\(ended.errors)")
    #expect(Shell.read(theirs) == "kept\n")
  }
}
