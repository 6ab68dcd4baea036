// SPDX-License-Identifier: Apache-2.0

import Alerting
import Reporting
import Statistics

/// Intervals, alerts and the summary on standard output, as one JSON object a line.
final class JSONOutput: Output {
  private let output: StandardOutput
  private var lines: JSONLines

  init(_ output: StandardOutput, _ label: CaptureLabel) {
    self.output = output
    lines = JSONLines(label: label)
  }

  func interval(_ report: IntervalReport, _ reporter: Reporter) {
    note(reporter)
    output.write(lines.interval(report.interval, alerts: reporter.alerts))
    for change in report.changes { output.write(change.json) }
  }

  func summary(_ life: Snapshot, _ reporter: Reporter) {
    note(reporter)
    output.write(lines.summary(life, alerts: reporter.alerts), isLast: true)
  }

  /// Takes over what the lines have beside the counts.
  private func note(_ reporter: Reporter) {
    (lines.deliveries, lines.warnings) = (reporter.deliveries, reporter.warnings)
    lines.outputs = reporter.dropped
  }
}
