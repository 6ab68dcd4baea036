// SPDX-License-Identifier: Apache-2.0
import Foundation
import PacketBuilder
import Testing

/// One run of traffic before three backends at once: eBPF, libpcap, and a capture file of tcpdump's.
final class Stage {
  let network = Network()
  private var monitors: [(backend: String, monitor: Monitor)] = []
  private var dump: PacketDump?
  private var ports = "80"

  /// Starts the backends in a namespace, on one interface or all; eBPF a second time at depth streams if so asked.
  func watch(
    in name: String, _ interface: String? = nil, ports: String = "80", direction: String? = nil,
    alsoStreams: Bool = false, _ options: [String] = []
  ) {
    self.ports = ports
    let sides = direction.map { ["-Q", $0] } ?? []
    dump = PacketDump(in: name, interface, sides)
    let backends = [["ebpf"], ["pcap"]] + (alsoStreams ? [["ebpf", "--depth", "streams"]] : [])
    for backend in backends {
      let arguments = ["--backend"] + backend + ["--format", "json", "--port", ports] + sides + options
      let monitor = Monitor(in: name, arguments + (interface.map { ["-i", $0] } ?? []))
      monitors.append((backend.joined(separator: " "), monitor))
    }
  }

  /// Ends the backends; what each of them counted. `requests` are as many as tcpdump is waited for.
  func summaries(_ requests: Int) -> [(backend: String, summary: Lines.Interval?)] {
    usleep(300_000)
    var all = monitors.map { ($0.backend, Lines($0.monitor.end().output).summary) }
    // On a busy machine tcpdump may still be writing what the others have counted. What is behind the last
    // request comes with the ring's next block, at most a second later.
    for _ in 0..<50 where (readFile()?.requests ?? 0) < requests { usleep(200_000) }
    usleep(1_200_000)
    dump?.end()
    all.append(("file", readFile()))
    return all
  }

  private func readFile() -> Lines.Interval? {
    guard let file = dump?.file else { return nil }
    // While tcpdump writes, the last record may be cut.
    return Lines(Shell.attempt("\(Machine.program) read --format json --port \(ports) \(file)").output)
      .summary
  }

  /// Sends frames out of an interface; `options` are the script's.
  func send(_ packets: [Packet], by command: String, in name: String) {
    let text = packets.map { $0.bytes.map { byte in String(format: "%02x", byte) }.joined() }
    let ran = Self.traffic(command, in: name, input: text.joined(separator: "\n") + "\n")
    #expect(ran.status == 0, "\(ran.errors)")
  }

  /// The script beside this file, run in a namespace.
  @discardableResult
  static func traffic(_ command: String, in name: String, input: String = "") -> Ran {
    Shell.run("ip netns exec \(name) \(python) \(script) \(command)", input: Data(input.utf8))
  }

  static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Scripts/traffic.py").path
  /// The system's own one; a wrapper of some user's may not work everywhere.
  static let python = Shell.has("/usr/bin/python3") ? "/usr/bin/python3" : "python3"
}

/// What really was on the wire.
struct Truth {
  var requests: Int
  /// How often each status was answered; nil when nobody kept a log.
  var statuses: [String: Int]?
  var methods: [String: Int]?
  /// Whether some packets were to be seen several times and counted once.
  var hasDuplicates = false

  /// This many injected requests, which nobody answers.
  init(_ requests: Int) { self.requests = requests }

  /// What the server logged, once it has this many lines.
  init(_ server: WebServer, _ sent: Int, hasDuplicates: Bool = false) {
    server.waitForLog(sent)
    requests = server.log.values.reduce(0, +)
    statuses = server.count(\.status)
    methods = server.count(\.method)
    self.hasDuplicates = hasDuplicates
  }
}

/// A network, what watches it, and its traffic; returns the ground truth.
struct Scenario: CustomTestStringConvertible, Sendable {
  var name: String
  var play: @Sendable (Stage) -> Truth
  var testDescription: String { name }

  init(_ name: String, _ play: @escaping @Sendable (Stage) -> Truth) {
    self.name = name
    self.play = play
  }
}
