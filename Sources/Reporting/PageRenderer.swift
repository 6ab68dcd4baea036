// SPDX-License-Identifier: Apache-2.0

import HTTP1
package import Alerting
package import Text
import Capture
import Exchanges
package import Statistics

/// The original's page as plain text: one for every interval, and a summary at the end.
package struct PageRenderer: Sendable {
  package var label: CaptureLabel
  package var zone: DisplayZone
  /// Where all alerts are logged; nil when nowhere.
  package var alertLogPath: String?
  /// The number of sites that the totals list.
  package var top: Int

  package init(label: CaptureLabel, zone: DisplayZone = .local, alertLogPath: String?, top: Int = 5) {
    self.label = label
    self.zone = zone
    self.alertLogPath = alertLogPath
    self.top = top
  }

  /// Appends the page at the end of an interval.
  ///
  /// `life` is the lifetime up to then, `tables` a window's numbers where the tables are not of the lifetime, `alerts` the rules' states with this interval observed and
  /// `changes` what it brought; `warnings` are lines of the program's own, like the alert log's.
  package func page(
    _ interval: Snapshot, life: Snapshot, tables: (window: StatisticsWindow, numbers: Snapshot)? = nil,
    alerts: AlertBoard, changes: [AlertTransition] = [],
    warnings: [String] = [], to text: inout ByteText
  ) {
    addMostVisited(interval, to: &text)
    text.line()
    addTotals(life, to: &text)
    addTables(tables?.numbers ?? life, window: tables?.window, to: &text)
    addAlerts(alerts, changes: changes, to: &text)
    text.line()
    addCapture(life, to: &text)
    for warning in warnings { text.line("Warning: \(warning)") }
    text.line()
  }

  /// Appends the page of the lifetime, when the watch has ended.
  package func summary(
    _ life: Snapshot, alerts: AlertBoard, warnings: [String] = [], to text: inout ByteText
  ) {
    // Nothing on the watched ports leaves no times.
    let isTimed = life.start != 0 || life.end != 0
    let span = "from \(zone.label(life.start)) to \(zone.label(life.end)):"
    text.line(isTimed ? "Summary \(span)" : "Summary: nothing was counted.")
    if life.totals.requests == 0 { text.line(SilenceReason(life, label: label).sentence) }
    text.line()
    addTotals(life, to: &text)
    addTables(life, to: &text)
    addAlerts(alerts, changes: [], to: &text)
    text.line()
    addCapture(life, to: &text)
    for warning in warnings { text.line("Warning: \(warning)") }
  }

  private func addMostVisited(_ interval: Snapshot, to text: inout ByteText) {
    let span = Self.span(interval.end &- interval.start)
    guard let site = interval.sites.first, site.requests > 0 else {
      if interval.totals.requests > 0 {
        text.line("No site was named in the last \(span); requests: \(interval.totals.requests).")
        return
      }
      text.line("No \(interval.totals.responses > 0 ? "requests" : "traffic") in the last \(span).")
      text.line(SilenceReason(interval, label: label).sentence)
      return
    }
    text.line("Most visited site in the last \(span): \(site.name).")
    text.line("\(site.name) sections hit:")
    for section in site.sections where section.requests > 0 {
      text.line("\(section.name) - Hits: \(section.requests)\(Self.outcome(section))", indent: 1)
    }
    if site.sections.isEmpty { text.line("No sections.", indent: 1) }
  }

  /// How a section's requests were answered; empty where none was.
  private static func outcome(_ section: SectionCounts) -> String {
    var facts = section.failures > 0 ? ["failures \(section.failures)"] : []
    if section.latency.count > 0 {
      facts.append("p50 \(DecimalText.latency(section.latency.p50))")
      facts.append("p99 \(DecimalText.latency(section.latency.p99))")
    }
    return facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"
  }

  private func addTotals(_ life: Snapshot, to text: inout ByteText) {
    text.line("Total Statistics:")
    let atLeast = life.capture.lost > 0 ? "at least " : ""
    text.line("Total Requests: \(atLeast)\(life.totals.requests)", indent: 1)
    text.line("Total Failures: \(atLeast)\(life.totals.failures)", indent: 1)
    text.line("Total Successes: \(atLeast)\(life.totals.successes)", indent: 1)
    addBeyondTheOriginal(life, to: &text)
    text.line()
  }

  /// What the methods, sites and owners did, since the start or in a window.
  private func addTables(
    _ numbers: Snapshot, window: StatisticsWindow? = nil, to text: inout ByteText
  ) {
    let (total, totals) = (window == nil ? "Total " : "", window == nil ? " totals" : "s")
    let last = window.map { ", last \($0.rawValue)" } ?? ""
    text.line("\(total)Counts by Request Method\(last):")
    for method in numbers.methods {
      text.line("Method: \(method.name) - Count: \(method.count)", indent: 1)
    }
    if numbers.methods.isEmpty { text.line("No requests.", indent: 1) }
    text.line()
    text.line("Top \(top) Site\(totals)\(last):")
    for site in numbers.sites.prefix(top) where site.requests > 0 {
      // Space-Saving may have counted a site so much too high.
      let error = site.overcountMax > 0 ? " (overcounted by at most \(site.overcountMax))" : ""
      text.line("Site: \(site.name) - Hits: \(site.requests)\(error)", indent: 1)
    }
    if numbers.sites.isEmpty { text.line("No sites.", indent: 1) }
    text.line()
    addOwners(numbers, last, to: &text)
  }

  /// What the original had not: only when there is something to tell.
  private func addBeyondTheOriginal(_ life: Snapshot, to text: inout ByteText) {
    let totals = life.totals
    let ends = [
      ("Total Aborted", totals.unanswered.aborted), ("Total Timed Out", totals.unanswered.timedOut),
      ("Total Unknown", totals.unanswered.unknown),
    ]
    for (name, count) in ends where count > 0 { text.line("\(name): \(count)", indent: 1) }
    if life.inFlight.count > 0 {
      let wait = life.inFlight.oldest.map { ", the first for \(DecimalText.latency($0))" } ?? ""
      text.line("In Flight: \(life.inFlight.count)\(wait)", indent: 1)
    }
    if totals.http2 > 0 {
      let parts = totals.protocols.map { "\($0.version.name) \($0.requests)" }
      text.line("Requests by protocol: \(parts.joined(separator: ", "))", indent: 1)
    }
    if totals.calls.requests > 0 || totals.calls.ended > 0 {
      let parts = totals.calls.statuses.map { ", \($0.name) \($0.count)" }
      text.line("gRPC calls: \(totals.calls.requests)\(parts.joined())", indent: 1)
    }
    if totals.unmatchedResponses > 0 {
      text.line("Responses without a request: \(totals.unmatchedResponses)", indent: 1)
    }
    if life.latency.count > 0 {
      text.line(
        "Latency (as seen on this host): p50 \(DecimalText.latency(life.latency.p50)), p90 \(DecimalText.latency(life.latency.p90)), "
          + "p99 \(DecimalText.latency(life.latency.p99)), max \(DecimalText.latency(life.latency.maximum))",
        indent: 1)
    }
  }

  /// `10 seconds`, `1 second`, `1.5 seconds`.
  static func span(_ nanoseconds: UInt64) -> String {
    let seconds = Double(nanoseconds) / 1e9
    let text =
      seconds == seconds.rounded() ? DecimalText.shortest(seconds) : DecimalText.twoDecimals(seconds)
    return text == "1" ? "1 second" : "\(text) seconds"
  }
}
