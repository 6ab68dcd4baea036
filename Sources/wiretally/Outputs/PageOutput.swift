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
  private let window: StatisticsWindow
  private let sites: Int?

  init(_ output: StandardOutput, _ plan: OutputPlan) {
    self.output = output
    pages = PageRenderer(
      label: plan.label, alertLogPath: plan.alertLog?.path, top: plan.options.top ?? ReportOptions.pageSites)
    window = plan.options.window ?? .all
    sites = plan.options.sites
    showsIntervals = plan.options.format != .screen
  }

  func interval(_ report: IntervalReport, _ reporter: Reporter) {
    guard showsIntervals, report.interval.isComplete else { return }
    var text = ByteText()
    let tables = reporter.timeline.window(
      window, until: .interval, capture: reporter.counters, top: sites)
    pages.page(
      report.interval, life: report.life(), tables: tables.map { (window, $0) }, alerts: reporter.alerts,
      changes: report.changes.map(\.transition), warnings: reporter.warnings, to: &text)
    output.write(text.bytes)
  }

  func summary(_ life: Snapshot, _ reporter: Reporter) {
    var text = ByteText()
    pages.summary(life, alerts: reporter.alerts, warnings: reporter.warnings, to: &text)
    output.write(text.bytes, isLast: true)
  }
}
