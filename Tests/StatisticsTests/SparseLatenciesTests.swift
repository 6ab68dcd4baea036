// SPDX-License-Identifier: Apache-2.0
import Randomness
import Testing

@testable import Statistics

@Suite struct SparseLatenciesTests {
  private static func counts(_ latencies: borrowing SparseLatencies, _ row: Int) -> [Int: UInt64] {
    var counts: [Int: UInt64] = [:]
    latencies.forEach(row) { counts[$0, default: 0] += $1 }
    return counts
  }

  @Test func `as long as there is room rows hold what was counted, each its own`() throws {
    let latencies = try SparseLatencies(cells: 512, rows: 32)
    var truth: [Int: [Int: UInt64]] = [:]
    var random = SeededGenerator(seed: 7)
    for _ in 0..<5_000 {
      let row = Int.random(in: 0..<16, using: &random), bucket = Int.random(in: 100..<120, using: &random)
      latencies.add(1, bucket: bucket, row: row)
      truth[row, default: [:]][bucket, default: 0] += 1
    }
    for row in 0..<16 { #expect(Self.counts(latencies, row) == truth[row]) }
    #expect(Self.counts(latencies, 16).isEmpty)
    latencies.remove(3)
    #expect(Self.counts(latencies, 3).isEmpty)
    for row in 0..<16 where row != 3 { #expect(Self.counts(latencies, row) == truth[row]) }
    latencies.clear()
    for row in 0..<16 { #expect(Self.counts(latencies, row).isEmpty) }
  }

  @Test(arguments: [12, 24, 40]) func `a full group has wider buckets and loses nothing`(rows: Int) throws {
    let latencies = try SparseLatencies(cells: 256, rows: 64)
    var truth: [Int: [Int]] = [:]
    var random = SeededGenerator(seed: UInt64(rows))
    for _ in 0..<20_000 {
      // Three doublings for each.
      let row = Int.random(in: 0..<rows, using: &random)
      let bucket = 80 + row + Int.random(in: 0..<24, using: &random)
      latencies.add(1, bucket: bucket, row: row)
      truth[row, default: []].append(bucket)
    }
    for row in 0..<rows {
      let held = Self.counts(latencies, row).sorted { $0.key < $1.key }
      let sorted = try #require(truth[row]).sorted()
      #expect(held.reduce(0) { $0 + $1.value } == UInt64(sorted.count))
      // Every rank is in a bucket that is no further off than the widest ones are wide.
      var rank = 0
      for (bucket, count) in held {
        rank += Int(count)
        #expect(abs(sorted[rank - 1] - bucket) <= 4)
      }
    }
  }

  @Test func `quantiles of wider buckets keep their stated precision`() throws {
    let buckets = LatencyBuckets.coarse
    let latencies = try SparseLatencies(cells: 256, rows: 64)
    // 40 rows of two doublings: more buckets than cells.
    for row in 0..<40 {
      for bucket in 160..<176 { latencies.add(1, bucket: bucket, row: row) }
    }
    for row in 0..<40 {
      let counts = Self.counts(latencies, row)
      let p50 = buckets.quantiles([0.5], maximum: .max) { counts[$0] ?? 0 }[0]
      let truth = Double(buckets.middle(167))
      #expect(abs(Double(p50) - truth) <= 0.57 * truth)
      #expect(counts.values.reduce(0, +) == 16)
    }
  }

  @Test func `what is too much for the widest buckets is left out, and all else stays`() throws {
    let latencies = try SparseLatencies(cells: 256, rows: 64)
    for bucket in [40, 80, 120, 160] {
      for row in 0..<64 { latencies.add(5, bucket: bucket, row: row) }
    }
    var kept = 0
    for row in 0..<64 {
      let counts = Self.counts(latencies, row)
      #expect(counts.allSatisfy { [44, 84, 124, 164].contains($0.key) && $0.value == 5 })
      kept += counts.count
    }
    #expect(kept == 224)
  }

  @Test func `rows that come and go leave room for those that come after them`() throws {
    let latencies = try SparseLatencies(cells: 256, rows: 64)
    var truth: [Int: [Int: UInt64]] = [:]
    var random = SeededGenerator(seed: 11)
    for _ in 0..<20_000 {
      // At most 12 rows of at most 16 buckets at a time, of 64 rows that all have their turn.
      let row = Int.random(in: 0..<64, using: &random)
      if truth[row] == nil, truth.count == 12, let oldest = truth.keys.randomElement(using: &random) {
        latencies.remove(oldest)
        truth[oldest] = nil
        #expect(Self.counts(latencies, oldest).isEmpty)
      }
      let bucket = Int.random(in: 100..<116, using: &random)
      latencies.add(2, bucket: bucket, row: row)
      truth[row, default: [:]][bucket, default: 0] += 2
    }
    // 192 buckets at most: none was widened, and none was left out.
    for row in 0..<64 { #expect(Self.counts(latencies, row) == truth[row] ?? [:]) }
    for row in 0..<64 { latencies.remove(row) }
    latencies.add(1, bucket: 7, row: 7)
    #expect(Self.counts(latencies, 7) == [7: 1])
  }

  @Test func `a group that has become empty has its full precision again`() throws {
    let latencies = try SparseLatencies(cells: 256, rows: 64)
    for row in 0..<40 {
      for bucket in 160..<176 { latencies.add(1, bucket: bucket, row: row) }
    }
    for row in 0..<40 { latencies.remove(row) }
    for bucket in 160..<176 { latencies.add(1, bucket: bucket, row: 3) }
    #expect(Self.counts(latencies, 3).keys.sorted() == Array(160..<176))
  }

  @Test func `a count that would overflow halves its row`() throws {
    let latencies = try SparseLatencies(cells: 256, rows: 64)
    latencies.add(.max - 1, bucket: 9, row: 1)
    latencies.add(100, bucket: 10, row: 1)
    latencies.add(100, bucket: 10, row: 2)
    latencies.add(3, bucket: 9, row: 1)
    #expect(Self.counts(latencies, 1) == [9: UInt64(UInt32.max / 2) + 3, 10: 50])
    #expect(Self.counts(latencies, 2) == [10: 100])
  }

  @Test func `without cells nothing is kept`() throws {
    let latencies = try SparseLatencies(cells: 0, rows: 8)
    latencies.add(1, bucket: 3, row: 5)
    #expect(Self.counts(latencies, 5).isEmpty && !latencies.isKept)
    latencies.remove(5)
    latencies.clear()
  }
}
