// SPDX-License-Identifier: Apache-2.0

package import Statistics

/// When there is too much traffic: the average of requests per statistics interval over a window,
/// against a threshold.
package struct AlertRule: Equatable, Sendable {
  /// Windows that make sense, nanoseconds: 10 ms to 7 days.
  package static let allowedWindow: ClosedRange<UInt64> = 10_000_000...604_800_000_000_000

  /// What the rule is called in logs and JSON.
  package let name = "high-traffic"
  /// More than so many requests per interval raise, so many or fewer recover; 0 or more.
  package let threshold: Double
  /// How the statistics cut time.
  package let plan: IntervalPlan
  /// Nanoseconds over which the average is taken.
  package let window: UInt64
  /// Nanoseconds from one evaluation to the next; each falls on the end of an interval.
  package let every: UInt64
  /// Ticks in the window: all that begin within it.
  let windowTicks: Int

  /// A rule; the original's window of two minutes, evaluated at the end of every interval.
  package init(
    threshold: Double, plan: IntervalPlan, window: UInt64 = 120_000_000_000, every: UInt64? = nil
  ) throws(AlertError) {
    guard threshold.isFinite, threshold >= 0 else { throw AlertError.threshold(threshold) }
    guard Self.allowedWindow.contains(window) else { throw AlertError.window(window) }
    // Rounded up, so that no part of the window is left out; 6.05e14 * 86,400 would not fit 64 bits.
    let (whole, part) = window.quotientAndRemainder(dividingBy: plan.interval)
    let ticks =
      whole * plan.ticksPerInterval
      + (part * plan.ticksPerInterval + plan.interval - 1) / plan.interval
    guard ticks <= 100_000 else { throw AlertError.window(window) }
    self.threshold = threshold
    self.plan = plan
    self.window = window
    self.every = max(every ?? plan.interval, plan.interval)
    windowTicks = Int(max(1, ticks))
  }

  /// The average per interval when so many requests fell into the window.
  ///
  /// One division of two exact numbers: an average that equals a decimal threshold compares equal.
  func average(_ requests: UInt64) -> Double {
    let ticks = UInt64(windowTicks)
    let divisor = Self.greatestCommonDivisor(ticks, plan.ticksPerInterval)
    return Double(requests) * Double(plan.ticksPerInterval / divisor) / Double(ticks / divisor)
  }

  private static func greatestCommonDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
