// SPDX-License-Identifier: Apache-2.0

import Capture
package import Statistics
import Text

/// A rule's state over time: inactive, waiting to be raised, active, waiting to recover, and what is
/// over; it looks at no clock.
///
/// Time before the first interval counts as empty, so that nothing is raised early that would not be
/// raised anyway. A silence that the timeline left out counts as empty too.
package struct AlertWatch: Sendable {
  /// Past alerts that are kept for the page.
  package static let history = 5

  package let rule: AlertRule
  /// The transition that raised the active alert; nil when there is none.
  package private(set) var active: AlertTransition?
  /// The last alerts that are over, newest first.
  package private(set) var past: [PastAlert] = []
  /// The value that passed the limit most since the active alert was raised; without one it means nothing.
  package private(set) var peak: Double = 0
  /// The value over the window that ends with the last interval, in the rule's unit.
  package var average: Double { kept?.average ?? window.value }
  /// Records lost within that window.
  package var lost: UInt64 { kept?.lost ?? window.lost }

  private var window: AlertWindow
  private var start: UInt64?
  private var end: UInt64 = 0
  /// The number of evaluations that were due by the last interval.
  private var evaluations: UInt64 = 0
  /// Since when the value has been on the other side of the limit, at every evaluation.
  private var turnedAt: UInt64?

  /// How it stood when it was kept; nil for one that observes intervals.
  private let kept: AlertState?

  package init(_ rule: AlertRule) {
    self.rule = rule
    window = AlertWindow(rule)
    kept = nil
  }

  /// A rule as it stood: to be shown, not to observe anything.
  init(_ rule: AlertRule, kept: AlertState) {
    self.rule = rule
    window = AlertWindow(rule, ticks: 1)
    (active, past, peak) = (kept.active, kept.past, kept.peak)
    self.kept = kept
  }

  /// Takes in the next interval and says what changed at its end. An interval that was cut off moves the
  /// window, but no rule is put to it.
  package mutating func observe(_ interval: Snapshot) -> AlertTransition? {
    if start == nil {
      start = interval.start
    } else if interval.start > end {
      window.skip(interval.start - end)
    }
    window.append(interval)
    end = interval.end
    if active != nil { peak = rule.isBelow ? min(peak, window.value) : max(peak, window.value) }
    guard interval.isComplete else { return nil }
    let due = (interval.end &- (start ?? 0)) / rule.every
    guard due > evaluations else { return nil }
    evaluations = due
    return evaluate(at: interval.end)
  }

  /// The same for people to read, with the times of alerts moved by this many nanoseconds.
  func shifted(by shift: Int64) -> AlertWatch {
    var moved = self
    moved.active = active?.shifted(by: shift)
    for index in past.indices {
      moved.past[index].started &+= UInt64(bitPattern: shift)
      moved.past[index].ended &+= UInt64(bitPattern: shift)
    }
    return moved
  }

  /// The reason why no alert is raised although the limit is passed, in a few words; nil when it is not passed, or an alert is
  /// active.
  package var heldBack: String? {
    if let kept { return kept.heldBack }
    guard active == nil, start != nil, rule.isPassed(by: window.value, isRaised: false) else { return nil }
    if !window.isTelling {
      if rule.minimum > 0 { return "only \(window.counts.basis) of min \(rule.minimum)" }
      return "the window of \(DecimalText.duration(rule.window)) is not over yet"
    }
    if rule.hold > 0, let turnedAt {
      let passed = end > turnedAt ? DecimalText.duration(end - turnedAt) : "0s"
      return "for \(passed) of \(DecimalText.duration(rule.hold))"
    }
    return nil
  }

  private mutating func evaluate(at time: UInt64) -> AlertTransition? {
    let isPassed = window.isTelling && rule.isPassed(by: window.value, isRaised: active != nil)
    guard isPassed == (active == nil) else {
      turnedAt = nil
      return nil
    }
    let since = turnedAt ?? time
    turnedAt = since
    guard time &- since >= (active == nil ? rule.hold : rule.keep) else { return nil }
    turnedAt = nil
    guard let raised = active else {
      let transition = AlertTransition(.raised, rule, window, at: time, started: time)
      active = transition
      peak = window.value
      return transition
    }
    active = nil
    past.insert(PastAlert(started: raised.started, ended: time, rule: rule), at: 0)
    if past.count > Self.history { past.removeLast() }
    return AlertTransition(.recovered, rule, window, at: time, started: raised.started)
  }
}
