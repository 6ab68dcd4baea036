// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Statistics
import Testing

@Suite struct SiteDetailTests {
  private func replay() throws -> Replay {
    let replay = try Replay(start: 0)
    let statuses: [UInt16] = [200, 200, 200, 404, 503, 418, 299, 102, 700, 999]
    replay.at(0.5) { traffic in
      for (index, status) in statuses.enumerated() {
        traffic.request("a", "/\(index % 3)", exchange: index)
        traffic.answer(index, status: status, latency: index < 8 ? 2_000_000 : 50_000_000)
      }
      traffic.request("b", exchange: 100)
      traffic.answer(100, status: 200, latency: 7_000)
      // A status that nobody knows.
      traffic.request("b", exchange: 101)
      traffic.answer(101, status: 0, latency: 7_000)
    }
    replay.at(1.5) { $0.request("quiet") }
    replay.at(2.5) { _ in }
    return replay
  }

  @Test func `a site's answers are shown by status, rare ones by class`() throws {
    let replay = try replay()
    let detail = try #require(replay.timeline.site("a"))
    #expect(
      detail.statuses == [
        NamedCount(name: "200", count: 3), NamedCount(name: "no class", count: 2),
        NamedCount(name: "404", count: 1), NamedCount(name: "503", count: 1),
        NamedCount(name: "other 1xx", count: 1), NamedCount(name: "other 2xx", count: 1),
        NamedCount(name: "other 4xx", count: 1),
      ])
    #expect(
      replay.timeline.site("b")?.statuses == [
        NamedCount(name: "200", count: 1), NamedCount(name: "no class", count: 1),
      ])
  }

  @Test func `a site's latencies are shown by bucket, within 6.3 per cent`() throws {
    let replay = try replay()
    let latencies = try #require(replay.timeline.site("a")?.latencies)
    #expect(latencies.map(\.count) == [8, 2])
    for (bucket, truth) in zip(latencies, [2e6, 50e6]) {
      #expect(abs(Double(bucket.nanoseconds) - truth) / truth <= 0.063)
    }
  }

  @Test func `a site without answers has none, and an unknown one is nil`() throws {
    let replay = try replay()
    #expect(replay.timeline.site("quiet") == SiteDetail())
    #expect(replay.timeline.site("nowhere") == nil)
  }

  @Test func `a site that lost its place takes no answers of its heir`() throws {
    let replay = try Replay(sites: 8, start: 0)
    replay.at(0.1) { traffic in
      for number in 0..<64 {
        traffic.request("s\(number)", exchange: number)
        traffic.answer(number, status: number % 2 == 0 ? 200 : 500)
      }
    }
    replay.at(1.1) { _ in }
    let kept = replay.timeline.summary(capture: replay.capture).sites
    #expect(kept.count == 8)
    for site in kept {
      let detail = try #require(replay.timeline.site(site.name))
      #expect(detail.statuses.reduce(0) { $0 + $1.count } == site.successes + site.failures)
      #expect(detail.latencies.reduce(0) { $0 + $1.count } == site.successes + site.failures)
    }
  }
}
