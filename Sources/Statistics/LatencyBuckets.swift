// SPDX-License-Identifier: Apache-2.0

/// The buckets of a latency histogram: linear below 1.024 us, then a fixed number per doubling, to 73 minutes.
///
/// A quantile read from the middle of its bucket is off by at most half a bucket: 1/64 of the value with
/// `fine` (1.6 %), 1/16 with `coarse` (6.3 %), and half a unit (16 or 64 ns) below 1.024 us. Longer
/// latencies fall into the last bucket. The maximum is kept apart and exact, and no quantile exceeds it.
///
/// hdrhistogram-swift is not used because its histogram for this range takes 144 kB; a site's takes
/// 1,056 bytes here, so that every site of the budget can have one.
struct LatencyBuckets: Sendable {
  /// Buckets to a doubling, as a power of two.
  let precision: Int
  /// Nanoseconds of the narrowest bucket, as a power of two.
  let shift: Int

  /// 32 buckets to a doubling, 1,056 in all: for totals.
  static var fine: LatencyBuckets { LatencyBuckets(precision: 5, shift: 5) }
  /// 8 buckets to a doubling, 264 in all: for a site.
  static var coarse: LatencyBuckets { LatencyBuckets(precision: 3, shift: 7) }

  /// The number of buckets: values up to 2^42 ns have their own.
  var count: Int { (42 - shift - precision + 1) << precision }

  /// The bucket of a latency in nanoseconds.
  @inline(__always)
  func index(_ nanoseconds: UInt64) -> Int {
    let units = nanoseconds &>> UInt64(truncatingIfNeeded: shift)
    if units < 1 &<< UInt64(truncatingIfNeeded: precision) { return Int(truncatingIfNeeded: units) }
    let exponent = 63 &- units.leadingZeroBitCount
    let sub = Int(truncatingIfNeeded: units &>> UInt64(truncatingIfNeeded: exponent &- precision))
    // `sub` carries the leading one: it stands for one more row of buckets.
    let index = ((exponent &- precision) &<< precision) &+ sub
    return min(index, count &- 1)
  }

  /// The middle of a bucket, nanoseconds.
  func middle(_ index: Int) -> UInt64 {
    let row = 1 << precision
    if index < row { return UInt64(index) << UInt64(shift) + 1 << UInt64(shift - 1) }
    let doublings = (index >> precision) - 1
    let lower = UInt64(row + (index & (row - 1))) << UInt64(doublings + shift)
    return lower + 1 << UInt64(doublings + shift - 1)
  }

  /// Count, quantiles and maximum of the counts that `bucket` returns for each index.
  func summary(count: UInt64, maximum: UInt64, _ bucket: (Int) -> UInt64) -> LatencySummary {
    var total: UInt64 = 0
    for index in 0..<self.count { total &+= bucket(index) }
    guard total > 0 else { return LatencySummary() }
    var quantiles = QuantileWalk(total: total, count: count, maximum: maximum)
    for index in 0..<self.count { quantiles.pass(bucket(index), middle(index)) }
    return quantiles.summary
  }

  /// The values, nanoseconds, that at least these shares of the latencies do not exceed; the shares, 0 to 1, ascend.
  /// Empty where there is no latency.
  func quantiles(_ shares: [Double], maximum: UInt64, _ bucket: (Int) -> UInt64) -> [UInt64] {
    var total: UInt64 = 0
    for index in 0..<count { total &+= bucket(index) }
    guard total > 0 else { return [] }
    let ranks = shares.map { UInt64(($0 * Double(total)).rounded(.up)) }
    var values: [UInt64] = []
    var seen: UInt64 = 0
    for index in 0..<count where values.count < ranks.count {
      seen &+= bucket(index)
      while values.count < ranks.count, seen >= ranks[values.count] {
        values.append(min(middle(index), maximum))
      }
    }
    while values.count < ranks.count { values.append(maximum) }
    return values
  }
}
