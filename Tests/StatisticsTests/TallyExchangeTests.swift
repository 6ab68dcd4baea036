// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Foundation
import Statistics
import Synchronization
import Testing

@Suite struct TallyExchangeTests {
  /// What a worker counts for each step: one exchange, or an aborted request at every tenth.
  private static func work(_ writer: TallyWriter, steps: Int, worker: Int, time: (Int) -> UInt64) {
    let traffic = Traffic()
    var ledger = ExchangeCounters()
    for step in 0..<steps {
      let now = time(step)
      if writer.isTickOver(now) { writer.turn(at: now, ledger: ledger) }
      traffic.reset()
      let exchange = step % 64
      traffic.request("site-\(step % 100)", "/\(step % 5)", exchange: exchange)
      if step % 10 == 0 {
        traffic.other(.aborted, exchange: exchange)
      } else {
        traffic.answer(exchange, status: step % 4 == 0 ? 404 : 200, latency: UInt64(step))
      }
      ledger.delivered += 2
      traffic.record(in: writer)
    }
    writer.close(ledger: ledger)
  }

  @Test(arguments: [1, 4])
  func `several workers under load lose and invent nothing`(workers: Int) throws {
    let steps = 60_000
    let plan = try IntervalPlan(interval: 10_000_000)
    let budgets = StatisticsBudgets(pendingExchanges: 64)
    let tallyExchanges = try (0..<workers).map { _ in try TallyExchange(budgets: budgets) }
    let timeline = try Timeline(tallyExchanges, plan: plan, start: 1)
    let running = Atomics(workers)
    for (index, tallyExchange) in tallyExchanges.enumerated() {
      Thread.detachNewThread {
        // A tick every hundred steps, so that double buffers are many and some find no spare.
        if let writer = try? TallyWriter(tallyExchange, plan: plan, start: 1) {
          Self.work(writer, steps: steps, worker: index) { UInt64($0) * 100_000 + 1 }
        }
        running.count.subtract(1, ordering: .releasing)
      }
    }
    var intervals: [Snapshot] = []
    var ended = false
    while !ended {
      ended = running.count.load(ordering: .acquiring) == 0
      while let interval = timeline.nextInterval(capture: CaptureCounters()) { intervals.append(interval) }
    }
    if let last = timeline.finish(capture: CaptureCounters()) { intervals.append(last) }

    let life = timeline.summary(capture: CaptureCounters())
    let all = UInt64(steps * workers)
    #expect(life.totals.requests == all)
    #expect(life.totals.unanswered == UnansweredRequests(aborted: all / 10))
    #expect(life.totals.exchanges == all - all / 10)
    #expect(life.latency.count == all - all / 10)
    #expect(life.ledger.delivered == 2 * all)
    #expect(life.sites.count == 100)
    #expect(life.sites.allSatisfy { $0.requests == all / 100 && $0.overcountMax == 0 })
    #expect(life.sites.map { $0.successes + $0.failures + $0.unanswered.count }.reduce(0, +) == all)
    #expect(life.other == OtherSites())
    #expect(intervals.map(\.totals.requests).reduce(0, +) == all)
    #expect(intervals.flatMap(\.requestsByTick).reduce(0, +) == all)
    #expect(intervals.map(\.ledger.delivered).reduce(0, +) == 2 * all)
  }

  @Test func `a reporter that is late blurs a boundary and loses nothing`() throws {
    let second: UInt64 = 1_000_000_000
    let plan = try IntervalPlan(interval: second)
    let tallyExchange = try TallyExchange(budgets: StatisticsBudgets(pendingExchanges: 64))
    let writer = try TallyWriter(tallyExchange, plan: plan, start: second)
    let timeline = try Timeline([tallyExchange], plan: plan, start: second)
    Self.work(writer, steps: 1000, worker: 0) { UInt64($0 / 100) * second + second }
    var intervals: [Snapshot] = []
    while let interval = timeline.nextInterval(capture: CaptureCounters()) { intervals.append(interval) }
    if let last = timeline.finish(capture: CaptureCounters()) { intervals.append(last) }
    // The first tick was handed over; all the others stayed in the second tally.
    #expect(intervals.map(\.totals.requests).filter { $0 > 0 } == [100, 900])
  }
}

/// Counts the threads that still run.
final class Atomics: Sendable {
  let count: Atomic<Int>
  init(_ count: Int) { self.count = Atomic(count) }
}
