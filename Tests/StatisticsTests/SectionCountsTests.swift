// SPDX-License-Identifier: Apache-2.0
import Exchanges
import Randomness
import Testing

@testable import Statistics

@Suite struct SectionCountsTests {
  @Test func `answers count for the section of their request, as they do for its site`() throws {
    let replay = try Replay()
    replay.at(1) { traffic in
      traffic.request("shop", "/cart", exchange: 0)
      traffic.request("shop", "/cart", exchange: 1)
      traffic.request("shop", "/search", exchange: 2)
      traffic.request("blog", "/cart", exchange: 3)
      traffic.request("shop", "/cart", exchange: 4)
    }
    replay.at(2) { traffic in
      traffic.answer(1, status: 503, latency: 40_000_000)
      traffic.answer(0, status: 200, latency: 2_000_000)
      traffic.answer(3, status: 404, latency: 7_000_000)
      traffic.other(.timedOut, exchange: 4)
    }
    let interval = try #require(replay.end().first)
    let shop = try #require(interval.sites.first { $0.name == "shop" })
    #expect(shop.sections.map(\.name) == ["/cart", "/search"])
    let cart = shop.sections[0], search = shop.sections[1]
    #expect(cart.requests == 3 && cart.successes == 1 && cart.failures == 1)
    #expect(cart.unanswered == UnansweredRequests(timedOut: 1))
    #expect(cart.latency.count == 2 && cart.latency.maximum == 40_000_000)
    #expect((1_880_000...2_130_000).contains(cart.latency.p50), "\(cart.latency)")
    #expect((37_500_000...40_000_000).contains(cart.latency.p99), "\(cart.latency)")
    #expect(search.requests == 1 && search.successes + search.failures == 0)
    #expect(search.latency == LatencySummary() && !search.isRequestsOnly)
    let blog = try #require(interval.sites.first { $0.name == "blog" })
    #expect(blog.sections.map(\.failures) == [1])
    // What the site has is the sum of its sections.
    #expect(shop.failures == 1 && shop.successes == 1 && shop.latency.count == 2)
    let life = replay.timeline.summary(capture: replay.capture)
    #expect(life.sites.first { $0.name == "shop" }?.sections == shop.sections)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `quantiles keep the precision of a site's, over many intervals too`(seed: UInt64) throws {
    let replay = try Replay()
    var random = SeededGenerator(seed: seed)
    var all: [UInt64] = []
    for second in 0..<40 {
      replay.at(Double(second) + 0.5) { traffic in
        for _ in 0..<50 {
          let latency = UInt64.random(in: 100_000...90_000_000, using: &random)
          all.append(latency)
          traffic.request("shop", "/cart", exchange: 0)
          traffic.answer(0, latency: latency)
        }
      }
    }
    _ = replay.end()
    let cart = try #require(replay.timeline.summary(capture: replay.capture).sites[0].sections.first)
    all.sort()
    #expect(cart.latency.count == 2_000 && cart.latency.maximum == all.last)
    for (share, value) in [(0.5, cart.latency.p50), (0.9, cart.latency.p90), (0.99, cart.latency.p99)] {
      let truth = Double(all[Int((share * 2_000).rounded(.up)) - 1])
      #expect(abs(Double(value) - truth) <= truth / 16)
    }
  }

  @Test func `a section that has lost its slot takes nothing with it to the next one`() throws {
    let replay = try Replay(sections: 8)
    replay.at(1) { traffic in
      traffic.request("shop", "/old", exchange: 0)
      traffic.answer(0, status: 500, latency: 90_000_000)
      traffic.request("shop", "/old", exchange: 1)
      for number in 0..<40 { traffic.request("shop", "/\(number)", exchange: 2 + number) }
      for number in 0..<40 { traffic.answer(2 + number, latency: 1_000_000) }
      traffic.answer(1, status: 500, latency: 90_000_000)
    }
    let interval = try #require(replay.end().first)
    let sections = interval.sites[0].sections
    #expect(sections.count == 8 && !sections.contains { $0.name == "/old" })
    #expect(sections.allSatisfy { $0.failures == 0 && $0.successes == 1 })
    #expect(sections.allSatisfy { $0.latency.maximum == 1_000_000 && $0.latency.count == 1 })
    #expect(interval.sites[0].successes == 40 && interval.sites[0].failures == 2)
  }

  @Test func `a window has the sections' failures and latencies of its own time`() throws {
    let replay = try Replay(start: 0, keepsWindows: true)
    func serve(_ seconds: Range<Int>, status: UInt16, latency: UInt64) {
      for second in seconds {
        replay.at(Double(second) + 0.5) {
          $0.request("shop", "/cart", exchange: 1)
          $0.answer(1, status: status, latency: latency)
        }
      }
    }
    serve(0..<60, status: 503, latency: 900_000_000)
    serve(60..<120, status: 200, latency: 1_000_000)
    replay.at(120) { _ in }
    let minute = try #require(replay.timeline.window(.minute, capture: replay.capture)).sites[0].sections[0]
    #expect(minute.requests == 60 && minute.failures == 0 && minute.latency.maximum == 1_000_000)
    let five = try #require(replay.timeline.window(.fiveMinutes, capture: replay.capture)).sites[0].sections[
      0]
    #expect(five.requests == 120 && five.failures == 60 && five.successes == 60)
    #expect((840_000_000...900_000_000).contains(five.latency.p99) && five.latency.p50 < 1_100_000)
  }

  @Test func `intervals with details add up to what the life has`() throws {
    let replay = try Replay(wantsDetails: true)
    for second in 0..<30 {
      replay.at(Double(second) + 0.5) { traffic in
        traffic.request("shop", "/cart", exchange: 0)
        traffic.answer(0, status: second % 3 == 0 ? 500 : 200, latency: UInt64(second + 1) * 1_000_000)
      }
    }
    let intervals = replay.end()
    var sum = SnapshotSum()
    for interval in intervals { sum.add(interval) }
    #expect(intervals.count == 3)
    #expect(
      sum.snapshot.sites[0].sections == replay.timeline.summary(capture: replay.capture).sites[0].sections)
  }
}
