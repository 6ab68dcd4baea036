// SPDX-License-Identifier: Apache-2.0

import Alerting
import Reporting
import Statistics
import Text

/// The original's page on standard output after each interval, and its summary at the end; under a full screen the
/// summary alone.
final class PageOutput: Output {
  private let output: StandardOutput
  private let pages: PageRenderer
  private let showsIntervals: Bool

  init(_ output: StandardOutput, _ plan: OutputPlan) {
    self.output = output
    pages = PageRenderer(
      label: plan.label, alertLogPath: plan.alertLog?.path, top: plan.options.top ?? ReportOptions.pageSites)
    showsIntervals = plan.options.format != .screen
  }

  func interval(_ report: IntervalReport, _ reporter: Reporter) {
    guard showsIntervals, report.interval.isComplete else { return }
    var text = ByteText()
    pages.page(
      report.interval, life: report.life, alerts: reporter.alerts,
      changes: report.changes.map(\.transition), warnings: reporter.warnings, to: &text)
    output.write(text.bytes)
  }

  func summary(_ life: Snapshot, _ reporter: Reporter) {
    var text = ByteText()
    pages.summary(life, alerts: reporter.alerts, warnings: reporter.warnings, to: &text)
    output.write(text.bytes, isLast: true)
  }
}
