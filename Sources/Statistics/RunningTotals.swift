// SPDX-License-Identifier: Apache-2.0

import System
import HTTP1

/// The exact numbers of an interval or of the life, summed over tallies.
final class RunningTotals {
  var totals = TrafficTotals()
  var methods = [UInt64](repeating: 0, count: Method.allCases.count)
  var statuses = [UInt64](repeating: 0, count: Tally.statusLimit)
  let latency: LatencyHistogram

  init() throws(StatisticsError) { latency = try LatencyHistogram() }

  func merge(_ tally: Tally) {
    let more = tally.totals[0]
    // Most ticks of a quiet network are empty.
    guard more != TrafficTotals() else { return }
    totals.add(more)
    for index in methods.indices { methods[index] &+= tally.methods[index] }
    for index in statuses.indices { statuses[index] &+= tally.statuses[index] }
    latency.merge(tally.latency)
  }

  /// Adds what a worker has counted in a slice of time.
  func add(_ slice: WorkerSlice) {
    totals.add(slice.totals)
    for (words, counts) in [(slice.methods, \RunningTotals.methods), (slice.statuses, \.statuses)] {
      for word in words {
        let (code, count) = PackedCounts.unpack(word)
        self[keyPath: counts][code] &+= count
      }
    }
    latency.add(slice.latencies, longest: slice.maximum)
  }

  func clear() {
    totals = TrafficTotals()
    for index in methods.indices { methods[index] = 0 }
    for index in statuses.indices { statuses[index] = 0 }
    latency.clear()
  }
}
