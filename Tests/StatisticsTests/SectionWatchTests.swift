// SPDX-License-Identifier: Apache-2.0
import Exchanges
import Statistics
import Testing

/// What alert rules of sections are put to.
@Suite struct SectionWatchTests {
  private static let watched = [
    WatchedSection(site: nil, path: "/api"), WatchedSection(site: "a", path: "/api"),
    WatchedSection(site: "b", path: "/"), WatchedSection(site: nil, path: "/never"),
  ]

  @Test
  func `a section of all sites is their sum, one of a site is that site's, with outcomes and latencies`()
    throws
  {
    let replay = try Replay(watchedSections: Self.watched)
    replay.at(1) { traffic in
      traffic.request("a", "/api", exchange: 0)
      traffic.request("a", "/api", exchange: 1)
      traffic.request("b", "/api", exchange: 2)
      traffic.request("b", "/", exchange: 3)
      traffic.request("a", "/", exchange: 4)
      traffic.request("a", "/apis", exchange: 5)
      traffic.request("a", "/api")
    }
    replay.at(2) { traffic in
      traffic.answer(0, status: 503, latency: 5_000_000)
      traffic.answer(1, status: 200, latency: 7_000_000)
      traffic.answer(2, status: 404, latency: 9_000_000)
      traffic.other(.aborted, exchange: 3)
      for exchange in 4...5 { traffic.answer(exchange, status: 500, latency: 1_000_000_000) }
    }
    let interval = try #require(replay.end().first)
    #expect(interval.watched.map(\.subject) == Self.watched.map { .section($0) })
    #expect(interval.watched.map(\.requests) == [4, 3, 1, 0])
    #expect(interval.watched.map(\.failures) == [2, 1, 0, 0])
    #expect(interval.watched.map(\.successes) == [1, 1, 0, 0])
    #expect(interval.watched.map(\.unanswered.aborted) == [0, 0, 1, 0])
    let latencies: [[UInt64]] = [[5_000_000, 7_000_000, 9_000_000], [5_000_000, 7_000_000], [], []]
    #expect(interval.watched.map(\.latencies) == latencies.map { LatencySlice($0) })
    #expect(interval.watched.map { $0.count(ofStatus: 503) } == [1, 1, 0, 0])
    #expect(interval.watched.map { $0.count(ofClass: 4) } == [1, 0, 0, 0])
  }

  @Test func `an interval begins at nothing, and what ends later counts when it ends`() throws {
    let replay = try Replay(watchedSections: Self.watched)
    replay.at(1) { $0.request("a", "/api", exchange: 0) }
    replay.at(11) { $0.answer(0, status: 200) }
    let intervals = replay.end()
    #expect(intervals.map { $0.watched[1].requests } == [1, 0])
    #expect(intervals.map { $0.watched[1].successes } == [0, 1])
  }

  @Test func `counts are exact although the table of sections has room for few`() throws {
    let replay = try Replay(sections: 8, watchedSections: Self.watched)
    for number in 0..<500 {
      replay.at(1 + Double(number) / 100) { traffic in
        traffic.request("a", "/api", exchange: 0)
        for other in 1...20 { traffic.request("a", "/\(number)-\(other)", exchange: other) }
        for exchange in 0...20 { traffic.answer(exchange) }
      }
    }
    let interval = try #require(replay.end().first)
    #expect(interval.watched.prefix(2).map(\.requests) == [500, 500])
    #expect(interval.watched.prefix(2).map(\.successes) == [500, 500])
  }
}
