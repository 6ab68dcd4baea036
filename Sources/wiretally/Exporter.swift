// SPDX-License-Identifier: Apache-2.0

import Capture
import Exporting
import Presentation
import Statistics

/// The listener of a live watch and what it is told once a second; nothing of it exists without `--listen`.
final class Exporter {
  private let socket: ListeningSocket
  private let board = BulletinBoard()
  private var listener: Listener?
  private let writer: BulletinWriter
  private let label: CaptureLabel

  /// Opens the socket and what else will be read; nil when nobody wants it.
  init?(_ options: ListenOptions, label: CaptureLabel, started: UInt64) throws(ListenError) {
    guard let address = options.listen else { return nil }
    socket = try ListeningSocket(address)
    writer = BulletinWriter(board, version: Wiretally.version, started: started, sites: options.sites)
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
    var circumstances = BulletinWriter.Circumstances(label: label)
    circumstances.notices = report.warnings
    circumstances.deliveries = report.deliveries
    circumstances.alerts = report.standings
    circumstances.board = report.alerts
    circumstances.capture = backend.counters
    circumstances.gauges = backend.gauges
    circumstances.interfaceDownSince = backend.interfaceDownSince
    writer.write(timeline, at: now, circumstances)
  }

  func stop() { listener?.stop() }
}
