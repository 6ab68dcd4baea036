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
      let sum = HistoryView(memory).sum(endingAt: 29, length: UInt64(length) * Samples.second).snapshot
      let expected = (30 - count..<30).reduce(UInt64(0)) { $0 + Samples.snapshot($1).totals.requests }
      #expect(sum.totals.requests == expected, "\(length)")
      #expect(sum.start == Samples.snapshot(30 - count).start && sum.end == Samples.snapshot(29).end)
    }
    let earlier = HistoryView(memory).sum(endingAt: 3, length: 20 * Samples.second).snapshot
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
    let view = HistoryView(reading.source)
    let last = reading.source.range.upperBound - 1
    let sum = (100..<103).reduce(UInt64(0)) { $0 + Samples.snapshot($1).totals.requests }
    #expect(view.sum(endingAt: last, length: nil).snapshot.totals.requests == sum)
    #expect(view.sum(endingAt: last - 3, length: nil).snapshot.start == Samples.start)
    // Time in which nobody watched is empty.
    let (bins, length) = view.bins(endingAt: last, limit: 101)
    #expect(bins.count == 101 && length == 10 * Samples.second)
    #expect(bins.suffix(3).map(\.requests) == (100..<103).map { Samples.snapshot($0).totals.requests })
    #expect(bins.prefix(2).map(\.requests) == (2..<4).map { Samples.snapshot($0).totals.requests })
    #expect(bins.dropFirst(2).dropLast(3).allSatisfy { $0 == TrafficHistory.Bin() })
    #expect(view.bins(endingAt: last, limit: 2).bins.count == 2)
  }
}
