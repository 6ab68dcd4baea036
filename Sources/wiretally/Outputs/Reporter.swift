// SPDX-License-Identifier: Apache-2.0

import AlertDelivery
import Alerting
import Capture
import Reporting
import Statistics
import System
import TLSCoverage

/// The driver of the outputs: takes each interval from the timeline once it is over, evaluates the alert rules on it,
/// and hands both to every output.
final class Reporter {
  let timeline: Timeline
  let label: CaptureLabel
  /// The lines of the program's own for all outputs: a fallback, a smaller ring.
  var notices: [String] = []
  /// The state of the rules, with the times that the wall clock has for them now.
  var alerts: AlertBoard { board.shifted(by: shift) }
  /// The number of times that each rule raised an alert, in the board's order.
  private(set) var raised: [UInt64]
  /// The milliseconds between two ticks.
  let pace: Int32

  private var board: AlertBoard
  private let labels: LabelClock?
  private let outputs: [any Output]
  private let sites: Int?
  /// Whether reports have all sites of an interval.
  private let keepsAll: Bool
  private let capture: () -> CaptureCounters
  private var lines: JSONLines

  /// - Parameters:
  ///   - sites: how many sites a snapshot holds; nil for all.
  ///   - keepsAll: somebody keeps all sites of an interval.
  ///   - labels: what the wall clock has become since the start; nil for files.
  ///   - capture: what was counted before delivery, so far.
  init(
    _ outputs: [any Output], timeline: Timeline, alerts: AlertBoard, label: CaptureLabel, sites: Int?,
    keepsAll: Bool = false, labels: LabelClock? = nil, capture: @escaping () -> CaptureCounters
  ) {
    self.outputs = outputs
    self.timeline = timeline
    board = alerts
    self.labels = labels
    self.label = label
    self.sites = sites
    self.keepsAll = keepsAll
    self.capture = capture
    raised = Array(repeating: 0, count: alerts.watches.count)
    lines = JSONLines(label: label)
    pace = outputs.map(\.pace).min() ?? 100
  }

  /// Nanoseconds to add to what the capture clock says, for people to read.
  var shift: Int64 { labels?.shift ?? 0 }
  /// What was counted before delivery, so far.
  var counters: CaptureCounters { capture() }
  /// Whether every output still has its reader.
  var hasReader: Bool { outputs.allSatisfy(\.hasReader) }
  /// What is to be known besides the counts.
  var warnings: [String] { notices + outputs.flatMap(\.warnings) }
  /// The state of each receiver of alerts.
  var deliveries: [DeliveryState] { outputs.flatMap(\.deliveries) }
  /// What all outputs have dropped since the start.
  var dropped: OutputCounters { outputs.reduce(OutputCounters()) { $0 + $1.dropped } }

  /// Opens the outputs; what was opened is closed again when one of them throws.
  func open() throws {
    do {
      for output in outputs { try output.open() }
    } catch {
      close { true }
      throw error
    }
  }

  func ready() { for output in outputs { output.ready(self) } }

  func tick(at now: UInt64) { for output in outputs { output.tick(self, at: now) } }

  func reopen() { for output in outputs { output.reopen() } }

  func stop() { for output in outputs { output.stop() } }

  func close(isInterrupted: () -> Bool) {
    // A signal is reported once, and means all of them.
    var wasInterrupted = false
    for output in outputs {
      output.close {
        if !wasInterrupted { wasInterrupted = isInterrupted() }
        return wasInterrupted
      }
    }
  }

  /// Shows the intervals that are over by `now`, or by what was handed over when it is nil; `before` is called ahead of
  /// each.
  func showIntervals(at now: UInt64? = nil, before: () -> Void = {}) {
    while let interval = timeline.nextInterval(now: now, capture: counters, top: intervalSites) {
      before()
      show(interval)
    }
  }

  /// Shows the intervals that are left, the last of which ends at `end`, and what else is to be sent.
  func finish(at end: UInt64?) {
    showIntervals()
    timeline.coverage?.finish()
    if let last = timeline.finish(at: end, capture: counters, top: intervalSites) { show(last) }
    for output in outputs { output.finish(self, at: end ?? 0) }
  }

  /// Shows the totals of the whole run, last; what does not add up in them is reported on standard error.
  ///
  /// - Parameter isSilentWhenEmpty: nothing is shown when no packet was read: the faults say why.
  func summarize(isSilentWhenEmpty: Bool = false) {
    let life = timeline.summary(capture: counters, top: sites)
    if let imbalance = life.imbalance { Failure.say("internal accounting mismatch: \(imbalance)") }
    if isSilentWhenEmpty, life.start == 0, life.end == 0 { return }
    for output in outputs { output.summary(life.shifted(by: shift), self) }
  }

  /// Begins all totals at zero again.
  func resetTotals() { timeline.resetTotals(capture: counters) }

  private var intervalSites: Int? { keepsAll ? nil : sites }

  private func show(_ interval: Snapshot) {
    let before = board.watches.map { $0.active != nil }
    let changes = board.observe(interval).map { transition in
      var transition = transition.shifted(by: shift)
      transition.recording = outputs.lazy.compactMap { $0.recording(of: transition) }.first
      return AlertChange(transition: transition, json: lines.alert(transition))
    }
    for (index, watch) in board.watches.enumerated() where watch.active != nil && !before[index] {
      raised[index] += 1
    }
    let whole = interval.shifted(by: shift)
    let report = IntervalReport(interval: whole.limited(to: sites), whole: whole, changes: changes) {
      [timeline, sites, counters, shift] in
      timeline.summary(capture: counters, top: sites).shifted(by: shift)
    }
    for output in outputs { output.interval(report, self) }
  }
}
