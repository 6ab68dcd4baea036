// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Randomness
import Statistics
import Testing

@Suite struct TimelineTests {
  @Test(
    arguments: [
      (10_000_000_000, 10), (1_000_000_000, 1), (500_000_000, 1), (1_500_000_000, 2),
      (10_000_000_001, 11), (86_400_000_000_000, 86_400), (10_000_000, 1),
    ] as [(UInt64, UInt64)])
  func `an interval is cut into equal ticks of at most a second`(interval: UInt64, ticks: UInt64) throws {
    let plan = try IntervalPlan(interval: interval)
    #expect(plan.ticksPerInterval == ticks)
    var generator = SeededGenerator(seed: interval)
    for _ in 0..<2000 {
      let elapsed = UInt64.random(in: 0..<interval * 1000, using: &generator)
      let tick = plan.tick(elapsed)
      #expect(plan.boundary(tick) <= elapsed && elapsed < plan.boundary(tick + 1))
      #expect(plan.boundary(tick + 1) - plan.boundary(tick) <= 1_000_000_001)
      #expect(plan.tick(plan.boundary(tick)) == tick)
    }
    #expect(plan.boundary(ticks * 7) == interval * 7)
  }

  @Test func `a timeline is silent until an interval with a request is over`() throws {
    let replay = try Replay()
    #expect(replay.timeline.isSilent)
    replay.at(1) { $0.request("a", client: 1) }
    _ = replay.end()
    #expect(!replay.timeline.isSilent)
  }

  @Test func `a request that the server reset is a failure without a response`() throws {
    let replay = try Replay()
    replay.at(1) {
      $0.request("a", client: 1, exchange: 0)
      $0.other(.aborted, exchange: 0, status: 503)
    }
    let last = try #require(replay.end().last)
    #expect(last.totals.requests == 1 && last.totals.failures == 1 && last.totals.responses == 0)
  }

  @Test(arguments: [0, 9_999_999, 86_400_000_000_001, .max] as [UInt64])
  func `an interval without sense is refused`(interval: UInt64) {
    #expect(throws: StatisticsError.interval(interval)) { try IntervalPlan(interval: interval) }
  }

  @Test func `segments count in the interval of their own time`() throws {
    let replay = try Replay()
    for second in [0.0, 9.999, 10.0, 19.5, 40.0, 40.1] { replay.at(1000 + second) { $0.request("a") } }
    let intervals = replay.end()
    #expect(intervals.map(\.totals.requests) == [2, 2, 0, 0, 2])
    #expect(intervals.map { $0.start / 1_000_000_000 } == [1000, 1010, 1020, 1030, 1040])
    #expect(intervals.last?.end == 1_050_000_000_000)
    #expect(intervals[0].requestsByTick == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    #expect(intervals[4].requestsByTick == [2, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    let life = replay.timeline.summary(capture: replay.capture)
    #expect(life.totals.requests == 6)
    #expect(life.start == 1_000_000_000_000 && life.end == 1_050_000_000_000)
  }

  @Test func `time that steps back stays in the open tick`() throws {
    let replay = try Replay()
    for second in [100.0, 105, 99, 3, 106, 111, 104] { replay.at(second) { $0.request("a") } }
    let intervals = replay.end()
    #expect(intervals.map(\.totals.requests) == [5, 2])
  }

  @Test func `a jump of decades reports a bounded silence`() throws {
    let replay = try Replay()
    replay.at(0) { $0.request("a") }
    replay.at(1_700_000_000) { $0.request("a") }
    replay.at(4_000_000_000) { $0.request("a") }
    let intervals = replay.end()
    #expect(UInt64(intervals.count) <= 2 * Timeline.longestSilence + 3)
    #expect(intervals.map(\.totals.requests).reduce(0, +) == 3)
    #expect(intervals.last?.start == 4_000_000_000 * 1_000_000_000)
    #expect(zip(intervals, intervals.dropFirst()).allSatisfy { $0.end <= $1.start })
  }

  @Test func `the end of all time does not trap`() throws {
    let replay = try Replay()
    replay.at(nanoseconds: .max - 5) { $0.request("a") }
    replay.at(nanoseconds: .max) { $0.request("a") }
    replay.at(nanoseconds: 0) { $0.request("a") }
    #expect(replay.end().map(\.totals.requests).reduce(0, +) == 3)
    let other = try Replay()
    other.at(nanoseconds: 0) { $0.request("a") }
    other.at(nanoseconds: .max) { $0.request("a") }
    #expect(other.end().map(\.totals.requests).reduce(0, +) == 2)
  }

