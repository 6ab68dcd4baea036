// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// A watch that is not root, on a kernel without links for many probes: by events that root has made before. The calls for such
/// links are refused for real.
@Suite(
  .serialized,
  .enabled(
    if: Machine.hasServers && Shell.has("strace") && Shell.has("setpriv"),
    "needs root, namespaces, nginx, curl, strace and setpriv"))
struct PreparedProbeTests {
  private static let rights = "-all,+bpf,+net_raw,+perfmon,+lease"
  private static let user = [
    "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=\(rights)",
    "--ambient-caps=\(rights)", "--bounding-set=\(rights)", "--",
  ]
  private static let options = [
    "--tls", "--tls-port", "44333", "--format", "json", "--alert-log", "/dev/null",
  ]
  private static let events = "/sys/kernel/tracing/uprobe_events"

  /// Which bpf() call of that user's watch asks for such links: of no program.
  private static let linkCall: Int = {
    let folder = Folder()
    let log = folder.file("strace")
    Shell.run(
      "strace -o \(log) -e trace=bpf \(user.joined(separator: " ")) \(Machine.program) -t 1 --tls --duration 100ms --alert-log /dev/null"
    )
    let calls = Shell.read(log).split(separator: "\n").filter { $0.contains("bpf(") }
    return (calls.firstIndex { $0.contains("BPF_LINK_CREATE") && $0.contains("prog_fd=-1") } ?? -1) + 1
  }()

  private static func strace(_ call: Int) -> [String] {
    ["strace", "-o", "/dev/null", "-e", "trace=bpf", "-e", "inject=bpf:error=EINVAL:when=\(call)"]
  }

  /// Runs `prepare-tls` as a unit's root does.
  private static func prepare(_ folder: Folder, _ options: String = "") -> Ran {
    let command = strace(1) + [Machine.program, "prepare-tls", options]
    return Shell.attempt("RUNTIME_DIRECTORY=\(folder.path) \(command.joined(separator: " "))")
  }

  @Test func `events that root has made are enough for a watch without its rights`() throws {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name, ports: [44_333], isTLS: true)
    let folder = Folder()
    Shell.run("chmod 755 \(folder.path)")
    try #require(Self.linkCall > 0)
    let before = Shell.read(Self.events)
    let made = Self.prepare(folder)
    #expect(made.status == 0 && made.errors.contains(" events at "), "\(made)")
    #expect(Shell.read(Self.events).count > before.count)
    let monitor = Monitor(
      in: name, Self.options, environment: ["RUNTIME_DIRECTORY": folder.path],
      through: Self.strace(Self.linkCall) + Self.user)
    #expect(monitor.errors.contains("TLS text on 44333"), "\(monitor.errors)")
    let ran = Network.run(
      "for i in $(seq 8); do curl -sk -o /dev/null https://10.77.0.2:44333/a/b || exit 1; done", in: client)
    #expect(ran.status == 0, "\(ran.errors)")
    server.waitForLog(8)
    let summary = Lines(monitor.end().output).summary
    #expect(summary?.statuses == ["200": 8] && summary?.isBalanced == true, "\(String(describing: summary))")
    // Once its probes are out.
    let removed = Self.prepare(folder, "--remove")
    #expect(removed.status == 0, "\(removed)")
    #expect(Shell.read(Self.events) == before && Shell.read(folder.file("tls-probes")).isEmpty)
  }

  @Test func `without them a watch says what it takes, and so does who makes none`() throws {
    let network = Network()
    let (_, name) = network.pair()
    try #require(Self.linkCall > 0)
    let monitor = Monitor(in: name, Self.options, through: Self.strace(Self.linkCall) + Self.user)
    #expect(
      monitor.errors.contains("takes root (CAP_SYS_ADMIN), or events that root has made"), "\(monitor.errors)"
    )
    monitor.end()
    let folder = Folder()
    Shell.run("chmod 755 \(folder.path)")
    let alone = Shell.attempt("env -u RUNTIME_DIRECTORY \(Machine.program) prepare-tls")
    #expect(alone.status == 64 && alone.errors.contains("hint: RuntimeDirectory="), "\(alone)")
    let needless = Shell.attempt("RUNTIME_DIRECTORY=\(folder.path) \(Machine.program) prepare-tls")
    #expect(needless.status == 0 && needless.errors.contains("needs no events"), "\(needless)")
    // A link that the watch's user has put there leads nowhere.
    Shell.run("ln -s \(folder.path)/elsewhere \(folder.path)/tls-probes")
    #expect(Self.prepare(folder).status == 0)
    #expect(!FileManager.default.fileExists(atPath: folder.file("elsewhere")))
    #expect(Self.prepare(folder, "--remove").status == 0)
  }
}
