// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// Capture files that a watch writes: what is read from them is what the watch counted.
@Suite(
  .serialized,
  .enabled(
    if: Machine.hasFrameLoad && Shell.has("tcpdump"),
    "needs root, network namespaces, nginx, h2load and tcpdump"))
struct WriteTests {
  /// A folder that the watch, which becomes nobody, may make files in.
  private final class OpenFolder {
    let folder = Folder()
    init() { Shell.run("chmod 777 \(folder.path)") }
    var names: [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    }
    func file(_ name: String) -> String { folder.file(name) }
    func size(_ name: String) -> Int {
      (try? FileManager.default.attributesOfItem(atPath: file(name)))?[.size] as? Int ?? -1
    }
  }

  /// What a watch and a file of it must agree on, down to latencies: the last line's members.
  private static let members = [
    "requests", "responses", "successes", "failures", "exchanges", "aborted", "timedOut", "unknown",
    "inFlight",
    "unmatchedResponses", "methods", "protocols", "statuses", "sites", "clients",
  ]

  private func summary(_ output: String) throws -> [String: Any] {
    let lines = output.split(separator: "\n").compactMap {
      (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
    }
    var summary = try #require(lines.last { $0["type"] as? String == "summary" })
    // A file knows no processes.
    if let sites = summary["sites"] as? [[String: Any]] {
      summary["sites"] = sites.map { site in site.filter { $0.key != "owners" } }
    }
    return summary
  }

  private func expectSame(
    _ watch: String, _ file: String, as command: String = "read",
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let live = try summary(watch)
    let ran = Shell.run("\(Machine.program) \(command) --format json \(file)")
    let read = try summary(ran.output)
    #expect(ran.errors == "", sourceLocation: sourceLocation)
    for member in Self.members {
      let (one, other) = (live[member] as? NSObject, read[member] as? NSObject)
      #expect(one != nil && one == other, "\(member)", sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: [
    ["--backend", "ebpf"], ["--backend", "ebpf", "--depth", "streams", "--workers", "3"],
    ["--backend", "ebpf", "--depth", "heads"], ["--backend", "pcap"],
  ])
  func `a file has the same requests, responses, sites, statuses and latencies as its watch`(
    options: [String]
  ) throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name), frames = WebServer(in: name, ports: [8080], isHTTP2: true)
    let folder = OpenFolder()
    let file = folder.file("heads.pcapng")
    let monitor = Monitor(
      in: name,
      ["--format", "json", "--port", "80,8080", "--write", file, "--history", folder.file("history")]
        + options)
    let curl = "curl -s -o /dev/null"
    Network.run(
      """
      \(curl) -H 'Host: one.example' http://10.77.0.2/a/b http://10.77.0.2/nothing http://10.77.0.2/big
      \(curl) -X PUT -d x=1 -H 'Host: two.example' -H 'Cookie: id=1' 'http://[fd77::2]/made?q=1'
      \(curl) -I http://10.77.0.2/a/b
      \(curl) --http1.0 http://10.77.0.2/fail
      h2load --h1 -n 200 -c 4 -m 4 http://10.77.0.2/echo http://10.77.0.2/a/b
      h2load -n 300 -c 3 -m 20 http://10.77.0.2:8080/a/b http://10.77.0.2:8080/forbid
      \(curl) --http2-prior-knowledge http://10.77.0.2:8080/big
      \(curl) --http2-prior-knowledge http://10.77.0.2:8080/nothing
      """, in: client)
    server.waitForLog(206)
    frames.waitForLog(302)
    let ran = monitor.end()
    #expect(ran.status == 0)
    let live = try summary(ran.output)
    #expect((live["requests"] as? Int ?? 0) >= (options.contains("heads") ? 206 : 508))
    #expect(live["outputDropped"] == nil)
    try expectSame(ran.output, file)
    try expectSame(ran.output, folder.file("history"), as: "replay")
    #expect(Shell.run("stat -c '%a %U' \(file)").output == "600 nobody\n")
    let packets = Shell.run("tcpdump -nr \(file) 2>/dev/null | wc -l")
    #expect((Int(packets.output.dropLast()) ?? 0) > 100)
    let tshark = Shell.run(
      "tshark -r \(file) -Y 'http.host == \"two.example\"' -T fields -e http.request.method")
    #expect(tshark.output == "PUT\n")
    server.stop()
    frames.stop()
  }

  @Test func `files are bounded, used in turn, and begun again after a rotation`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let folder = OpenFolder()
    let monitor = Monitor(
      in: name,
      [
        "--format", "json", "--backend", "ebpf", "--depth", "streams", "--write", folder.file("all.pcapng"),
        "--write-size", "1", "--write-files", "3",
      ])
    func fetch() { Network.run("curl -s -o /dev/null http://10.77.0.2/big", in: client) }
    var rounds = 0
    while folder.names.count < 3, rounds < 50 {
      fetch()
      rounds += 1
    }
    #expect(folder.names == ["all.1.pcapng", "all.2.pcapng", "all.pcapng"])
    // Of one that has just begun nothing need be written yet.
    #expect(folder.names.allSatisfy { (0...1 << 20).contains(folder.size($0)) })
    #expect(folder.names.filter { folder.size($0) > 200 }.count >= 2)
    // What is moved away is no longer written to, whichever of them it was.
    Shell.run("cd \(folder.folder.path) && for f in all*; do mv $f moved-$f; done")
    kill(monitor.program, SIGHUP)
    rounds = 0
    while !folder.names.contains(where: { $0.hasPrefix("all") }), rounds < 100 {
      fetch()
      rounds += 1
    }
    #expect(folder.names.contains { $0.hasPrefix("all") })
    #expect(monitor.end().status == 0)
    for name in folder.names {
      #expect(Shell.attempt("tcpdump -nr \(folder.file(name)) >/dev/null").status == 0, "\(name)")
      #expect(Shell.attempt("\(Machine.program) read \(folder.file(name))").status == 0, "\(name)")
    }
    server.stop()
  }

  @Test func `an alert has a file of its own, with what came before it, and its log line names it`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let folder = OpenFolder()
    let monitor = Monitor(
      in: name,
      [
        "--format", "json", "--interval", "1s", "--write", folder.file("heads.pcapng"), "--write-on-alert",
        "5m", "--alert", "failures > 0 over 1s name=broken",
      ], threshold: nil)
    Network.run("curl -s -o /dev/null -H 'Host: before.example' http://10.77.0.2/a/b", in: client)
    #expect(monitor.waits(for: "\"before.example\""))
    #expect(folder.names.isEmpty)
    Network.run("curl -s -o /dev/null -H 'Host: broken.example' http://10.77.0.2/fail", in: client)
    #expect(monitor.waits(for: "\"state\":\"recovered\""))
    let output = monitor.output
    Network.run("curl -s -o /dev/null -H 'Host: after.example' http://10.77.0.2/a/b", in: client)
    #expect(monitor.waits(for: "\"after.example\""))
    #expect(monitor.end().status == 0)
    let file = try #require(folder.names.first)
    #expect(folder.names.count == 1 && file.hasPrefix("heads.20") && file.hasSuffix("Z.broken.pcapng"))
    #expect(Shell.read(monitor.alertLog).contains(" recording=\(folder.file(file)) id=broken-"))
    #expect(output.contains("\"recording\":\"\(folder.file(file))\""))
    let read = Shell.run("\(Machine.program) read --format json \(folder.file(file))").output
    #expect(
      Set(Lines(read).summary?.siteCounts.keys.map { $0 } ?? []) == ["before.example", "broken.example"])
    #expect(Shell.run("stat -c %a \(folder.file(file))").output == "600\n")
    server.stop()
  }

  @Test func `a full disk is a warning and is counted, and the watch counts on`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let folder = OpenFolder()
    // A file system of its own, which ends with the program.
    let mount = "mount -t tmpfs -o size=64k,mode=777 none \(folder.folder.path) && exec \"$@\""
    let monitor = Monitor(
      in: name,
      [
        "--format", "json", "--interval", "1s", "--depth", "streams", "--write", folder.file("heads.pcapng"),
      ], through: ["unshare", "-m", "sh", "-c", mount, "sh"], isTraced: false)
    Network.run("curl -s -o /dev/null http://10.77.0.2/big http://10.77.0.2/big", in: client)
    #expect(monitor.waits(for: "cannot write \(folder.file("heads.pcapng")): no space left on device"))
    Network.run("curl -s -o /dev/null http://10.77.0.2/a/b", in: client)
    server.waitForLog(3)
    let ran = monitor.end()
    #expect(ran.status == 0 && Lines(ran.output).summary?.requests == 3)
    let dropped = try summary(ran.output)["outputDropped"] as? [String: Int]
    #expect((dropped?["packets"] ?? 0) > 0)
    server.stop()
  }

  @Test func `a file that cannot be made ends the start, with the reason`() {
    let ran = Shell.attempt(
      "\(Machine.program) --no-alert --alert-log /dev/null --write /nowhere/heads.pcapng")
    #expect(ran.status == 66)
    #expect(ran.errors.contains("cannot write /nowhere/heads.pcapng: no such file or directory"))
  }
}
