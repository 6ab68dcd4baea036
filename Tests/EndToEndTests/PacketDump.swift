// SPDX-License-Identifier: Apache-2.0
import Children
import Foundation
import Testing

/// A tcpdump that writes what an interface carries into a file.
final class PacketDump {
  let file: String
  private let folder = Folder()
  private let process: ChildProcess

  /// Starts it in a namespace, on one interface or all, and waits until it keeps packets.
  init(
    in name: String, _ interface: String? = nil, _ options: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    file = folder.file("run.pcap")
    let errors = folder.file("errors")
    // Not in its immediate mode, where a packet takes a slot of the longest one's length: of 64 MiB there
    // were 128, fewer than a busy machine lets it fall behind.
    let process = ChildProcess(
      ["ip", "netns", "exec", name, "tcpdump", "-i", interface ?? "any", "-w", file]
        + ["-B", "65536", "-U", "-Z", "root"] + options, errors: .file(errors))
    self.process = process
    for _ in 0..<1_000 where process.isRunning && !Shell.read(errors).contains("listening") { usleep(20_000) }
    #expect(
      Shell.read(errors).contains("listening"), "tcpdump does not listen: \(Shell.read(errors))",
      sourceLocation: sourceLocation)
    // It says so before it does: packets are kept from its first wait for them on.
    let wait = "/proc/\(process.identifier)/wchan"
    for _ in 0..<1_000 where process.isRunning && !Shell.read(wait).contains("poll") { usleep(20_000) }
  }

  /// Ends it; it must have kept every packet.
  func end(sourceLocation: SourceLocation = #_sourceLocation) {
    // ip has become tcpdump by exec: it is this very process.
    process.send(SIGINT)
    process.wait(seconds: 20)
    let report = Shell.read(folder.file("errors"))
    #expect(report.contains("\n0 packets dropped by kernel"), "\(report)", sourceLocation: sourceLocation)
  }
}
