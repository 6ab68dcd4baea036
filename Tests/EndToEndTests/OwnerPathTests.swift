// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// The ways in which processes come by their connections: each exchange is whose it was, or nobody's, and never
/// another's.
@Suite(
  .serialized,
  .enabled(if: Machine.hasServers && Shell.has(Stage.python), "needs root, network namespaces and python3"))
struct OwnerPathTests {
  /// What the script beside this file does.
  private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Scripts/owners.py").path

  /// Servers by the way each gets its connections, with its port, and who is to be named.
  private static let servers: [(how: String, owner: String)] = [
    ("plain", "plain"),
    // As systemd does: one process listens and executes another, or hands the listener to a stranger.
    ("activated", "executed"), ("passed", "taking"),
    ("uring", "uring"), ("async", "async"),
    // The process receives from a socket of its own, of which the connection's is a part.
    ("mptcp", "?"),
    ("renamed", "second"),
    // The kernel passes on what comes, to the plain one: the process only has the connections.
    ("sockmap", "?"),
  ]

  /// Starts a server and waits until it listens.
  private func start(_ how: String, _ port: Int, in name: String) -> ChildProcess {
    let folder = Folder()
    let output = folder.file("out")
    let process = ChildProcess(
      ["ip", "netns", "exec", name, Stage.python, Self.script, "serve", how, "\(port)"], output: .file(output)
    )
    for _ in 0..<1_000 where process.isRunning && !Shell.read(output).contains("ready") { usleep(20_000) }
    #expect(process.isRunning, "\(how) does not listen")
    return process
  }

  /// The clients and servers of the exchanges with a path, as the lines of `--follow` name them.
  private func owners(_ path: String, _ output: String) -> Set<String> {
    Set(
      output.split(separator: "\n").filter { $0.contains("/\(path) ") }.map { line in
        line.split(separator: " ").filter { $0.hasPrefix("client=") || $0.hasPrefix("server=") }
          .joined(separator: " ")
      })
  }

  @Test
  func `activated, passed on, io_uring, renamed, executed, translated, MPTCP and socket maps`() {
    let network = Network()
    let (client, name) = network.pair(16)
    Network.run("iptables -t nat -A PREROUTING -p tcp --dport 90 -j REDIRECT --to-ports 80", in: name)
    let running = Self.servers.enumerated().map { start($0.element.how, 80 + $0.offset, in: name) }
    let monitor = Monitor(in: name, ["--follow", "--port", "80-90"], threshold: nil)
    func ask(_ how: String, _ port: Int, _ paths: String) {
      Network.run("\(Stage.python) \(Self.script) ask \(how) 10.77.16.2 \(port) \(paths)", in: client)
    }
    for (place, server) in Self.servers.enumerated() {
      ask(server.how == "mptcp" ? "mptcp" : "plain", 80 + place, "\(server.how)/first \(server.how)")
    }
    // Who asks is noted as he receives: the second answer's receiver is known of the third request in any case.
    ask("renamed", 80, "renames-itself/first renames-itself/second renames-itself")
    ask("executed", 80, "executes/first executes/second executes")
    ask("plain", 90, "translated")
    #expect(monitor.waits(for: "/translated "))
    let output = monitor.end().output
    #expect(running.allSatisfy { $0.isRunning })
    for server in Self.servers where server.how != "mptcp" && server.how != "sockmap" {
      #expect(owners(server.how, output) == ["client=ask-plain server=\(server.owner)"], "\(output)")
    }
    #expect(owners("renames-itself", output) == ["client=ask-second server=plain"])
    let program = URL(fileURLWithPath: Shell.run("readlink -f \(Stage.python)").output).lastPathComponent
    let executed = owners("executes", output)
    #expect(executed.count == 1 && executed.first?.hasSuffix(" server=plain") == true)
    #expect(
      executed.first.map { program.hasPrefix($0.dropFirst(7).prefix { $0 != " " }) } == true, "\(executed)")
    // Both legs of what the kernel passes on: the process asks, and serves only what came before.
    let legs = owners("sockmap", output)
    #expect(legs.contains("client=sockmap server=plain") && legs.count == 2, "\(legs)")
    #expect(
      legs.isSubset(of: [
        "client=sockmap server=plain", "client=ask-plain server=?", "client=ask-plain server=sockmap",
      ]), "\(legs)")
    // Who is not known is nobody.
    let others = owners("mptcp", output).union(owners("translated", output))
    #expect(
      others.isSubset(of: ["client=ask-mptcp server=?", "client=? server=?", "client=ask-plain server=?"]))
  }
}
