// SPDX-License-Identifier: Apache-2.0

import AlertDelivery
import Exporting
import Statistics
import System

/// Metrics of each interval, and alerts, on their way to an OpenTelemetry collector (`--otlp`).
final class CollectorOutput: Output {
  /// Milliseconds that the end of the program waits for what is on its way.
  private static let patience = 3_000

  private let process: DeliveryProcess
  private let board: StatePublisher
  private let host = Environment.hostName

  init(_ process: DeliveryProcess, _ board: StatePublisher) { (self.process, self.board) = (process, board) }

  func interval(_ report: IntervalReport, _ reporter: Reporter) {
    for change in report.changes {
      let alert = OTLPAlert(change.transition, version: Wiretally.version, host: host)
      process.send(DeliveryMessage(.logs, body: alert.request()))
    }
    sendMetrics()
    poll()
  }

  func tick(_ reporter: Reporter, at now: UInt64) { poll() }

  /// The last numbers.
  func finish(_ reporter: Reporter, at now: UInt64) { sendMetrics() }

  private func sendMetrics() {
    for body in board.requests(host: host) { process.send(DeliveryMessage(.metrics, body: body)) }
  }

  /// Takes in what the process reports; a change is reported at once.
  private func poll(timeout: Int32 = 0) {
    guard process.poll(timeout: timeout) else { return }
    Failure.say(process.fault.map { "\(process.name): \($0)" } ?? "\(process.name): works again")
  }

  var warnings: [String] { process.warning.map { [$0] } ?? [] }

  var deliveries: [DeliveryState] { [process.state] }

  func close(isInterrupted: () -> Bool) {
    let end = Deadline(milliseconds: Self.patience)
    // What cannot be posted now is not waited for.
    while !end.isOver, !isInterrupted(), process.pending > 0, process.fault == nil { poll(timeout: 100) }
    process.release()
  }
}
