// SPDX-License-Identifier: Apache-2.0

/// Latencies in the buckets that OpenTelemetry's HTTP conventions advise: few, and the same everywhere,
/// so that those of many machines can be added.
///
/// They are summed up from the finer buckets of a histogram when somebody reads, never a head. A fine
/// bucket across a bound counts on the side of its middle, so a bound is off by at most half a bucket:
/// 1.6 % for totals, 6.3 % for a site. All counts and the sum only grow with the histogram.
package struct LatencyDistribution: Equatable, Sendable {
  /// Upper bounds, nanoseconds; a last bucket without a bound follows.
  package static let bounds: [UInt64] = [
    5_000_000, 10_000_000, 25_000_000, 50_000_000, 75_000_000, 100_000_000, 250_000_000, 500_000_000,
    750_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 7_500_000_000, 10_000_000_000,
  ]

  /// Latencies of each bucket alone: one more than there are bounds.
  package var counts = [UInt64](repeating: 0, count: bounds.count + 1)
  /// The sum of all latencies, nanoseconds, from the middles of the fine buckets.
  package var sum: UInt64 = 0

  package init() {}

  /// The number of latencies.
  package var count: UInt64 { counts.reduce(0, &+) }

  /// Adds all of `other`.
  package mutating func add(_ other: LatencyDistribution) {
    for index in counts.indices { counts[index] &+= other.counts[index] }
    sum &+= other.sum
  }
}

extension LatencyBuckets {
  /// Of each bucket of `fine` and `coarse`, the bucket of a distribution that it falls into.
  private static let finePlaces = fine.places
  private static let coarsePlaces = coarse.places

  private var places: [UInt8] {
    (0..<count).map { index in
      let middle = middle(index)
      let bounds = LatencyDistribution.bounds
      return UInt8(bounds.firstIndex { middle <= $0 } ?? bounds.count)
    }
  }

  /// The counts that `bucket` returns for each index, in the few buckets.
  func distribution(_ bucket: (Int) -> UInt64) -> LatencyDistribution {
    let places = precision == Self.fine.precision ? Self.finePlaces : Self.coarsePlaces
    var distribution = LatencyDistribution()
    for index in 0..<count {
      let latencies = bucket(index)
      if latencies == 0 { continue }
      distribution.counts[Int(places[index])] &+= latencies
      distribution.sum &+= latencies &* middle(index)
    }
    return distribution
  }
}
