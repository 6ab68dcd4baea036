// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Statistics
import Testing

/// Intervals added up again, against what the timeline itself has counted over its life.
@Suite struct SnapshotSumTests {
  /// Intervals of one worker's traffic, and the life.
  private static func counted() throws -> (intervals: [Snapshot], life: Snapshot) {
    let replay = try Replay(interval: Replay.second, wantsDetails: true)
    for second in 0..<12 {
      for number in 0..<20 {
        let time = Double(second) + Double(number) / 40
        replay.at(time) { traffic in
          traffic.request(
            "site-\((number * number + second) % 5).example", "/part-\(number % 3)", exchange: number)
        }
        replay.at(time + 0.4) { traffic in
          if number % 7 == 3 { return traffic.other(.timedOut, exchange: number) }
          let latency = UInt64(1 + second * 40 + number) * 1_000_000
          traffic.answer(number, status: number % 4 == 0 ? 503 : 200, latency: latency)
        }
      }
    }
    let intervals = replay.end()
    return (intervals, replay.timeline.summary(capture: CaptureCounters()))
  }

  @Test func `the sum of all intervals is the life`() throws {
    let (intervals, life) = try Self.counted()
    #expect(intervals.count >= 12 && life.totals.requests == 240)
    var sum = SnapshotSum()
    for interval in intervals { sum.add(interval) }
    let all = sum.snapshot
    #expect(all.totals == life.totals)
    #expect(all.methods == life.methods && all.statuses == life.statuses)
    #expect(all.latency == life.latency && all.latency.count > 0)
    #expect(all.ledger == life.ledger)
    #expect((all.start, all.end) == (life.start, life.end))
    let plain = all.sites.map { site in
      var site = site
      site.detail = CodeCounts()
      return site
    }
    #expect(plain == life.sites && plain.count == 5)
    let name = try #require(life.sites.first?.name)
    #expect(sum.site(name)?.latencies.reduce(0) { $0 + $1.count } == life.sites[0].latency.count)
    #expect(sum.site("nowhere.example") == nil)
  }

  @Test func `what is not listed belongs to the others, as where it never was`() throws {
    let (intervals, _) = try Self.counted()
    let interval = try #require(intervals.first)
    let limited = interval.limited(to: 2)
    #expect(limited.sites == Array(interval.sites.prefix(2)) && interval.sites.count > 2)
    #expect(limited.other.sites == UInt64(interval.sites.count - 2))
    let listed = limited.sites.reduce(0) { $0 + $1.requests }
    #expect(listed + limited.other.requests == interval.totals.requests)
    #expect(interval.limited(to: nil) == interval && interval.limited(to: 100) == interval)
  }
}
