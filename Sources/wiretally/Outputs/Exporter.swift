// SPDX-License-Identifier: Apache-2.0

import Capture
import Exporting
import Reporting
import Statistics

/// The listener of a live watch and what it receives once a second; nothing of it exists without `--listen`.
final class Exporter {
  private let socket: ListeningSocket
  private let board = StatePublisher()
  private var listener: Listener?
  private let writer: StateBuilder
  private let label: CaptureLabel

  /// Opens the socket and what else will be read; nil when nobody wants it.
  init?(_ options: ListenOptions, label: CaptureLabel, started: UInt64) throws(ListenError) {
    guard let address = options.listen else { return nil }
    socket = try ListeningSocket(address)
    writer = StateBuilder(board, version: Wiretally.version, started: started, sites: options.sites)
    self.label = label
  }

  /// Serves, on a thread of its own that has the privileges of this one.
  func start() throws(ListenError) { listener = try Listener(socket, board) }

  /// Where it listens, and what is to be known about that, one sentence each.
  func announcements(_ ports: PortSet) -> [String] {
    guard let address = listener?.address else { return [] }
    var lines = ["serving metrics and a live page on \(address)"]
    if let port = address.port, ports.contains(UInt16(port)) {
      lines.append("port \(port) is watched, too: reading the metrics counts as traffic")
    }
    if case .ip = address, !address.isLoopback {
      lines.append("whoever reaches \(address) can read which sites are visited")
    }
    return lines
  }

  /// Tells the listener how things are, once a second.
  func update(_ timeline: Timeline, at now: UInt64, _ backend: any LiveBackend, _ report: Report) {
    guard writer.isDue(now) else { return }
    var input = StateBuilder.PublishInput(label: label)
    input.notices = report.warnings
    input.deliveries = report.deliveries
    input.alerts = report.alertStatuses
    input.board = report.alerts
    input.capture = backend.counters
    input.gauges = backend.gauges
    input.interfaceDownSince = backend.interfaceDownSince
    writer.write(timeline, at: now, input)
  }

  func stop() { listener?.stop() }
}