  @Test func `the same segments always give the same snapshots`() throws {
    func run() throws -> [Snapshot] {
      let replay = try Replay(sites: 64, sections: 64)
      var generator = SeededGenerator(seed: 99)
      var time: UInt64 = 1_000_000_000
      for step in 0..<20_000 {
        time &+= UInt64.random(in: 0..<20_000_000, using: &generator)
        replay.at(nanoseconds: time) { traffic in
          let exchange = step % 1024
          traffic.request(
            "s\(Int.random(in: 0..<300, using: &generator))", "/\(step % 11)", exchange: exchange)
          traffic.answer(exchange, latency: UInt64.random(in: 0..<1_000_000_000, using: &generator))
        }
      }
      return replay.end() + [replay.timeline.summary(capture: replay.capture)]
    }
    let first = try run()
    #expect(first.count > 10)
    #expect(try run() == first)
  }

  @Test func `nothing at all gives no interval and an empty summary`() throws {
    let replay = try Replay()
    #expect(replay.end().isEmpty)
    #expect(replay.timeline.summary(capture: replay.capture) == Snapshot())
  }

  @Test func `the ledger and the capture's counters are those of the interval`() throws {
    let replay = try Replay()
    replay.at(0) { $0.request("a") }
    replay.ledger.delivered = 4
    replay.capture.packets = 10
    replay.at(11) { $0.request("a") }
    replay.ledger.delivered = 9
    replay.capture.packets = 30
    let intervals = replay.end()
    #expect(intervals.map(\.ledger.delivered) == [4, 5])
    #expect(intervals.map(\.capture.packets) == [10, 20])
    #expect(replay.timeline.summary(capture: replay.capture).ledger.delivered == 9)
  }

  @Test func `a late worker holds an interval up only for the grace`() throws {
    let second: UInt64 = 1_000_000_000
    let plan = try IntervalPlan(interval: 2 * second)
    let budgets = StatisticsBudgets(pendingExchanges: 8)
    let tallyExchanges = [try TallyExchange(budgets: budgets), try TallyExchange(budgets: budgets)]
    let start = 100 * second
    let writers = try tallyExchanges.map { try TallyWriter($0, plan: plan, start: start) }
    let timeline = try Timeline(tallyExchanges, plan: plan, start: start)
    let traffic = Traffic()
    let none = ExchangeCounters()
    traffic.request("a")
    for writer in writers { traffic.record(in: writer) }
    writers[0].turn(at: start + 2 * second, ledger: none)
    #expect(timeline.nextInterval(now: start + 2 * second, capture: CaptureCounters()) == nil)
    let closed = timeline.nextInterval(now: start + 3 * second, capture: CaptureCounters())
    #expect(closed?.totals.requests == 1)
    writers[1].turn(at: start + 3 * second, ledger: none)
    for writer in writers { writer.close(ledger: none) }
    #expect(timeline.nextInterval(now: start + 3 * second, capture: CaptureCounters()) == nil)
    let last = timeline.finish(at: start + 3 * second, capture: CaptureCounters())
    #expect(last?.totals.requests == 1)
    #expect(last?.isComplete == false)
    #expect(last?.end == start + 3 * second)
  }

  @Test func `workers' sites are merged by name`() throws {
    let plan = try IntervalPlan(interval: 1_000_000_000)
    let budgets = StatisticsBudgets(pendingExchanges: 8)
    let tallyExchanges = try (0..<3).map { _ in try TallyExchange(budgets: budgets) }
    let timeline = try Timeline(tallyExchanges, plan: plan, start: 5)
    for (index, tallyExchange) in tallyExchanges.enumerated() {
      let writer = try TallyWriter(tallyExchange, plan: plan, start: 5)
      let traffic = Traffic()
      traffic.request("shared", "/s", exchange: 0)
      traffic.request("own-\(index)", "/\(index)", exchange: 1)
      traffic.answer(0, status: index == 0 ? 500 : 200, latency: UInt64(index + 1) * 1_000_000)
      traffic.record(in: writer)
      writer.close(ledger: ExchangeCounters())
    }
    #expect(timeline.nextInterval(capture: CaptureCounters()) == nil)
    let interval = try #require(timeline.finish(capture: CaptureCounters()))
    #expect(interval.sites.map(\.name) == ["shared", "own-0", "own-1", "own-2"])
    #expect(interval.sites[0].requests == 3)
    #expect(interval.sites[0].failures == 1 && interval.sites[0].successes == 2)
    let section = try #require(interval.sites[0].sections.first)
    #expect(section.name == "/s" && section.requests == 3 && section.failures == 1 && section.successes == 2)
    #expect(section.latency == interval.sites[0].latency)
    #expect(interval.sites[0].latency.count == 3 && interval.sites[0].latency.maximum == 3_000_000)
    let life = timeline.summary(capture: CaptureCounters(), top: 2)
    #expect(life.sites.map(\.name) == ["shared", "own-0"])
    #expect(life.other.sites == 2 && life.other.requests == 2)
  }
}
