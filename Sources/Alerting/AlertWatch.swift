// SPDX-License-Identifier: Apache-2.0

import Capture
package import Statistics

/// A rule's state over time: inactive or active, and what is over; it looks at no clock.
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
  /// Requests per interval over the window that ends with the last interval.
  package var average: Double { rule.average(requests) }
  /// Records lost within that window.
  package private(set) var lost: UInt64 = 0

  /// Requests within the window.
  private var requests: UInt64 = 0
  // Rings of the window's ticks; what was lost in an interval stands with its last tick.
  private var requestsByTick: [UInt64]
  private var lostByTick: [UInt64]
  private var position = 0
  private var start: UInt64?
  private var end: UInt64 = 0
  /// How many evaluations were due by the last interval.
  private var evaluations: UInt64 = 0

  package init(_ rule: AlertRule) {
    self.rule = rule
    requestsByTick = Array(repeating: 0, count: rule.windowTicks)
    lostByTick = Array(repeating: 0, count: rule.windowTicks)
  }

  /// Takes in the next interval and says what changed at its end. An interval that was cut off moves the
  /// window, but no rule is put to it.
  package mutating func observe(_ interval: Snapshot) -> AlertTransition? {
    if start == nil {
      start = interval.start
    } else if interval.start > end {
      skip(interval.start - end)
    }
    for (index, requests) in interval.requestsByTick.enumerated() {
      let isLast = index == interval.requestsByTick.count - 1
      append(requests: requests, lost: isLast ? interval.capture.lost : 0)
    }
    end = interval.end
    guard interval.isComplete else { return nil }
    let due = (interval.end &- (start ?? 0)) / rule.every
    guard due > evaluations else { return nil }
    evaluations = due
    return evaluate(at: interval.end)
  }

  private mutating func evaluate(at time: UInt64) -> AlertTransition? {
    let isAbove = average > rule.threshold
    if isAbove, active == nil {
      let raised = transition(.raised, at: time, started: time)
      active = raised
      return raised
    }
    if !isAbove, let raised = active {
      active = nil
      past.insert(PastAlert(started: raised.started, ended: time), at: 0)
      if past.count > Self.history { past.removeLast() }
      return transition(.recovered, at: time, started: raised.started)
    }
    return nil
  }

  private func transition(
    _ state: AlertTransition.State, at time: UInt64, started: UInt64
  ) -> AlertTransition {
    AlertTransition(
      state: state, rule: rule.name, at: time, started: started, hits: average,
      threshold: rule.threshold, window: rule.window, lost: lost)
  }

  private mutating func append(requests count: UInt64, lost more: UInt64) {
    // The sums are those of the ring: what leaves it was added before.
    requests = requests &- requestsByTick[position] &+ count
    lost = lost &- lostByTick[position] &+ more
    requestsByTick[position] = count
    lostByTick[position] = more
    position = position + 1 == requestsByTick.count ? 0 : position + 1
  }

  /// Lets so many nanoseconds pass without a request.
  private mutating func skip(_ silence: UInt64) {
    let ticks = rule.plan.tick(silence)
    for _ in 0..<min(ticks, UInt64(requestsByTick.count)) { append(requests: 0, lost: 0) }
  }
}
