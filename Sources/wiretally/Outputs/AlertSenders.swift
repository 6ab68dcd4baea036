// SPDX-License-Identifier: Apache-2.0

import Alerting
import AlertDelivery
import Capture
import Reporting
import Statistics
import System

/// Alerts on their way to others: hands them to the delivery processes and says what becomes of them.
final class AlertSenders: Output {
  /// Milliseconds that the end of the program waits for what is on its way.
  private static let patience = 5_000

  private let processes: [DeliveryProcess]
  private let waits: Bool
  private let origin: AlertOrigin?

  /// - Parameters:
  ///   - waits: for files, which wait for us: nothing is dropped, and all has arrived before the summary.
  ///   - origin: where the watch runs; nil for files.
  init(_ processes: [DeliveryProcess], waits: Bool, origin: AlertOrigin? = nil) {
    self.processes = processes
    self.waits = waits
    self.origin = origin
  }

  /// Starts the processes that the options ask for. They have what this one may do now: start them before it gives
  /// that up, and before anything is open that they should not have.
  convenience init(
    waits: Bool, origin: AlertOrigin? = nil, starting: () throws(SystemError) -> [DeliveryProcess]
  ) throws(CaptureError) {
    do throws(SystemError) {
      self.init(try starting(), waits: waits, origin: origin)
    } catch {
      throw CaptureError(.unavailable, "cannot start the process that delivers alerts: \(error.reason)")
    }
  }

  func interval(_ report: IntervalReport, _ reporter: Reporter) {
    guard !report.changes.isEmpty, !processes.isEmpty else { return }
    for change in report.changes { send(change, topSite: report.interval.sites.first?.name) }
    poll()
  }

  func tick(_ reporter: Reporter, at now: UInt64) { poll() }

  func finish(_ reporter: Reporter, at now: UInt64) { if waits { settle() } }

  private func send(_ change: AlertChange, topSite: String?) {
    let message = DeliveryMessage(change.transition, json: change.json, topSite: topSite, origin: origin)
    for process in processes {
      while waits, process.isFull { process.poll(timeout: 1_000) }
      process.send(message)
    }
  }

  /// Takes in what the delivery processes report. What has changed is reported on standard error at once: JSON lines
  /// and the next page may be long in coming.
  private func poll() {
    for process in processes where process.poll() { tell(process) }
  }

  private func tell(_ process: DeliveryProcess) {
    Failure.say(process.fault.map { "\(process.name): \($0)" } ?? "\(process.name): works again")
  }

  /// Lines for the page: what does not work.
  var warnings: [String] { processes.compactMap(\.warning) }

  /// The same for JSON.
  var deliveries: [DeliveryState] { processes.map(\.state) }

  var dropped: OutputCounters {
    var counters = OutputCounters()
    counters.alerts = processes.reduce(0) { $0 &+ $1.dropped }
    return counters
  }

  /// Waits until all has arrived, for files: a command has a timeout of its own.
  private func settle() {
    while let process = processes.first(where: { $0.pending > 0 }) {
      if process.poll(timeout: 1_000) { tell(process) }
    }
  }

  /// Lets what is on its way arrive, within a few seconds, and the delivery processes go.
  ///
  /// - Parameter isInterrupted: asked now and then; true ends the waiting.
  func close(isInterrupted: () -> Bool) {
    if waits { return }
    let end = Deadline(milliseconds: Self.patience)
    var notice: Deadline? = Deadline(milliseconds: 1_000)
    // What cannot be reported now is not waited for.
    while !end.isOver, !isInterrupted(),
      let process = processes.first(where: { $0.pending > 0 && $0.fault == nil })
    {
      if process.poll(timeout: 100) { tell(process) }
      if notice?.isOver == true {
        notice = nil
        Failure.say("still delivering alerts; press Ctrl-C again to quit now")
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
