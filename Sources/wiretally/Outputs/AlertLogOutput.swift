// SPDX-License-Identifier: Apache-2.0

import Alerting

/// The alert log: a line for each alert raised or ended.
final class AlertLogOutput: Output {
  private let log: AlertLog
  /// Programs read standard output: what is wrong with the log is reported on standard error, too, once.
  private let isReportedAside: Bool
  private var reported: String?

  init(_ log: AlertLog, isReportedAside: Bool) {
    self.log = log
    self.isReportedAside = isReportedAside
  }

  var warnings: [String] { log.warning.map { [$0] } ?? [] }

  func interval(_ report: IntervalReport, _ reporter: Reporter) {
    log.retry()
    for change in report.changes { log.append(change.transition) }
    guard isReportedAside, log.warning != reported else { return }
    reported = log.warning
    if let reported { Failure.say(reported) }
  }

  func reopen() { log.reopen() }
}
