// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The kernel refuses bpf() for real: libpcap takes over, says why, and counts the same.
@Suite(
  .serialized,
  .enabled(if: Machine.hasServers && Shell.has("strace"), "needs root, namespaces, nginx, curl and strace"))
struct FallbackTests {
  /// What is refused, and a word of the reason that the page must give.
  struct Refusal: CustomTestStringConvertible, Sendable {
    var error: String
    /// Which bpf() calls fail: all, or those that make ring buffers.
    var isRingOnly: Bool
    var reason: String
    var testDescription: String { "\(error) \(isRingOnly ? "for the ring buffer" : "always")" }
  }

  /// Which bpf() call makes the ring: libbpf tries what the kernel can before it.
  static let ringCall: Int = {
    let folder = Folder()
    let log = folder.file("strace")
    Shell.run(
      "strace -f -o \(log) -e trace=bpf \(Machine.program) -t 1 -i lo --duration 100ms --alert-log /dev/null")
    let calls = Shell.read(log).split(separator: "\n").filter { $0.contains("bpf(") }
    return (calls.firstIndex { $0.contains("BPF_MAP_TYPE_RINGBUF") } ?? 0) + 1
  }()

  static let refusals = [
    Refusal(error: "EINVAL", isRingOnly: true, reason: "the kernel has no BPF ring buffer (needs 5.8)"),
    Refusal(error: "EINVAL", isRingOnly: false, reason: "the kernel has no BPF ring buffer (needs 5.8)"),
    Refusal(error: "ENOSYS", isRingOnly: false, reason: "no bpf() call"),
    Refusal(error: "EPERM", isRingOnly: false, reason: "refused by policy"),
    Refusal(error: "EACCES", isRingOnly: false, reason: "refused by policy"),
    Refusal(error: "ENOMEM", isRingOnly: false, reason: "cannot allocate memory"),
  ]

  @Test(arguments: refusals)
  func `libpcap takes over and says why`(refusal: Refusal) {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let folder = Folder()
    let log = folder.file("strace")
    let injection = "bpf:error=\(refusal.error)\(refusal.isRingOnly ? ":when=\(Self.ringCall)" : "")"
    let monitor = Monitor(
      in: name, ["-i", "eth0", "--interval", "1s"],
      through: ["strace", "-f", "-o", log, "-e", "trace=bpf", "-e", "inject=\(injection)"])
    let sent = LiveTrafficTests.mixedTraffic(from: client, to: "10.77.0.2")
    server.waitForLog(sent)
    #expect(monitor.waits(for: refusal.reason, seconds: 10), "\(monitor.output)")
    let ended = monitor.end()
    #expect(ended.status == 0)
    let injected = Shell.read(log).split(separator: "\n").filter { $0.contains("(INJECTED)") }
    #expect(!injected.isEmpty)
    if refusal.isRingOnly {
      #expect(injected.count == 1)
      #expect(injected.allSatisfy { $0.contains("BPF_MAP_TYPE_RINGBUF") })
    }
    #expect(ended.output.contains("Capture: libpcap, eth0"))
    #expect(ended.output.contains("Warning: libpcap is used instead of eBPF: "))
    #expect(ended.errors.contains("libpcap is used instead of eBPF: "))
    #expect(ended.output.contains("Total Requests: \(sent)\n"), "\(ended.output)")
    #expect(server.log.values.reduce(0, +) == sent)
  }

  @Test func `JSON lines and the snapshot say why, too`() throws {
    let network = Network()
    let name = network.add("j")
    let monitor = Monitor(
      in: name, ["--format", "json", "--interval", "1s", "--listen", "127.0.0.1:9180"],
      through: ["strace", "-f", "-o", "/dev/null", "-e", "trace=bpf", "-e", "inject=bpf:error=EPERM"])
    let warning = #""warnings":["libpcap is used instead of eBPF: "#
    #expect(monitor.waits(for: warning), "\(monitor.output) \(monitor.errors)")
    // The first interval has been shown, so the first published state has been posted.
    let page = Network.run("curl -s -m 20 http://127.0.0.1:9180/api/v1/snapshot", in: name).output
    #expect(page.contains(warning), "\(page)")
    #expect(JSONDocumentTests.check(page).union(JSONDocumentTests.check(monitor.end().output)).count == 2)
  }

  @Test func `any one failing bpf call is survived, whichever it is`() {
    let network = Network()
    let name = network.add("s")
    let folder = Folder()
    for call in 1...40 {
      let log = folder.file("strace\(call)")
      let ran = Network.run(
        "strace -f -o \(log) -e trace=bpf -e inject=bpf:error=EPERM:when=\(call) \(Machine.program) -t 1 -i lo "
          + "--duration 200ms --alert-log /dev/null", in: name)
      #expect(ran.status == 0, "call \(call): \(ran.errors)")
      #expect(ran.output.contains("Total Requests: 0"))
      // There are no more calls than this to fail.
      if !Shell.read(log).contains("(INJECTED)") { break }
    }
  }
}
