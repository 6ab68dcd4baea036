// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// Who serves and who asks, against what was started.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct OwnerTests {
  struct Owner: Hashable {
    var role: String
    var process: String?
    var requests: Int
  }

  /// The owners in the last line, without their processes' numbers.
  static func owners(_ output: String) -> Set<Owner> {
    Set(
      rows(output).map {
        Owner(
          role: $0["role"] as? String ?? "", process: $0["process"] as? String,
          requests: $0["requests"] as? Int ?? -1)
      })
  }

  static func rows(_ output: String) -> [[String: Any]] {
    guard let line = output.split(separator: "\n").last,
      let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    else { return [] }
    return object["owners"] as? [[String: Any]] ?? []
  }

  /// The owners that raised alerts are about.
  static func alertOwners(_ output: String) -> Set<[String: String]> {
    Set(
      output.split(separator: "\n").compactMap { line in
        let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return object?["state"] as? String == "raised" ? object?["owner"] as? [String: String] : nil
      })
  }

  @Test
  func `servers and short clients are named, also from another namespace`() {
    let network = Network()
    let (client, name) = network.pair(11)
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["--no-alert", "--format", "json"], threshold: nil)
    Network.run("for i in $(seq 100); do curl -s -o /dev/null http://10.77.11.2/a/b; done", in: client)
    Network.run("for i in $(seq 50); do curl -s -o /dev/null http://[fd77::11:2]/fail; done", in: name)
    server.waitForLog(150)
    let output = monitor.end().output
    #expect(
      Self.owners(output) == [
        Owner(role: "server", process: "nginx", requests: 150),
        Owner(role: "client", process: "curl", requests: 150),
      ])
    let rows = Self.rows(output)
    #expect(rows.allSatisfy { $0["failures"] as? Int == 50 })
    // One worker serves, and each curl is a process of its own.
    #expect(rows.first { $0["role"] as? String == "server" }?["pid"] is Int)
    #expect(rows.first { $0["role"] as? String == "client" }?["pid"] is NSNull)
  }

  @Test
  func `connections that were open before the watch have their owners`() {
    let network = Network()
    let (client, name) = network.pair(12)
    let server = WebServer(in: name)
    let script =
      #"exec 3<>/dev/tcp/10.77.12.2/80; read; printf 'GET /echo HTTP/1.1\r\nHost: x\r\n\r\n' >&3; read -u 3"#
    let open = ChildProcess(["ip", "netns", "exec", client, "bash", "-c", script], isFed: true)
    for _ in 0..<500 where !Network.run("ss -Htn sport = :80", in: name).output.contains("ESTAB") {
      usleep(20_000)
    }
    let monitor = Monitor(in: name, ["--follow"], threshold: nil)
    open.endInput()
    server.waitForLog(1)
    #expect(monitor.waits(for: "GET x/echo"))
    let line = monitor.end().output
    #expect(line.contains(" client=bash server=nginx\n"), "\(line)")
    #expect(open.wait(seconds: 20))
  }

  @Test
  func `--no-owners and libpcap name nobody, and only the latter is a warning`() {
    let network = Network()
    let (client, name) = network.pair(13)
    let server = WebServer(in: name)
    // A rule about processes would say nothing, or raise alerts of silence.
    for (arguments, reason, status) in [
      ("watch --no-owners", "--no-owners is given", 64), ("watch --backend pcap", "only eBPF tells them", 70),
      ("read \(JSONDocumentTests.capture)", "files have no processes", 64),
    ] as [(String, String, Int32)] {
      let ran = Network.attempt(
        "\(Machine.program) \(arguments) --alert 'requests < 1/s unit=a name=quiet'", in: name)
      #expect(ran.status == status && ran.output.isEmpty, "\(ran.errors)")
      #expect(
        ran.errors.contains("the rule 'quiet' is about processes, which are not known: \(reason)"),
        "\(ran.errors)")
    }
    let none = Monitor(in: name, ["--no-alert", "--format", "json", "--no-owners"], threshold: nil)
    let pcap = Monitor(in: name, ["--no-alert", "--format", "json", "--backend", "pcap"], threshold: nil)
    Network.run("curl -s -o /dev/null http://10.77.13.2/a/b", in: client)
    server.waitForLog(1)
    for (monitor, isWarned) in [(none, false), (pcap, true)] {
      let ran = monitor.end()
      #expect(ran.output.contains(#""requests":1,"#) && !ran.output.contains(#""owners""#))
      #expect(ran.output.contains("processes are not known: only eBPF tells them") == isWarned)
      #expect(ran.errors.contains("processes are not known") == isWarned)
    }
  }

  /// Where control groups of version 2 can be made; nil where they cannot.
  static let groups: String? = {
    for line in Shell.read("/proc/mounts").split(separator: "\n") {
      let fields = line.split(separator: " ").map(String.init)
      if fields.count > 2, fields[2] == "cgroup2" { return fields[1] }
    }
    return nil
  }()

  @Test(.enabled(if: groups != nil, "needs a mounted cgroup2"))
  func `units and containers are read from control groups, of 500 short clients too`() throws {
    let network = Network()
    let (client, name) = network.pair(14)
    let id = String(repeating: "0123456789abcdef", count: 4)
    let root = "\(try #require(Self.groups))/wiretally-test-\(getpid())"
    let unit = "\(root)/system.slice/pages.service", container = "\(root)/system.slice/docker-\(id).scope"
    Shell.run("mkdir -p \(unit) \(container)")
    defer {
      // A group is free some time after its last process has ended.
      let removal = "rmdir \(unit) \(container) \(root)/system.slice \(root)"
      Shell.run(
        "for i in $(seq 500); do \(removal) 2>/dev/null && exit 0; sleep 0.02; done; ls -d \(root) && exit 1; exit 0"
      )
    }
    do {
      let server = ChildProcess([
        "sh", "-c", "echo $$ >\(unit)/cgroup.procs; exec ip netns exec \(name) python3 -m http.server 80",
      ])
      Network.awaitListener(80, of: server, in: name)
      // Which rules are about what it serves, and which are not.
      let rules = [
        "unit=pages", "unit=pages process=python3", "unit=other", "process=curl",
        "container=docker:0123456789ab",
      ]
      let alerts = rules.flatMap { ["--alert", "failures > 50% over 1s min 5 \($0)"] }
      let monitor = Monitor(in: name, alerts + ["--interval", "1s", "--format", "json"], threshold: nil)
      Shell.run(
        "echo $$ >\(container)/cgroup.procs; "
          + "exec ip netns exec \(client) sh -c 'for i in $(seq 500); do curl -s -o /dev/null http://10.77.14.2/none; done'"
      )
      #expect(monitor.waits(for: #""state":"raised""#))
      let output = monitor.end().output
      let rows = Self.rows(output)
      #expect(
        Self.alertOwners(output) == [
          ["unit": "pages.service"], ["unit": "pages.service", "process": "python3"],
        ])
      server.send(SIGKILL)
      #expect(server.wait(seconds: 20))
      var known: [String: Int] = [:]
      var all: [String: Int] = [:]
      for row in rows {
        let requests = row["requests"] as? Int ?? 0
        all[row["role"] as? String ?? "", default: 0] += requests
        switch (row["role"] as? String, row["process"] as? String) {
        case ("server", "python3"):
          #expect(row["unit"] as? String == "pages.service" && row["container"] is NSNull)
          #expect(row["pid"] is Int)
        case ("client", "curl"):
          #expect(row["unit"] is NSNull && row["container"] as? String == "docker:0123456789ab")
        case (_, nil): continue
        default: Issue.record("a wrong owner: \(row)")
        }
        known[row["role"] as? String ?? "", default: 0] += requests
      }
      #expect(
        rows.filter { $0["role"] as? String == "server" }.compactMap { $0["requests"] as? Int }.reduce(0, +)
          == 500)
      // 99.9 % of the servers and 99 % of the clients.
      #expect(known["server", default: 0] == 500)
      #expect(known["client", default: 0] >= 495)
    }
  }
}
