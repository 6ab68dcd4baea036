// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import HTTP1
import Statistics
import Randomness
import Testing

@Suite struct RecentTrafficTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `what was taken adds up to the life, site by site, and leaves nothing out`(seed: UInt64) throws {
    // Two sets of eight places, forty names: names come and go.
    let replay = try Replay(sites: 16, keepsRecent: true)
    var generator = SeededGenerator(seed: seed)
    var totals = TrafficTotals()
    var sum = OtherSites()
    var answered: UInt64 = 0
    var latencies: UInt64 = 0, statuses: UInt64 = 0, methods: UInt64 = 0
    var kinds = RequestKinds()
    func take() throws {
      let recent = try #require(replay.timeline.takeRecent())
      let requests = recent.sites.map(\.requests).reduce(0, +) + recent.other.requests
      #expect(requests == recent.totals.requests)
      let failures = recent.sites.map(\.failures).reduce(0, +) + recent.other.failures
      #expect(failures == recent.totals.failures)
      #expect(recent.sites.map(\.name) == recent.sites.map(\.name).sorted())
      #expect(Set(recent.sites.map(\.name)).count == recent.sites.count)
      totals.requests += recent.totals.requests
      totals.failures += recent.totals.failures
      totals.exchanges += recent.totals.exchanges
      sum.requests += requests
      latencies += recent.latencies.count
      statuses += recent.statuses.map(\.count).reduce(0, +)
      methods += recent.methods.reduce(0, +)
      for site in recent.sites {
        #expect(site.latencies.count == site.successes + site.failures)
        answered += site.latencies.count
        #expect(site.kinds.methods.reduce(0, +) == site.requests)
        #expect(site.kinds.versions == [0, site.requests, 0])
        #expect(site.kinds.responses.reduce(0, +) == site.latencies.count)
        kinds.add(site.kinds)
      }
      kinds.add(recent.otherKinds)
    }
    for step in 0..<4_000 {
      replay.at(1_000 + Double(step) / 37) { traffic in
        let exchange = step % 1024
        let method = [Method.get, .get, .post, .patch, .propfind, .other][step % 6]
        traffic.request(
          "s\(Int.random(in: 0..<40, using: &generator))", method: method, exchange: exchange)
        traffic.answer(
          exchange, status: step % 5 == 0 ? 503 : 200,
          latency: .random(in: 0..<12_000_000_000, using: &generator))
      }
      if step % 531 == 0 { try take() }
    }
    _ = replay.end()
    try take()
    let life = replay.timeline.summary(capture: CaptureCounters())
    #expect(totals.requests == 4_000 && life.totals.requests == 4_000)
    #expect(totals.failures == life.totals.failures && totals.exchanges == life.totals.exchanges)
    #expect(sum.requests == 4_000)
    #expect(answered > 0)
    #expect(latencies == 4_000 && statuses == 4_000 && methods == 4_000)
    // Methods come in turn, and what has no number of its own is one: 4,000 is 666 times six, and four.
    #expect(kinds.methods == [1_334, 0, 667, 0, 0, 0, 0, 0, 667, 1_332])
    #expect(kinds.versions == [0, 4_000, 0])
    #expect(kinds.responses == [0, 3_200, 0, 0, 800, 0])
    let rest = try #require(replay.timeline.takeRecent())
    #expect(rest.totals == TrafficTotals() && rest.sites.isEmpty && rest.other == OtherSites())
  }

  @Test func `requests and responses without a site, and interim ones, are among the others by kind`() throws
  {
    let replay = try Replay(keepsRecent: true)
    replay.at(1) { traffic in
      traffic.request("a", exchange: 1)
      traffic.answer(1, status: 101)
      traffic.request("a", exchange: 2)
      traffic.answer(2, status: 404)
      traffic.request("", method: .head, exchange: 3)
      traffic.answer(3, status: 999)
      traffic.other(.interim, status: 103)
      traffic.other(.unmatchedResponse, status: 500)
    }
    _ = replay.end()
    let recent = try #require(replay.timeline.takeRecent())
    let site = try #require(recent.sites.first)
    #expect(recent.sites.count == 1 && site.kinds.methods[0] == 2)
    #expect(site.kinds.responses == [1, 0, 0, 1, 0, 0])
    #expect(recent.otherKinds.methods[0...1] == [0, 1])
    #expect(recent.otherKinds.responses == [1, 0, 0, 0, 1, 1])
  }

  @Test func `a timeline that was not asked to keeps nothing`() throws {
    let replay = try Replay()
    replay.at(1) { $0.request("a") }
    #expect(replay.timeline.takeRecent() == nil)
  }

  @Test func `latencies fall into the bucket of their bound`() throws {
    let replay = try Replay(keepsRecent: true)
    let latencies: [UInt64] = [0, 4_800_000, 5_600_000, 24_000_000, 999_000, 11_000_000_000, 9_500_000_000]
    replay.at(1) { traffic in
      for (index, latency) in latencies.enumerated() {
        traffic.request("a", exchange: index)
        traffic.answer(index, latency: latency)
      }
    }
    _ = replay.end()
    let expected: [UInt64] = [3, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]
    let recent = try #require(replay.timeline.takeRecent())
    let total = recent.latencies
    #expect(total.counts == expected)
    let truth = Double(latencies.reduce(0, +))
    #expect(abs(Double(total.sum) - truth) < truth / 64)
    let site = try #require(recent.sites.first)
    #expect(site.latencies.counts == expected)
    #expect(abs(Double(site.latencies.sum) - truth) < truth / 16)
  }

  @Test func `a summary lists the sites that were named besides the top ones`() throws {
    let replay = try Replay()
    for (site, count) in [("a", 5), ("b", 4), ("c", 3), ("d", 2)] {
      for _ in 0..<count { replay.at(1) { $0.request(site) } }
    }
    _ = replay.end()
    let life = replay.timeline.summary(capture: CaptureCounters(), top: 1, naming: ["c", "z"])
    #expect(life.sites.map(\.name) == ["a", "c"])
    #expect(life.other.requests == 6 && life.other.sites == 2)
  }
}
