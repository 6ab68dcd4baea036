// SPDX-License-Identifier: Apache-2.0

import Alerting
import Capture
import Glibc
import History
import Reporting
import Statistics
import System

/// Every interval in a file that the next watch continues.
final class HistoryOutput: Output {
  /// Milliseconds that the end waits for a slow file.
  private static let patience = 5_000

  let writer: HistoryWriter
  /// What was appended, to be read again.
  let source: FileHistory
  let path: String

  /// Opens the history and begins a watch in it.
  ///
  /// - Parameters:
  ///   - isLive: nothing may wait for the file.
  ///   - owner: who writes it later on.
  init(_ path: String, mebibytes: Int, run: HistoryRun, isLive: Bool, owner: LogOwner?) throws(HistoryError) {
    self.path = path
    writer = try HistoryWriter(
      path, limit: mebibytes << 20, run: run, owner: owner, isQueued: isLive)
    source = FileHistory(path, index: writer.index)
  }

  /// What all intervals of a watch have in common.
  static func run(
    _ label: CaptureLabel, alerts: AlertBoard, plan: IntervalPlan, host: String
  ) -> HistoryRun {
    HistoryRun(
      backend: label.backend, source: label.source, ports: label.ports, filter: label.filter,
      only: label.only,
      host: host,
      program: Wiretally.version, start: SystemClock.wall.now, interval: plan.interval,
      rules: alerts.watches.map(\.rule))
  }

  var warnings: [String] { writer.account.warning.map { [$0] } ?? [] }

  var dropped: OutputCounters {
    var counters = OutputCounters()
    counters.intervals = writer.account.dropped
    return counters
  }

  func open() throws {
    for notice in writer.notices { Failure.say(notice, .warning) }
    do throws(SystemError) {
      try writer.start()
    } catch {
      throw CaptureError(.unavailable, "cannot start the thread of --history: \(error.reason)")
    }
  }

  func interval(_ report: IntervalReport, _ reporter: Reporter) {
    writer.append(
      HistoryInterval(
        report.whole, alerts: reporter.alerts, changes: report.changes.map(\.transition)))
  }

  func reopen() {
    writer.reopen()
    source.reopen()
  }

  func close(isInterrupted: () -> Bool) {
    let waiting = writer.finish(limit: Self.patience, isInterrupted: isInterrupted)
    let account = writer.account
    if account.dropped > 0, let warning = account.warning { Failure.say(warning, .warning) }
    if waiting > 0 {
      Failure.say(
        "the history \(path) is too slow: the end came before its last \(waiting) "
          + "\(waiting == 1 ? "interval was" : "intervals were") written", .warning)
    }
  }
}
