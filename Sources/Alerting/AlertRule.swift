// SPDX-License-Identifier: Apache-2.0

import Exchanges
package import Statistics
import Text

/// A rule for when something is too much, or too little: a value over a window of time against a limit.
package struct AlertRule: Equatable, Sendable {
  /// Windows that make sense, nanoseconds: 10 ms to 7 days.
  package static let allowedWindow: ClosedRange<UInt64> = 10_000_000...604_800_000_000_000
  /// Ticks that a window may have: each costs 24 bytes.
  static let mostTicks: UInt64 = 100_000
  /// Intervals that a window of latencies may have: each keeps a histogram of its own.
  static let mostLatencyIntervals: UInt64 = 360

  /// Whether it is the one of `-t`.
  package internal(set) var isThreshold = true
  /// What the rule is called in logs and JSON.
  package internal(set) var name = "high-traffic"
  /// Whether the operator chose the name.
  var hasGivenName = false
  package internal(set) var measure = AlertMeasure.requests
  package internal(set) var unit = AlertUnit.perInterval
  /// Whether less than the limit raises, instead of more.
  package internal(set) var isBelow = false
  /// More than this raises (or less, with `isBelow`), in `unit`; 0 or more.
  package internal(set) var threshold: Double
  /// At this or less (or more) the alert may recover; `threshold` unless stated otherwise.
  package internal(set) var clear: Double
  /// Nanoseconds for which the limit must be passed before the alert is raised.
  package internal(set) var hold: UInt64 = 0
  /// Nanoseconds for which the value must be clear before the alert recovers.
  package internal(set) var keep: UInt64 = 0
  /// A share or a quantile of fewer than this says nothing.
  package internal(set) var minimum: UInt64 = 0
  /// Whose traffic the rule is about; nil for all traffic.
  package var subject: WatchedTraffic.Subject?
  package internal(set) var severity = "warning"
  /// How the statistics cut time.
  package let plan: IntervalPlan
  /// Nanoseconds over which the value is taken.
  package internal(set) var window: UInt64
  /// Nanoseconds from one evaluation to the next; each falls on the end of an interval.
  package let every: UInt64
  /// Ticks in the window: all that begin within it.
  private(set) var windowTicks: Int

  /// The original's rule: the average of requests per statistics interval (or per `unit`), by default over two minutes
  /// and evaluated at the end of every interval.
  package init(
    threshold: Double, unit: AlertUnit = .perInterval, plan: IntervalPlan, window: UInt64 = 120_000_000_000,
    every: UInt64? = nil
  ) throws(AlertError) {
    guard threshold.isFinite, threshold >= 0 else { throw AlertError.threshold(threshold) }
    self.threshold = threshold
    self.unit = unit
    self.plan = plan
    self.every = max(every ?? plan.interval, plan.interval)
    self.window = window
    clear = threshold
    windowTicks = 1
    try setWindow(window)
  }

  /// Makes the window this long, rounded up to whole ticks.
  mutating func setWindow(_ window: UInt64) throws(AlertError) {
    guard Self.allowedWindow.contains(window) else { throw AlertError.window(window) }
    // Rounded up, so that no part of the window is left out; 6.05e14 * 86,400 would not fit 64 bits.
    let (whole, part) = window.quotientAndRemainder(dividingBy: plan.interval)
    let ticks =
      whole * plan.ticksPerInterval
      + (part * plan.ticksPerInterval + plan.interval - 1) / plan.interval
    guard ticks <= Self.mostTicks else { throw AlertError.window(window) }
    self.window = window
    windowTicks = Int(max(1, ticks))
  }

  /// The average per interval, or per the unit's time, when this many fell into the window.
  ///
  /// One division of two exact numbers: an average that equals a decimal limit compares equal.
  func average(_ count: UInt64) -> Double {
    // At most 100,000 ticks of 8.64e13 ns, and 86,400 of 3.6e12 ns: both fit.
    var times = plan.ticksPerInterval
    var parts = UInt64(windowTicks)
    if case .per(let time) = unit {
      times *= time
      parts *= plan.interval
    }
    let divisor = Self.greatestCommonDivisor(times, parts)
    return Double(count) * Double(times / divisor) / Double(parts / divisor)
  }

  private static func greatestCommonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}

extension AlertRule {
  /// Whether a value raises, or keeps a raised alert up.
  func isPassed(by value: Double, isRaised: Bool) -> Bool {
    let limit = isRaised ? clear : threshold
    return isBelow ? value < limit : value > limit
  }

  /// Whether the rule needs each interval's latencies.
  package var needsLatencies: Bool { measure.isLatency }

  /// What sentences call it: `High traffic`, `Low traffic`, `High failure rate`.
  package var title: String {
    let what =
      switch measure {
      case .requests: "traffic"
      case .failures: "failure rate"
      case .statusClass(let digit): "rate of \(digit)xx responses"
      case .status(let status): "rate of status \(status)"
      case .aborted: "rate of aborted requests"
      case .timedOut: "rate of timed out requests"
      case .inFlight: "number of requests in flight"
      case .oldest: "wait of a request"
      case .lost: "loss of records"
      case .grpc(let mark): "rate of gRPC calls with \(mark.name)"
      case .quantile, .max: "latency"
      }
    return (isBelow ? "Low " : "High ") + what
  }

  /// What the rule is called when the operator gives no name.
  var ownName: String {
    let what =
      switch measure {
      case .requests: "traffic"
      case .lost: "loss"
      case .grpc(let mark): "grpc-" + mark.name.lowercased()
      case .status(let status): "status-\(status)"
      default: measure.name
      }
    return (isBelow ? "low-" : "high-") + what
  }

  /// A value beside the limit, with the unit: `396.00 > 100 per 10s` and `771.75ms > 500ms` when it has passed it,
  /// `2.50% (limit 5%)` when not.
  package func comparison(_ value: Double) -> String {
    let interval = unit == .perInterval ? " per \(DecimalText.duration(plan.interval))" : ""
    let (value, limit, sign) = (value, unit.limitText(threshold), isBelow ? "<" : ">")
    return isPassed(by: value, isRaised: false)
      ? "\(unit.text(value)) \(sign) \(limit)\(interval)"
      : "\(unit.text(value))\(interval) (limit \(isBelow ? "< " : "")\(limit))"
  }

  /// A number of requests in the rule's unit as requests a second; nil for another unit.
  package func perSecond(_ value: Double) -> Double? {
    switch unit {
    case .perInterval: value * 1e9 / Double(plan.interval)
    case .per(let time): value * 1e9 / Double(time)
    case .percent, .time, .atOnce: nil
    }
  }

  /// What tells it from other rules in a sentence: ` for example.com`, ` (shop)`; empty for the original.
  package var about: String {
    (subjectText.map { " for \($0)" } ?? "") + (hasGivenName ? " (\(name))" : "")
  }
}
