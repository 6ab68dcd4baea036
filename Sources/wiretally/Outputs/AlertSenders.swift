// SPDX-License-Identifier: Apache-2.0

import Alerting
import AlertDelivery
import System

/// Alerts on their way to others: hands them to the delivery processes and says what becomes of them.
final class AlertSenders {
  /// Milliseconds that the end of the program waits for what is on its way.
  private static let patience = 5_000

  private let processes: [DeliveryProcess]

  init(_ processes: [DeliveryProcess]) { self.processes = processes }

  /// Has a change delivered. With `waits`, for files, it waits for space instead of dropping older ones.
  func send(_ change: AlertTransition, json: [UInt8], topSite: String?, waits: Bool) {
    let message = DeliveryMessage(change, json: json, topSite: topSite)
    for process in processes {
      while waits, process.isFull { process.look(timeout: 1_000) }
      process.send(message)
    }
    look()
  }

  /// Takes in what the delivery processes report. What has changed is reported on standard error at once: JSON lines
  /// and the next page may be long in coming.
  func look() {
    for process in processes where process.look() { tell(process) }
  }

  private func tell(_ process: DeliveryProcess) {
    Failure.say(process.fault.map { "\(process.name): \($0)" } ?? "\(process.name): works again")
  }

  /// Lines for the page: what does not work.
  var warnings: [String] { processes.compactMap(\.warning) }

  /// The same for JSON.
  var states: [DeliveryState] {
    processes.map {
      DeliveryState(
        name: $0.name, delivered: $0.delivered, failed: $0.failed, dropped: $0.dropped,
        pending: UInt64($0.pending), fault: $0.fault)
    }
  }

  /// Waits until all has arrived, for files: a command has a timeout of its own.
  func settle() {
    while let process = processes.first(where: { $0.pending > 0 }) {
      if process.look(timeout: 1_000) { tell(process) }
    }
  }

  /// Lets what is on its way arrive, within a few seconds, and the delivery processes go.
  ///
  /// - Parameter isInterrupted: asked now and then; true ends the waiting.
  func finish(isInterrupted: () -> Bool = { false }) {
    var waited = 0
    // What cannot be reported now is not waited for.
    while waited < Self.patience, !isInterrupted(),
      let process = processes.first(where: { $0.pending > 0 && $0.fault == nil })
    {
      if process.look(timeout: 100) { tell(process) }
      waited += 100
      if waited == 1_000 {
        Failure.say("alerts are still on their way; interrupt once more to leave at once")
      }
    }
    for process in processes {
      let before = process.dropped
      process.release()
      let lost = process.dropped - before
      let what = lost == 1 ? "1 alert was" : "\(lost) alerts were"
      if lost > 0 { Failure.say("\(process.name): \(what) not delivered") }
    }
  }
}
