// SPDX-License-Identifier: Apache-2.0

import Capture
import Exporting
import Reporting

/// Builds the state that other outputs publish, once a second: it comes before them.
final class StateOutput: Output {
  let board = StatePublisher()
  private let writer: StateBuilder
  private let label: CaptureLabel
  private let backend: any LiveBackend

  /// - Parameters:
  ///   - sites: how many sites have counters of their own.
  ///   - started: the beginning of the timeline.
  init(sites: Int, label: CaptureLabel, backend: any LiveBackend, started: UInt64) {
    writer = StateBuilder(board, version: Wiretally.version, started: started, sites: sites)
    (self.label, self.backend) = (label, backend)
  }

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
    input.interfacesDown = backend.outages.map(\.name)
    writer.write(reporter.timeline, at: now, input)
  }
}
