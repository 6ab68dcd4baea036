// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Statistics
import Testing

@Suite struct TrafficHistoryTests {
  @Test(
    arguments: [
      (10_000_000_000, 1_000_000_000), (500_000_000, 1_000_000_000), (1_500_000_000, 750_000_000),
      (10_000_000, 1_000_000_000), (700_000_000, 700_000_000), (86_400_000_000_000, 1_000_000_000),
    ] as [(UInt64, UInt64)])
  func `a bin is about a second long, whatever the interval is`(interval: UInt64, bin: UInt64) throws {
    #expect(TrafficHistory(plan: try IntervalPlan(interval: interval)).binLength == bin)
  }

  @Test func `each second has its requests, successes and failures, and the open one waits`() throws {
    let replay = try Replay(start: 0)
    replay.at(0.2) {
      $0.request("a", exchange: 0)
      $0.request("a", exchange: 1)
    }
    replay.at(1.1) { $0.answer(0, status: 200) }
    replay.at(3.9) { $0.answer(1, status: 404) }
    replay.at(4.0) { $0.request("a") }
    let bins = replay.timeline.history.latest()
    #expect(bins.map(\.requests) == [2, 0, 0, 0])
    #expect(bins.map(\.successes) == [0, 1, 0, 0])
    #expect(bins.map(\.failures) == [0, 0, 0, 1])
    #expect(replay.timeline.history.latest(2).map(\.failures) == [0, 1])
    #expect(replay.timeline.history.latest(0).isEmpty && replay.timeline.history.latest(-1).isEmpty)
  }

  @Test func `each second has the quantiles of its answers, and one without answers has none`() throws {
    let replay = try Replay(interval: 500_000_000, start: 0)
    // Each second comes in two ticks.
    for (time, latency) in [(0.1, 1_000_000), (0.6, 3_000_000), (2.2, 8_000_000)] as [(Double, UInt64)] {
      for _ in 0..<10 {
        replay.at(time) {
          $0.request("a", exchange: 1)
          $0.answer(1, status: 200, latency: latency)
        }
      }
    }
    replay.at(2.7) {
      $0.request("a", exchange: 1)
      $0.answer(1, status: 500, latency: 90_000_000)
    }
    replay.at(3.0) { $0.request("a") }
    let bins = replay.timeline.history.latest()
    func isNear(_ value: UInt64, _ wanted: Double) -> Bool { abs(Double(value) / wanted - 1) < 0.016 }
    try #require(bins.count == 3)
    #expect(isNear(bins[0].p50, 1e6) && isNear(bins[0].p99, 3e6), "\(bins[0])")
    #expect(bins[1].p50 == 0 && bins[1].p99 == 0)
    #expect(isNear(bins[2].p50, 8e6) && isNear(bins[2].p99, 9e7), "\(bins[2])")
  }

  @Test func `short ticks are gathered into seconds`() throws {
    let replay = try Replay(interval: 100_000_000, start: 0)
    for tick in 0..<25 { replay.at(Double(tick) / 10 + 0.05) { $0.request("a") } }
    #expect(replay.timeline.history.latest().map(\.requests) == [10, 10])
  }

  @Test func `it keeps the last seconds alone, also over a jump of decades`() throws {
    let replay = try Replay(interval: 1_000_000_000, start: 0)
    for second in 0..<3000 {
      replay.at(Double(second)) { traffic in (0...second % 7).forEach { _ in traffic.request("a") } }
    }
    let bins = replay.timeline.history.latest()
    #expect(bins.count <= TrafficHistory.capacity && bins.count > TrafficHistory.capacity / 2)
    let expected: [UInt64] = (2991...2998).map { second in UInt64(second % 7) + 1 }
    #expect(bins.suffix(8).map(\.requests) == expected)
    replay.at(2_000_000_000) { $0.request("a") }
    _ = replay.end()
    #expect(replay.timeline.history.latest(TrafficHistory.capacity / 2).allSatisfy { $0.requests <= 7 })
  }

  @Test func `late workers' ticks are added to the second they belong to`() throws {
    let second: UInt64 = 1_000_000_000
    let plan = try IntervalPlan(interval: 10 * second)
    let tallyExchanges = try (0..<2).map { _ in
      try TallyExchange(budgets: StatisticsBudgets(pendingExchanges: 8))
    }
    let timeline = try Timeline(tallyExchanges, plan: plan, start: 0)
    let writers = try tallyExchanges.map { try TallyWriter($0, plan: plan, start: 0) }
    let traffic = Traffic()
    traffic.request("a")
    for writer in writers { traffic.record(in: writer) }
    writers[0].turn(at: 3 * second, ledger: ExchangeCounters())
    _ = timeline.nextInterval(capture: CaptureCounters())
    #expect(timeline.history.latest().isEmpty)
    writers[1].turn(at: 2 * second, ledger: ExchangeCounters())
    _ = timeline.nextInterval(capture: CaptureCounters())
    #expect(timeline.history.latest().map(\.requests) == [2, 0])
  }
}
