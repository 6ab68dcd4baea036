// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// Under systemd: what the manager and the journal receive.
@Suite(.serialized, .enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
struct ServiceTests {
  static let packaging = JSONDocumentTests.root + "/packaging"

  @Test func `the manager is informed of readiness, state, liveness and the end`() throws {
    let folder = Folder()
    let received = folder.file("received"), path = folder.file("notify")
    _ = FileManager.default.createFile(atPath: received, contents: nil)
    let manager = ChildProcess(["python3", "\(Self.packaging)/notifications", path], output: .file(received))
    defer { manager.send(SIGTERM) }
    func waits(for line: String) -> Bool {
      for _ in 0..<600 {
        if Shell.read(received).split(separator: "\n").contains(where: { $0.hasPrefix(line) }) { return true }
        usleep(50_000)
      }
      return false
    }
    #expect(waits(for: "listening"))
    // The watch continues as nobody, who may report as well.
    Shell.run("chmod 755 \(folder.path); chmod 666 \(path)")
    let network = Network()
    let monitor = Monitor(
      in: network.add("e"), ["--interval", "1s"],
      environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"])
    #expect(waits(for: "READY=1"))
    #expect(waits(for: "STATUS=capturing on all interfaces, port 80 (eBPF)"))
    #expect(waits(for: "WATCHDOG=1"))
    #expect(waits(for: "STATUS=0 requests, 0 failures in the last 1s; no alert"))
    #expect(monitor.end(SIGTERM).status == 0)
    #expect(waits(for: "STOPPING=1"))
  }

  @Test func `a manager that is not there is no fault`() {
    let network = Network()
    let monitor = Monitor(
      in: network.add("e"), [],
      environment: ["NOTIFY_SOCKET": "/nowhere/notify", "WATCHDOG_USEC": "x", "WATCHDOG_PID": "1"])
    #expect(monitor.end().status == 0)
  }

  @Test func `the journal gets priorities, and alerts`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let journal = ["sh", "-c", "JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) exec \"$@\"", "sh"]
    let monitor = Monitor(
      in: name, ["-t", "0", "--interval", "1s", "--alert-window", "2s"], through: journal, isTraced: false)
    Network.run("curl -s -o /dev/null http://10.77.0.2/echo", in: client)
    #expect(monitor.waitsForErrors("<4>High traffic generated an alert - hits = "))
    #expect(monitor.waitsForErrors("<5>High traffic alert recovered at: "))
    let errors = monitor.end(SIGTERM).errors
    #expect(errors.contains("<6>capturing on all interfaces"))
    #expect(errors.split(separator: "\n").allSatisfy { $0.hasPrefix("<") }, "\(errors)")
    server.stop()
    let refused = Shell.attempt(
      "JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) \(Machine.program) -t 1 -i nowhere0 --alert-log /dev/null"
    )
    #expect(refused.errors.hasPrefix("<3>"), "\(refused.errors)")
  }
}
