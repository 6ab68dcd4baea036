// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import HTTP1
import Randomness
import Statistics
import Testing

@Suite struct PinnedSitesTests {
  /// The seed that `Traffic` hashes names with.
  static let seed: UInt64 = 42

  private static func replay(pinned names: [String], sites: Int) throws -> Replay {
    var budgets = StatisticsBudgets(pendingExchanges: 1024)
    budgets.sites = sites
    let pinned = try PinnedSites(names, seed: seed, budgets: budgets)
    #expect(pinned.seed == seed, "the test's traffic is hashed with this seed")
    return try Replay(sites: sites, pinned: pinned)
  }

  @Test func `a rare site is counted exactly while thousands of others pass through its set`() throws {
    let names = ["rare.example", "never.example"]
    let replay = try Self.replay(pinned: names, sites: 8)
    var generator = SeededGenerator(seed: 5)
    var slow = 0
    for step in 0..<20_000 {
      replay.at(Double(step) / 1000) { traffic in
        traffic.request("flood-\(UInt64.random(in: 0 ... .max, using: &generator))", exchange: 1)
        traffic.answer(1)
        if step % 1000 == 999 {
          traffic.request("rare.example", exchange: 2)
          slow += 1
          traffic.answer(2, status: slow % 4 == 0 ? 500 : 200, latency: 3_000_000_000)
        }
      }
    }
    let intervals = replay.end()
    #expect(intervals.count == 2)
    for interval in intervals {
      #expect(interval.watched.map(\.subject) == names.map { .site($0) })
      #expect(interval.watched[0].requests == 10)
      #expect(interval.watched[0].successes + interval.watched[0].failures == 10)
      var window = LatencyWindow(intervals: 1)
      window.append(interval.watched[0].latencies)
      #expect(window.count == 10 && window.maximum == 3_000_000_000)
      #expect(interval.watched[0].count(ofStatus: 500) == interval.watched[0].failures)
      #expect(interval.watched[0].count(ofStatus: 404) == 0)
      #expect(interval.watched[0].count(ofClass: 5) == interval.watched[0].failures)
      #expect(interval.watched[0].count(ofClass: 2) == interval.watched[0].successes)
      #expect(interval.watched[1] == WatchedTraffic(.site("never.example")))
    }
    #expect(intervals.map { $0.watched[0].failures } == [2, 3])
    let life = replay.timeline.summary(capture: replay.capture)
    let rare = try #require(life.sites.first { $0.name == "rare.example" })
    #expect(rare.requests == 20 && rare.overcountMax == 0)
    #expect(!life.sites.contains { $0.name == "never.example" })
    #expect(life.totals.requests == 20_020)
    #expect(life.sites.map { $0.requests - $0.overcountMax }.reduce(0, +) + life.other.requests == 20_020)
  }

  @Test func `without pinned sites nothing is watched`() throws {
    let replay = try Replay()
    replay.at(0) { $0.request("a") }
    let interval = try #require(replay.end().first)
    #expect(interval.watched.isEmpty)
    #expect(interval.latencies == LatencySlice())
  }

  @Test func `as many as the limit find places, with the next seed that serves`() throws {
    let names = (0..<PinnedSites.limit).map { "site-\($0).example" }
    var budgets = StatisticsBudgets(pendingExchanges: 8)
    for seed in 0..<200 as Range<UInt64> {
      #expect(try PinnedSites(names, seed: seed, budgets: budgets).seed < seed + 3)
    }
    budgets.sites = 8
    #expect(try PinnedSites(Array(names[..<5]), seed: 1, budgets: budgets).seed == 1)
    #expect(throws: StatisticsError.watchedSites(6)) {
      try PinnedSites(Array(names[..<6]), seed: 1, budgets: budgets)
    }
    #expect(throws: StatisticsError.watchedSites(65)) {
      try PinnedSites(names + ["x"], seed: 1, budgets: StatisticsBudgets(pendingExchanges: 8))
    }
  }

  @Test func `all latencies by bucket come with an interval when they are asked for`() throws {
    let replay = try Replay(wantsLatencies: true)
    let latencies: [UInt64] = [0, 900, 1_500, 90_000, 5_000_000, 5_100_000, 7_000_000_000]
    replay.at(0) { traffic in
      for (index, latency) in latencies.enumerated() {
        traffic.request("a", exchange: index)
        traffic.answer(index, latency: latency)
      }
    }
    let interval = try #require(replay.end().first)
    #expect(interval.latencies == LatencySlice(latencies))
  }

  @Test func `a window's quantiles are those of the latencies that are in it`() {
    var window = LatencyWindow(intervals: 3)
    var generator = SeededGenerator(seed: 11)
    var all: [[UInt64]] = []
    for _ in 0..<20 {
      let count = Int.random(in: 0..<200, using: &generator)
      let latencies = (0..<count).map { _ in UInt64.random(in: 0..<10_000_000_000, using: &generator) }
      all.append(latencies)
      window.append(LatencySlice(latencies))
      let expected = all.suffix(3).flatMap { $0 }.sorted()
      #expect(window.count == UInt64(expected.count))
      guard let longest = expected.last else {
        #expect(window.quantile(perMille: 990) == 0)
        continue
      }
      #expect(window.maximum == longest)
      for perMille in [1, 500, 950, 990, 999] {
        let rank = (Double(perMille) / 1000 * Double(expected.count)).rounded(.up)
        let exact = Double(expected[max(1, Int(rank)) - 1])
        #expect(abs(Double(window.quantile(perMille: perMille)) - exact) <= exact / 16 + 64, "\(perMille)")
      }
    }
  }
}
