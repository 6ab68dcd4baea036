// SPDX-License-Identifier: Apache-2.0
import Randomness
import Testing

@testable import Statistics

@Suite struct LatencySumsTests {
  @Test(arguments: 1...40) func `a summary is that of all buckets, however few are in use`(seed: Int) {
    let buckets = LatencyBuckets.coarse
    var random = SeededGenerator(seed: UInt64(seed))
    var sums = LatencySums()
    var counts = [UInt64](repeating: 0, count: buckets.count)
    for _ in 0..<seed {
      let bucket = Int.random(in: 0..<buckets.count, using: &random)
      let count = UInt64.random(in: 1..<100, using: &random)
      sums.add(count, bucket: bucket)
      counts[bucket] += count
    }
    let maximum = buckets.middle(200), answered = counts.reduce(0, +)
    let summary = sums.summary(count: answered, maximum: maximum)
    let quantiles = buckets.quantiles([0.5, 0.9, 0.99], maximum: maximum) { counts[$0] }
    #expect([summary.p50, summary.p90, summary.p99] == quantiles)
    #expect(summary.count == answered && summary.maximum == maximum)
    #expect(summary == buckets.summary(count: answered, maximum: maximum) { counts[$0] })
  }

  @Test func `without latencies there is nothing to tell`() {
    var sums = LatencySums()
    #expect(sums.summary(count: 3, maximum: 9) == LatencySummary())
    sums.add(0, bucket: 5)
    sums.add(4, bucket: LatencyBuckets.coarse.count)
    sums.add(4, bucket: -1)
    #expect(sums.summary(count: 3, maximum: 9) == LatencySummary())
  }

  @Test func `a single latency is every quantile`() {
    var sums = LatencySums()
    sums.add(1, bucket: 100)
    let summary = sums.summary(count: 1, maximum: .max)
    let middle = LatencyBuckets.coarse.middle(100)
    #expect((summary.p50, summary.p90, summary.p99) == (middle, middle, middle))
  }
}
