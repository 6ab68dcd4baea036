// SPDX-License-Identifier: Apache-2.0

/// The latencies of one interval, by bucket: only the buckets in use, so that a window of many
/// intervals costs what was in them.
package struct LatencySlice: Equatable, Sendable {
  struct Entry: Equatable, BitwiseCopyable, Sendable {
    var bucket: UInt16
    var count: UInt64
  }

  /// In order of their buckets.
  var entries: [Entry] = []
  /// The longest one, nanoseconds, exactly.
  var maximum: UInt64 = 0

  package init() {}

  /// These latencies, nanoseconds.
  package init(_ latencies: [UInt64]) {
    var counts = [UInt64](repeating: 0, count: LatencyBuckets.coarse.count)
    for latency in latencies { counts[LatencyBuckets.coarse.index(latency)] &+= 1 }
    self.init(maximum: latencies.max() ?? 0) { counts[$0] }
  }

  /// What `count` returns for each of the coarse buckets.
  init(maximum: UInt64, _ count: (Int) -> UInt64) {
    self.maximum = maximum
    for bucket in 0..<LatencyBuckets.coarse.count {
      let count = count(bucket)
      if count > 0 { entries.append(Entry(bucket: UInt16(bucket), count: count)) }
    }
  }
}

/// The latencies of the last intervals, this many at most: a sum that slices enter and leave.
package struct LatencyWindow: Sendable {
  private var slices: [LatencySlice]
  private var position = 0
  private var sums = [UInt64](repeating: 0, count: LatencyBuckets.coarse.count)
  /// The latencies in the window.
  package private(set) var count: UInt64 = 0

  /// A window of this many intervals, 1 at least.
  package init(intervals: Int) { slices = Array(repeating: LatencySlice(), count: max(1, intervals)) }

  /// Takes in the latencies of the next interval, and forgets those that are too old.
  package mutating func append(_ slice: LatencySlice) {
    for entry in slices[position].entries {
      sums[Int(entry.bucket)] &-= entry.count
      count &-= entry.count
    }
    for entry in slice.entries {
      sums[Int(entry.bucket)] &+= entry.count
      count &+= entry.count
    }
    slices[position] = slice
    position = position + 1 == slices.count ? 0 : position + 1
  }

  /// The longest latency of the window, nanoseconds, exactly.
  package var maximum: UInt64 { slices.reduce(0) { max($0, $1.maximum) } }

  /// The latency that this many of 1,000 do not exceed, nanoseconds, 6.3 % off at most; 0 of an empty window.
  package func quantile(perMille: Int) -> UInt64 {
    LatencyBuckets.coarse.quantiles([Double(perMille) / 1000], maximum: maximum) { sums[$0] }.first ?? 0
  }
}
