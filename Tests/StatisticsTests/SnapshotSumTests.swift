// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Owners
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

  @Test func `intervals with names without end make no sum without end`() {
    var sum = SnapshotSum()
    for number in 0..<5 {
      var interval = Snapshot()
      interval.methods = (0..<2_000).map { NamedCount(name: "M\(number)-\($0)", count: 1) }
      interval.statuses = (0..<2_000).map { StatusCount(status: number * 2_000 + $0, count: 1) }
      var site = SiteCounts(name: "site-\(number)")
      site.requests = 1
      site.calls = (0..<4_096).map { CallCounts(name: "/call-\($0)") }
      site.sections = (0..<4_200).map { SectionCounts(name: "/\($0)", requests: 1) }
      interval.sites = [site]
      sum.add(interval)
    }
    let all = sum.snapshot
    #expect(all.sites.count == 5 && all.sites.reduce(0) { $0 + $1.requests } == 5)
    #expect(all.methods.count == 4_096 && all.statuses.count == 4_096)
    #expect(all.sites.reduce(0) { $0 + $1.calls.count } == 16_384)
    #expect(all.sites.allSatisfy { $0.sections.count == 4_096 })
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

  private static func interval(_ owners: [OwnerCounts]) -> Snapshot {
    var interval = Snapshot()
    interval.owners = owners
    return interval
  }

  private static func owner(_ name: String, process: UInt32?, requests: UInt64, inFlight: UInt64)
    -> OwnerCounts
  {
    var owner = OwnerCounts(
      role: .server, process: OwnerProcess(owner: Owner(process: name), process: process))
    (owner.requests, owner.successes, owner.inFlight) = (requests, requests, inFlight)
    return owner
  }

  @Test func `an owner is one row whichever of its processes it was, and waits as the last interval says`()
    throws
  {
    var sum = SnapshotSum()
    sum.add(
      Self.interval([
        Self.owner("nginx", process: 7, requests: 3, inFlight: 1),
        Self.owner("curl", process: 9, requests: 1, inFlight: 4),
      ]))
    sum.add(
      Self.interval([
        Self.owner("nginx", process: 7, requests: 1, inFlight: 2),
        Self.owner("nginx", process: 8, requests: 2, inFlight: 3),
      ]))
    let owners = try #require(sum.snapshot.owners)
    #expect(owners.map(\.process?.owner.process) == ["nginx", "curl"])
    #expect(owners.map(\.process?.process) == [nil, 9])
    #expect(owners.map(\.requests) == [6, 1] && owners.map(\.inFlight) == [5, 0])
  }

  @Test func `owners and clients beyond the rows of a sum are counted together`() throws {
    var interval = Snapshot()
    let beyond = SnapshotSum.rowLimit + 10
    interval.owners = (0..<beyond).map { number in
      Self.owner("worker-\(number)", process: UInt32(number), requests: 2, inFlight: 1)
    }
    interval.clients = (0..<beyond).map { number in
      var client = ClientCounts(high: 7, low: UInt64(number))
      (client.requests, client.successes) = (3, 3)
      return client
    }
    var sum = SnapshotSum()
    sum.add(interval)
    let all = sum.snapshot
    let owners = try #require(all.owners)
    #expect(owners.count == SnapshotSum.rowLimit + 1 && all.clients.count == SnapshotSum.rowLimit)
    let others = try #require(owners.first { $0.process?.owner == .other })
    #expect(others.requests == 20 && others.inFlight == 10 && others.process?.process == nil)
    #expect(all.otherClients.requests == 30)
    // Once those with rows are full, the same ones still find theirs.
    sum.add(interval)
    #expect(sum.snapshot.owners?.count == owners.count)
  }

  @Test func `calls of gRPC add up with their statuses, in the order in which these came`() throws {
    func interval(_ statuses: [(String, UInt64)]) -> Snapshot {
      var call = CallCounts(name: "shop.Cart/Add")
      call.requests = statuses.reduce(0) { $0 + $1.1 }
      call.statuses = statuses.map { NamedCount(name: $0.0, count: $0.1) }
      var site = SiteCounts(name: "a.example")
      site.calls = [call]
      var interval = Snapshot()
      interval.sites = [site]
      return interval
    }
    var sum = SnapshotSum()
    sum.add(interval([("UNAVAILABLE", 2), ("INTERNAL", 1)]))
    sum.add(interval([("INTERNAL", 4), ("ABORTED", 1)]))
    let call = try #require(sum.snapshot.sites.first?.calls.first)
    #expect(call.requests == 8)
    #expect(
      call.statuses == [
        NamedCount(name: "UNAVAILABLE", count: 2), NamedCount(name: "INTERNAL", count: 5),
        NamedCount(name: "ABORTED", count: 1),
      ])
  }

  @Test func `owners of a site that find no row of their own are one row together`() throws {
    var interval = Snapshot()
    var site = SiteCounts(name: "a.example")
    for number in 0..<100 as Range<UInt32> {
      var owner = SiteOwner(
        process: OwnerProcess(owner: Owner(process: "worker-\(number)"), process: number))
      (owner.requests, owner.failures) = (2, 1)
      site.owners.append(owner)
    }
    interval.sites = [site]
    var sum = SnapshotSum()
    sum.add(interval)
    sum.add(interval)
    let owners = try #require(sum.snapshot.sites.first).owners
    #expect(owners.map(\.requests).reduce(0, +) == 400 && owners.map(\.failures).reduce(0, +) == 200)
    let others = owners.filter { $0.process?.owner == .other }
    #expect(others.map(\.requests) == [144] && owners.count == 65)
  }
}
