// SPDX-License-Identifier: Apache-2.0

import AlertDelivery
import Alerting
import Reporting
import Statistics

/// An output, which shows traffic or sends it on. The commands drive a list of these (`OutputPlan`) and know none by name.
///
/// Calls come from one thread, in this order; each has a default that does nothing:
///
///     open ─▶ ready ─▶ (tick | interval | reopen)… ─▶ stop ─▶ interval… ─▶ finish ─▶ summary ─▶ close
///
/// No call waits for a reader or a peer before `finish`, except when files are read: an output has a bounded queue,
/// drops what does not fit, and counts it.
protocol Output: AnyObject {
  /// Whether somebody still takes what is shown; a watch ends when one output has no reader left.
  var hasReader: Bool { get }
  /// The milliseconds between two ticks that the output asks for, at most.
  var pace: Int32 { get }
  /// Lines for the reader that say what does not work as it should.
  var warnings: [String] { get }
  /// The state of each receiver of alerts.
  var deliveries: [DeliveryState] { get }
  /// What the output has dropped since the start, of its own alone.
  var dropped: OutputCounters { get }

  /// The capture file that has, or will have, the packets around an alert; nil when none has.
  func recording(of transition: AlertTransition) -> String?

  /// Starts what needs a thread: the process is sandboxed, and no worker runs yet.
  func open() throws
  /// The workers run.
  func ready(_ reporter: Reporter)
  /// Called as often as the smallest `pace` says; `now` is capture time in nanoseconds.
  func tick(_ reporter: Reporter, at now: UInt64)
  /// An interval is over.
  func interval(_ report: IntervalReport, _ reporter: Reporter)
  /// Opens again the files that were rotated (SIGHUP).
  func reopen()
  /// The capture is about to end.
  func stop()
  /// All intervals were shown: what has to be sent before the summary goes out now.
  func finish(_ reporter: Reporter, at now: UInt64)
  /// Shows the totals of the whole run.
  func summary(_ life: Snapshot, _ reporter: Reporter)
  /// Waits, for a bounded time, for what is on its way, and gives back what the output holds.
  ///
  /// - Parameter isInterrupted: polled now and then; true ends the waiting.
  func close(isInterrupted: () -> Bool)
}

extension Output {
  var hasReader: Bool { true }
  var pace: Int32 { 100 }
  var warnings: [String] { [] }
  var deliveries: [DeliveryState] { [] }
  var dropped: OutputCounters { OutputCounters() }
  func recording(of transition: AlertTransition) -> String? { nil }
  func open() throws {}
  func ready(_ reporter: Reporter) {}
  func tick(_ reporter: Reporter, at now: UInt64) {}
  func interval(_ report: IntervalReport, _ reporter: Reporter) {}
  func reopen() {}
  func stop() {}
  func finish(_ reporter: Reporter, at now: UInt64) {}
  func summary(_ life: Snapshot, _ reporter: Reporter) {}
  func close(isInterrupted: () -> Bool) {}
}

/// An interval that is over, and what it brought.
struct IntervalReport {
  /// With as many sites and clients as are shown.
  let interval: Snapshot
  /// With all of them, where somebody keeps them.
  let whole: Snapshot
  /// The alerts raised and ended by the interval.
  let changes: [AlertChange]
  /// Adds up the totals of the whole run so far, with as many sites and clients as are shown: of many workers with full
  /// tables that takes as long as the interval itself, so it is done for those who show them.
  let life: () -> Snapshot
}

/// An alert raised or ended, and its line of JSON.
struct AlertChange {
  let transition: AlertTransition
  let json: [UInt8]
}
