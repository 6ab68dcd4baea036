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
        SectionCounts(name: "/x", requests: 3), SectionCounts(name: "/y", requests: 1),
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

  @Test func `gRPC calls are counted, with the statuses that they ended with`() throws {
    let replay = try Replay()
    replay.at(1) { traffic in
      for exchange in 0..<6 { traffic.call("rpc", exchange: exchange) }
      traffic.request("web")
    }
    replay.at(12) { traffic in
      traffic.endCall(0, CallMark(code: 0), isFailure: false)
      traffic.endCall(1, CallMark(code: 14), isFailure: true)
      traffic.endCall(2, CallMark(code: 14), isFailure: true)
      traffic.endCall(3, CallMark(code: 99), isFailure: true)
      traffic.endCall(4, .missing, isFailure: true)
    }
    let intervals = replay.end()
    #expect(intervals[0].totals.calls.requests == 6 && intervals[0].totals.calls.ended == 0)
    #expect(
      intervals[0].totals.protocols.map { "\($0.version.name) \($0.requests)" } == [
        "HTTP/1.1 1", "HTTP/2 6",
      ])
    let calls = replay.timeline.summary(capture: replay.capture).totals.calls
    #expect(calls.requests == 6 && calls.ended == 5)
    #expect(
      calls.statuses.map { "\($0.name) \($0.count)" } == ["OK 1", "UNAVAILABLE 2", "(other) 1", "(none) 1"])
  }

  @Test func `each gRPC method of a site has its calls, how they ended, and latencies`() throws {
    let replay = try Replay()
    replay.at(1) { traffic in
      for exchange in 0..<4 { traffic.call("a", exchange: exchange) }
      traffic.call("a", "List", exchange: 4)
      traffic.call("b", exchange: 5)
      traffic.request("a", exchange: 6)
      traffic.endCall(0, CallMark(code: 0), isFailure: false)
      traffic.endCall(1, CallMark(code: 14), isFailure: true)
      traffic.other(.aborted, exchange: 2)
      traffic.endCall(4, .missing, isFailure: true)
      traffic.answer(6)
    }
    replay.at(12) { traffic in
      // The place of a call that is over: none of it counts for that one.
      traffic.request("a", exchange: 0)
      traffic.answer(0, status: 500)
      traffic.endCall(3, CallMark(code: 0), isFailure: false)
    }
    let intervals = replay.end()
    func text(_ call: CallCounts) -> String {
      let statuses = call.statuses.map { " \($0.name) \($0.count)" }.joined()
      return "\(call.name) \(call.requests):\(statuses), \(call.successes) ok, \(call.failures) failed, "
        + "\(call.unanswered.aborted) aborted, \(call.latency.count) timed"
    }
    let first = try #require(intervals.first).sites
    #expect(
      first.first { $0.name == "a" }?.calls.map(text) == [
        "/shop.Cart/Add 4: OK 1 UNAVAILABLE 1, 1 ok, 1 failed, 1 aborted, 2 timed",
        "/shop.Cart/List 1: (none) 1, 0 ok, 1 failed, 0 aborted, 1 timed",
      ])
    #expect(
      first.first { $0.name == "b" }?.calls.map(text) == [
        "/shop.Cart/Add 1:, 0 ok, 0 failed, 0 aborted, 0 timed"
      ])
    let life = replay.timeline.summary(capture: replay.capture).sites.first { $0.name == "a" }
    #expect(
      life?.calls.first.map(text)
        == "/shop.Cart/Add 4: OK 2 UNAVAILABLE 1, 2 ok, 1 failed, 1 aborted, 3 timed")
  }
}
