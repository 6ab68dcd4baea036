// SPDX-License-Identifier: Apache-2.0
import Exchanges
import HTTP1
import Statistics
import Testing

@Suite struct TallyTests {
  @Test func `requests are counted by site, section and method`() throws {
    let replay = try Replay()
    replay.at(100) { traffic in
      for _ in 0..<3 { traffic.request("a.example", "/x") }
      traffic.request("a.example", "/y", method: .post)
      traffic.request("b.example", "/x")
    }
    let interval = try #require(replay.end().first)
    #expect(interval.totals.requests == 5)
    #expect(interval.methods == [NamedCount(name: "GET", count: 4), NamedCount(name: "POST", count: 1)])
    #expect(interval.sites.map(\.name) == ["a.example", "b.example"])
    #expect(interval.sites.map(\.requests) == [4, 1])
    #expect(
      interval.sites.first?.sections == [
        NamedCount(name: "/x", count: 3), NamedCount(name: "/y", count: 1),
      ])
  }

  @Test func `answers are credited to the site of their request`() throws {
    let replay = try Replay()
    replay.at(1) { traffic in
      traffic.request("a", exchange: 0)
      traffic.request("b", exchange: 1)
      traffic.request("b", exchange: 2)
      traffic.request("c", exchange: 3)
    }
    replay.at(2) { traffic in
      traffic.answer(1, status: 404, latency: 5_000_000)
      traffic.answer(0, status: 301, latency: 2_000_000)
      traffic.answer(2, status: 200, latency: 3_000_000)
      traffic.other(.timedOut, exchange: 3)
      traffic.other(.unmatchedResponse, status: 500)
      traffic.other(.interim, exchange: -1, status: 100)
    }
    let interval = try #require(replay.end().first)
    #expect(interval.totals.responses == 5)
    #expect(interval.totals.exchanges == 3)
    #expect(interval.totals.successes == 2)
    #expect(interval.totals.failures == 2)
    #expect(interval.totals.unmatchedResponses == 1)
    #expect(interval.totals.interim == 1)
    #expect(interval.totals.unanswered == UnansweredRequests(timedOut: 1))
    #expect(interval.sites.map(\.name) == ["b", "a", "c"])
    #expect(interval.sites.map(\.successes) == [1, 1, 0])
    #expect(interval.sites.map(\.failures) == [1, 0, 0])
    #expect(interval.sites.map(\.unanswered.timedOut) == [0, 0, 1])
    #expect(interval.sites[0].latency.maximum == 5_000_000)
    #expect(interval.sites[0].latency.count == 2)
    #expect(interval.sites[2].latency == LatencySummary())
    #expect(interval.latency.maximum == 5_000_000)
    #expect(
      interval.statuses.map { "\($0.status):\($0.count)" } == [
        "100:1", "200:1", "301:1", "404:1", "500:1",
      ])
  }

  @Test func `an answer in a later interval finds its site`() throws {
    let replay = try Replay()
    replay.at(0) { $0.request("slow", exchange: 9) }
    replay.at(25) { $0.answer(9, status: 503) }
    let intervals = replay.end()
    #expect(intervals.count == 3)
    #expect(intervals[0].sites.map(\.requests) == [1])
    #expect(intervals[1].sites.isEmpty)
    #expect(intervals[2].sites.map(\.name) == ["slow"])
    #expect(intervals[2].sites.map(\.requests) == [0])
    #expect(intervals[2].sites.map(\.failures) == [1])
    #expect(replay.timeline.summary(capture: replay.capture).sites.map(\.failures) == [1])
  }

  @Test func `an answer for a site that lost its slot goes to other`() throws {
    let replay = try Replay(sites: 8)
    replay.at(1) { $0.request("first", exchange: 0) }
    replay.at(1) { traffic in
      for number in 0..<40 { for _ in 0..<2 { traffic.request("crowd\(number)") } }
    }
    replay.at(1) { $0.answer(0) }
    let interval = try #require(replay.end().first)
    #expect(!interval.sites.contains { $0.name == "first" })
    #expect(interval.other.successes == 1)
    #expect(interval.sites.map(\.requests).reduce(0, +) + interval.other.requests == 81)
  }

  @Test func `methods of any name are listed and the sum is exact`() throws {
    let replay = try Replay()
    replay.at(1) { traffic in
      for _ in 0..<200 { traffic.request("a", method: .other, custom: "BREW") }
      traffic.request("a", method: .other, custom: "other")
      traffic.request("a", method: .other)
    }
    for number in 0..<500 {
      replay.at(2) { $0.request("a", method: .other, custom: "M\(number)") }
    }
    _ = replay.end()
    let methods = replay.timeline.summary(capture: replay.capture).methods
    #expect(methods.first?.name == "other")
    #expect(methods.contains(NamedCount(name: "BREW", count: 200)))
    #expect(methods.map(\.count).reduce(0, +) == 702)
    #expect(Set(methods.map(\.name)).count == methods.count)
  }

  @Test func `names without a site or with exchanges out of range are only totals`() throws {
    let replay = try Replay(pending: 2)
    replay.at(1) { traffic in
      traffic.request("", "", exchange: 77)
      traffic.answer(77)
      traffic.answer(-1, status: 999)
      traffic.answer(Int(Int32.max), status: 60_000, latency: .max)
    }
    let interval = try #require(replay.end().first)
    #expect(interval.totals.requests == 1)
    #expect(interval.totals.exchanges == 3)
    #expect(interval.sites.isEmpty)
    #expect(interval.other.requests == 1)
    #expect(interval.other.successes == 3)
    #expect(interval.latency.maximum == .max)
  }
}
