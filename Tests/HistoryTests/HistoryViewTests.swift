// SPDX-License-Identifier: Apache-2.0
import Alerting
import Statistics
import Testing

@testable import History

@Suite struct HistoryViewTests {
  private static func memory(_ count: Int) throws -> MemoryHistory {
    let run = try Samples.run()
    let memory = MemoryHistory(run)
    for interval in Samples.intervals(count, run) { memory.append(interval) }
    return memory
  }

  @Test func `a window has the intervals of its time, and no others`() throws {
    let memory = try Self.memory(30)
    for (length, count) in [(10, 1), (60, 6), (64, 6), (67, 7), (100, 10), (100_000, 30)] {
      let sum = HistoryView(memory, budget: .max)
        .sum(endingAt: 29, length: UInt64(length) * Samples.second).sum.snapshot
      let expected = (30 - count..<30).reduce(UInt64(0)) { $0 + Samples.snapshot($1).totals.requests }
      #expect(sum.totals.requests == expected, "\(length)")
      #expect(sum.start == Samples.snapshot(30 - count).start && sum.end == Samples.snapshot(29).end)
    }
    let earlier = HistoryView(memory, budget: .max).sum(endingAt: 3, length: 20 * Samples.second).sum.snapshot
    #expect(
      earlier.totals.requests == Samples.snapshot(2).totals.requests + Samples.snapshot(3).totals.requests)
  }

  @Test func `without a length it is the whole watch, and not the one before it`() throws {
    let folder = Folder()
    let run = try Samples.run()
    var next = run
    next.start += 1_000 * Samples.second
    _ = try keep(Samples.intervals(4, run), of: run, in: folder.file())
    _ = try keep(
      (100..<103).map { HistoryInterval(Samples.snapshot($0), alerts: .init(threshold: run.rules[0])) },
      of: next, in: folder.file())
    let reading = try HistoryReading(folder.file())
    _ = try reading.read { _ in }
    let view = HistoryView(reading.source, budget: .max)
    let last = reading.source.range.upperBound - 1
    let sum = (100..<103).reduce(UInt64(0)) { $0 + Samples.snapshot($1).totals.requests }
    #expect(view.sum(endingAt: last, length: nil).sum.snapshot.totals.requests == sum)
    #expect(view.sum(endingAt: last - 3, length: nil).sum.snapshot.start == Samples.start)
    // Time in which nobody watched is empty.
    let (bins, length) = view.bins(endingAt: last, limit: 101)
    #expect(bins.count == 101 && length == 10 * Samples.second)
    #expect(bins.suffix(3).map(\.requests) == (100..<103).map { Samples.snapshot($0).totals.requests })
    #expect(bins.prefix(2).map(\.requests) == (2..<4).map { Samples.snapshot($0).totals.requests })
    #expect(bins.dropFirst(2).dropLast(3).allSatisfy { $0 == TrafficHistory.Bin() })
    #expect(view.bins(endingAt: last, limit: 2).bins.count == 2)
  }

  @Test func `a look reads no more than it may, and says so when that is not all`() throws {
    let memory = try Self.memory(30)
    let size = try #require(memory.head(29)).bytes
    let cases: [(Int?, Int, Int)] = [(nil, 5, 5), (300, 5, 5), (40, 5, 4), (300, 1_000, 30)]
    for (length, budget, count) in cases {
      // Intervals are nearly of one size.
      let view = HistoryView(memory, budget: budget * size + size / 2)
      let look = view.sum(endingAt: 29, length: length.map { UInt64($0) * Samples.second })
      #expect(look.isCut == (count == 5))
      #expect(look.sum.snapshot.end == Samples.snapshot(29).end)
      let shown = (look.sum.snapshot.end - look.sum.snapshot.start) / (10 * Samples.second)
      #expect(count == 5 ? (4...6).contains(shown) : shown == UInt64(count))
    }
  }
}
