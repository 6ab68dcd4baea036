// SPDX-License-Identifier: Apache-2.0

import Capture
import Exporting
import Reporting
import Statistics

/// The listener of a live watch, and the state published to it once a second; nothing of it exists without `--listen`.
final class Exporter: Output {
  private let socket: ListeningSocket
  let board = StatePublisher()
  private var listener: Listener?
  private let writer: StateBuilder
  private let label: CaptureLabel
  private let ports: PortSet
  private let backend: any LiveBackend

  /// Opens the socket and what else will be read; nil when nobody wants it.
  init?(
    _ options: ListenOptions, label: CaptureLabel, ports: PortSet, backend: any LiveBackend, started: UInt64
  ) throws(ListenError) {
    guard let address = options.listen else { return nil }
    socket = try ListeningSocket(address)
    writer = StateBuilder(board, version: Wiretally.version, started: started, sites: options.sites)
    self.label = label
    self.ports = ports
    self.backend = backend
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

  /// Publishes the state, once a second.
  func tick(_ reporter: Reporter, at now: UInt64) {
    guard writer.isDue(now) else { return }
    var input = StateBuilder.PublishInput(label: label)
    input.notices = reporter.warnings
    input.deliveries = reporter.deliveries
    input.outputs = reporter.dropped
    input.alerts = reporter.alertStatuses
    input.board = reporter.alerts
    input.capture = reporter.counters
    input.shift = reporter.shift
    input.gauges = backend.gauges
    input.interfaceDownSince = backend.interfaceDownSince
    writer.write(reporter.timeline, at: now, input)
  }

  func close(isInterrupted: () -> Bool) { listener?.stop() }
}
