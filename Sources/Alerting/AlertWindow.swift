// SPDX-License-Identifier: Apache-2.0

import Capture
import Statistics

/// The counts of a rule over its window: sums that intervals enter and leave, in fixed memory.
///
/// Requests of all traffic stand with the tick they fell into; everything else is known by the interval,
/// and stands with its last tick.
struct AlertWindow: Sendable {
  /// The counts of a tick.
  private struct Tick {
    /// What the rule counts: requests, failures, ...
    var count: UInt64 = 0
    /// What that is a share of.
    var basis: UInt64 = 0
    /// Records lost.
    var lost: UInt64 = 0
  }

  private let rule: AlertRule
  private var ticks: [Tick]
  private var position = 0
  private var latencies: LatencyWindow?
  /// The state at the end of the last interval, in the rule's unit.
  private var moment = 0.0
  /// Ticks since the start, as far as the window is long.
  private var ticksSeen = 0
  private var sum = Tick()

  /// - Parameter ticks: how many are kept, where it is not the rule's whole window.
  init(_ rule: AlertRule, ticks count: Int? = nil) {
    self.rule = rule
    ticks = Array(repeating: Tick(), count: count ?? rule.windowTicks)
    if rule.needsLatencies, count == nil {
      latencies = LatencyWindow(intervals: rule.windowTicks / Int(rule.plan.ticksPerInterval))
    }
  }

  /// Records lost within the window.
  var lost: UInt64 { sum.lost }

  /// What was counted, and of how many: requests, or failures of answered, or latencies.
  var counts: (count: UInt64, basis: UInt64) {
    if let latencies { return (latencies.count, latencies.count) }
    return (sum.count, sum.basis)
  }

  /// The value in the rule's unit, whether it says enough or not.
  var value: Double {
    if rule.measure.isMoment { return moment }
    if let latencies {
      if case .quantile(let perMille) = rule.measure { return Double(latencies.quantile(perMille: perMille)) }
      return Double(latencies.maximum)
    }
    guard rule.unit == .percent else { return rule.average(sum.count) }
    // One division of exact numbers, as in `AlertRule.average`.
    return sum.basis == 0 ? 0 : Double(sum.count) * 100 / Double(sum.basis)
  }

  /// Whether the value may raise an alert: a share of one request, or too little traffic at the start
  /// of the watch, may not.
  var isTelling: Bool {
    if rule.measure.isMoment { return true }
    if rule.unit == .percent || latencies != nil { return counts.basis >= max(1, rule.minimum) }
    return !rule.isBelow || ticksSeen >= ticks.count
  }

  mutating func append(_ interval: Snapshot) {
    let (count, basis) = rule.counts(in: interval)
    for (index, requests) in interval.requestsByTick.enumerated() {
      let isLast = index == interval.requestsByTick.count - 1
      var tick = Tick()
      if rule.countsByTick { tick.count = requests } else if isLast { tick.count = count }
      if isLast { (tick.basis, tick.lost) = (basis, interval.capture.lost) }
      append(tick)
    }
    latencies?.append(rule.latencies(in: interval))
    moment = Double(rule.measure == .oldest ? interval.inFlight.oldest ?? 0 : interval.inFlight.count)
  }

  /// Lets this many nanoseconds pass without traffic.
  mutating func skip(_ silence: UInt64) {
    for _ in 0..<min(rule.plan.tick(silence), UInt64(ticks.count)) { append(Tick()) }
    guard latencies != nil else { return }
    let intervals = min(silence / rule.plan.interval, UInt64(ticks.count) / rule.plan.ticksPerInterval)
    for _ in 0..<intervals { latencies?.append(LatencySlice()) }
  }

  private mutating func append(_ tick: Tick) {
    // The sums are those of the ring: what leaves it was added before.
    let old = ticks[position]
    sum.count = sum.count &- old.count &+ tick.count
    sum.basis = sum.basis &- old.basis &+ tick.basis
    sum.lost = sum.lost &- old.lost &+ tick.lost
    ticks[position] = tick
    position = position + 1 == ticks.count ? 0 : position + 1
    ticksSeen = min(ticksSeen + 1, ticks.count)
  }
}

extension AlertRule {
  /// Whether the ticks of an interval tell what the rule counts.
  var countsByTick: Bool { measure == .requests && subject == nil }

  /// What the rule counts in an interval, and what that is a share of.
  fileprivate func counts(in interval: Snapshot) -> (count: UInt64, basis: UInt64) {
    let totals = interval.totals
    // All traffic: unmatchedResponses are final responses as well, and their requests may have been seen or not.
    var all = WatchedTraffic(.site(""))
    (all.requests, all.unanswered) = (totals.requests, totals.unanswered)
    (all.successes, all.failures) = (totals.successes, totals.failures)
    let part = subject.map { watched($0, in: interval) }
    let counts = part ?? all
    let answered = counts.successes &+ counts.failures
    let final = answered &- counts.resets
    // Those of which it is known how they ended.
    let ended =
      counts.unanswered.aborted &+ counts.unanswered.timedOut &+ (part == nil ? totals.exchanges : final)
    return switch measure {
    case .requests: (counts.requests, 0)
    case .failures: (counts.failures, answered)
    case .statusClass(let digit):
      (part?.count(ofClass: digit) ?? interval.count(ofStatuses: digit * 100...digit * 100 + 99), final)
    case .status(let status):
      (part?.count(ofStatus: status) ?? interval.count(ofStatuses: status...status), final)
    case .aborted: (counts.unanswered.aborted, ended)
    case .timedOut: (counts.unanswered.timedOut, ended)
    case .lost: (interval.capture.lost, interval.capture.matched)
    case .grpc(let mark): (totals.calls[mark], totals.calls.ended)
    case .quantile, .max, .inFlight, .oldest: (0, 0)
    }
  }

  fileprivate func latencies(in interval: Snapshot) -> LatencySlice {
    guard let subject else { return interval.latencies }
    return watched(subject, in: interval).latencies
  }

  private func watched(_ subject: WatchedTraffic.Subject, in interval: Snapshot) -> WatchedTraffic {
    interval.watched.first { $0.subject == subject } ?? WatchedTraffic(subject)
  }
}

extension Snapshot {
  /// The responses of these statuses.
  fileprivate func count(ofStatuses range: ClosedRange<Int>) -> UInt64 {
    statuses.reduce(0) { range.contains($1.status) ? $0 &+ $1.count : $0 }
  }
}
