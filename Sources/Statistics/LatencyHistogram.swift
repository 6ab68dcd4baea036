// SPDX-License-Identifier: Apache-2.0

import System

/// All latencies of a tally or a timeline, in the fine buckets: mergeable, 8.4 kB, no allocation.
final class LatencyHistogram {
  private let buckets = LatencyBuckets.fine
  // One more word than buckets: the last one is the maximum.
  private let counts: ZeroedStorage<UInt64>
  private let maximum: Int

  init() throws(StatisticsError) {
    maximum = buckets.count
    counts = try ZeroedStorage(count: buckets.count + 1)
  }

  /// Counts a latency, nanoseconds.
  func record(_ nanoseconds: UInt64) {
    counts[buckets.index(nanoseconds)] &+= 1
    if nanoseconds > counts[maximum] { counts[maximum] = nanoseconds }
  }

  /// Adds all of `other`.
  func merge(_ other: LatencyHistogram) {
    for index in 0..<maximum { counts[index] &+= other.counts[index] }
    counts[maximum] = max(counts[maximum], other.counts[maximum])
  }

  /// The longest one, nanoseconds.
  var longest: UInt64 { counts[maximum] }

  /// All latencies as `PackedCounts` of their buckets.
  var packed: [UInt32] {
    var words: [UInt32] = []
    for index in 0..<maximum { PackedCounts.append(counts[index], of: index, to: &words) }
    return words
  }

  /// Adds what `packed` of another one returned, and its longest.
  func add(_ words: [UInt32], longest: UInt64) {
    for word in words {
      let (bucket, count) = PackedCounts.unpack(word)
      counts[bucket] &+= count
    }
    counts[maximum] = max(counts[maximum], longest)
  }

  func clear() { counts.clear(from: 0, count: counts.count) }

  var distribution: LatencyDistribution { buckets.distribution { counts[$0] } }

  /// The latencies in the coarse buckets, of which each holds a run of fine ones.
  var slice: LatencySlice {
    var coarse = [UInt64](repeating: 0, count: LatencyBuckets.coarse.count)
    for index in 0..<maximum where counts[index] > 0 {
      coarse[LatencyBuckets.coarse.index(buckets.middle(index))] &+= counts[index]
    }
    return LatencySlice(maximum: counts[maximum]) { coarse[$0] }
  }

  var summary: LatencySummary {
    var count: UInt64 = 0
    for index in 0..<maximum { count &+= counts[index] }
    return buckets.summary(count: count, maximum: counts[maximum]) { counts[$0] }
  }
}
