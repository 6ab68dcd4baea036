// SPDX-License-Identifier: Apache-2.0

/// The division of capture time: intervals from the start on, each of equal ticks of at most one second.
///
/// Tick `n` begins at `boundary(n)`; boundaries are computed from the start each time, so that an
/// interval that no tick divides evenly does not drift.
package struct IntervalPlan: Equatable, Sendable {
  /// Intervals that make sense, nanoseconds: 10 ms to 24 h.
  package static let allowed: ClosedRange<UInt64> = 10_000_000...86_400_000_000_000

  /// Nanoseconds of an interval.
  package let interval: UInt64
  /// Ticks in an interval: its length in seconds, rounded up; 1 to 86,400.
  package let ticksPerInterval: UInt64

  /// A plan for intervals of this many nanoseconds, within `allowed`.
  package init(interval: UInt64) throws(StatisticsError) {
    guard Self.allowed.contains(interval) else { throw StatisticsError.interval(interval) }
    self.interval = interval
    ticksPerInterval = (interval + 999_999_999) / 1_000_000_000
  }

  /// The time when tick `tick` begins, nanoseconds after the start.
  package func boundary(_ tick: UInt64) -> UInt64 {
    let (whole, part) = tick.quotientAndRemainder(dividingBy: ticksPerInterval)
    // part * interval < 86,400 * 8.64e13 fits; a tick beyond the year 2554 may wrap and is no use.
    return whole &* interval &+ part * interval / ticksPerInterval
  }

  /// The tick that holds the moment `elapsed` nanoseconds after the start.
  package func tick(_ elapsed: UInt64) -> UInt64 {
    let (whole, part) = elapsed.quotientAndRemainder(dividingBy: interval)
    var tick = whole &* ticksPerInterval &+ part * ticksPerInterval / interval
    // Boundaries are rounded down, so the moment may belong to the next tick already.
    while boundary(tick &+ 1) <= elapsed && boundary(tick &+ 1) > boundary(tick) { tick &+= 1 }
    return tick
  }
}
