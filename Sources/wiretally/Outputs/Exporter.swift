// SPDX-License-Identifier: Apache-2.0

import Capture
import Exporting

/// The listener of a live watch; nothing of it exists without `--listen`.
final class Exporter: Output {
  private let socket: ListeningSocket
  private let board: StatePublisher
  private var listener: Listener?
  private let ports: PortSet

  /// Opens the socket and what else will be read; nil when nobody wants it.
  init?(_ options: ListenOptions, ports: PortSet, _ board: StatePublisher) throws(ListenError) {
    guard let address = options.listen else { return nil }
    socket = try ListeningSocket(address)
    (self.ports, self.board) = (ports, board)
  }

  /// Serves, on a thread of its own that has the privileges of this one.
  func open() throws { listener = try Listener(socket, board) }

  func ready(_ reporter: Reporter) {
    guard let address = listener?.address else { return }
    for line in Self.announcements(address, watching: ports) { Failure.say(line) }
  }

  /// Where it listens, and what is to be known about that, one sentence each.
  static func announcements(_ address: ListenAddress, watching ports: PortSet) -> [String] {
    var lines = ["serving metrics and a live page on \(address)"]
    if let port = address.port, ports.contains(UInt16(port)) {
      lines.append("port \(port) is watched, too: reading the metrics counts as traffic")
    }
    if case .ip = address, !address.isLoopback {
      lines.append("warning: \(address) is unauthenticated; anyone who can connect sees the visited sites")
    }
    return lines
  }

  func close(isInterrupted: () -> Bool) { listener?.stop() }
}
