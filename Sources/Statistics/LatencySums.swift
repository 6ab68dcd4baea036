// SPDX-License-Identifier: Apache-2.0

/// Sums of latencies by coarse bucket, of which few may be in use: adding and summing up cost what is, and nothing is
/// allocated.
struct LatencySums: ~Copyable {
  /// Buckets of a word of `used`.
  private static let wordBits = UInt64.bitWidth

  private var sums = InlineArray<264, UInt64>(repeating: 0)
  /// A bit for each bucket that has any.
  private var used = InlineArray<5, UInt64>(repeating: 0)
  private var total: UInt64 = 0

  /// Adds latencies to a bucket; those that there are not say nothing.
  mutating func add(_ count: UInt64, bucket: Int) {
    guard count > 0, sums.indices.contains(bucket) else { return }
    sums[bucket] &+= count
    used[bucket / Self.wordBits] |= 1 << UInt64(bucket % Self.wordBits)
    total &+= count
  }

  /// What they tell; `count` is how many exchanges were answered, `maximum` the longest latency, nanoseconds.
  func summary(count: UInt64, maximum: UInt64) -> LatencySummary {
    guard total > 0 else { return LatencySummary() }
    var quantiles = QuantileWalk(total: total, count: count, maximum: maximum)
    for index in used.indices {
      var word = used[index]
      while word != 0 {
        let bucket = index * Self.wordBits + word.trailingZeroBitCount
        word &= word - 1
        quantiles.pass(sums[bucket], LatencyBuckets.coarse.middle(bucket))
      }
    }
    return quantiles.summary
  }
}

/// The quantiles of latencies that pass by bucket, the shortest first.
struct QuantileWalk {
  /// The latencies that a quantile has at or below it; 0 once it is found.
  private var ranks: (p50: UInt64, p90: UInt64, p99: UInt64)
  private var seen: UInt64 = 0
  /// What was found; the longest latency where nothing was yet.
  private(set) var summary = LatencySummary()

  /// - Parameters:
  ///   - total: the latencies that will pass.
  ///   - count: how many exchanges were answered.
  ///   - maximum: the longest latency, nanoseconds, which no quantile exceeds.
  init(total: UInt64, count: UInt64, maximum: UInt64) {
    func rank(_ share: Double) -> UInt64 { UInt64((share * Double(total)).rounded(.up)) }
    ranks = (rank(0.50), rank(0.90), rank(0.99))
    summary.count = count
    (summary.p50, summary.p90, summary.p99, summary.maximum) = (maximum, maximum, maximum, maximum)
  }

  /// Latencies pass, all of about `value` nanoseconds.
  @inline(__always)
  mutating func pass(_ count: UInt64, _ value: @autoclosure () -> UInt64) {
    seen &+= count
    find(&ranks.p50, &summary.p50, value)
    find(&ranks.p90, &summary.p90, value)
    find(&ranks.p99, &summary.p99, value)
  }

  @inline(__always)
  private func find(_ rank: inout UInt64, _ quantile: inout UInt64, _ value: () -> UInt64) {
    guard rank > 0, seen >= rank else { return }
    quantile = min(value(), summary.maximum)
    rank = 0
  }
}
