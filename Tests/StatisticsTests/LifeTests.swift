// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Statistics
import Testing

@Suite struct LifeTests {
  @Test func `the open interval tells what has come so far`() throws {
    let replay = try Replay(start: 0)
    #expect(replay.timeline.openInterval(capture: replay.capture)?.totals.requests == 0)
    replay.at(0.5) { $0.request("a", "/x") }
    replay.at(1.5) { $0.request("a", "/y") }
    replay.at(2.0) { _ in }
    let open = try #require(replay.timeline.openInterval(capture: replay.capture))
    #expect(!open.isComplete && open.start == 0 && open.end == 2_000_000_000)
    #expect(open.requestsByTick == [1, 1])
    #expect(open.sites.map(\.name) == ["a"] && open.sites[0].requests == 2)
    #expect(try Replay().timeline.openInterval(capture: CaptureCounters()) == nil)
  }

  @Test func `after a reset totals count from there, and its ledger balances`() throws {
    let replay = try Replay(start: 0)
    (replay.ledger.delivered, replay.ledger.headSegments) = (3, 3)
    replay.capture.matched = 3
    replay.at(0.5) { traffic in (0..<3).forEach { _ in traffic.request("old", "/o") } }
    replay.at(1.0) { _ in }
    replay.timeline.resetTotals(capture: replay.capture)
    let empty = replay.timeline.summary(capture: replay.capture)
    #expect(empty.totals.requests == 0 && empty.sites.isEmpty && empty.methods.isEmpty)
    #expect(empty.ledger == ExchangeCounters() && empty.capture == CaptureCounters())
    #expect(empty.start == 1_000_000_000 && empty.end == 1_000_000_000)
    (replay.ledger.delivered, replay.ledger.headSegments) = (5, 5)
    replay.capture.matched = 5
    replay.at(1.5) {
      $0.request("old", "/o")
      $0.request("new", "/n")
    }
    let intervals = replay.end()
    #expect(intervals.map(\.totals.requests) == [5])
    let life = replay.timeline.summary(capture: replay.capture)
    #expect(life.totals.requests == 2 && life.ledger.headSegments == 2 && life.capture.matched == 2)
    #expect(life.sites.map(\.name) == ["new", "old"])
    #expect(
      life.sites.allSatisfy { $0.requests == 1 && $0.overcountMax == 0 && $0.sections.map(\.requests) == [1] }
    )
  }

  @Test func `what was on its way at a reset counts after it, and the ledger balances`() throws {
    let replay = try Replay(start: 0)
    (replay.ledger.delivered, replay.ledger.headSegments, replay.ledger.requests) = (3, 3, 3)
    replay.at(0.5) { traffic in (0..<3).forEach { _ in traffic.request("old", "/o") } }
    replay.at(1.0) { _ in }
    // Two more have been seen, of which no worker has read one, and one was lost.
    (replay.capture.matched, replay.capture.lost) = (6, 1)
    replay.timeline.resetTotals(capture: replay.capture)
    (replay.ledger.delivered, replay.ledger.headSegments, replay.ledger.requests) = (5, 5, 5)
    replay.at(1.5) { traffic in (0..<2).forEach { _ in traffic.request("new", "/n") } }
    _ = replay.end()
    let life = replay.timeline.summary(capture: replay.capture)
    #expect(life.capture.matched == 2 && life.capture.lost == 0 && life.ledger.delivered == 2)
    #expect(life.totals.requests == 2 && life.imbalance == nil, "\(life.imbalance ?? "")")
  }

  @Test func `what was lost before any capture counts from the beginning, of an interval as of a life`()
    throws
  {
    let replay = try Replay(start: 0)
    #expect(replay.timeline.summary(capture: replay.capture).capture.nicMissed == nil)
    (replay.capture.backlogDropped, replay.capture.nicMissed) = (5, 0)
    let first = replay.timeline.summary(capture: replay.capture).capture
    #expect(first.backlogDropped == 5 && first.nicMissed == 0)
    replay.at(1.0) { _ in }
    replay.timeline.resetTotals(capture: replay.capture)
    #expect(replay.timeline.summary(capture: replay.capture).capture.backlogDropped == 0)
    (replay.capture.backlogDropped, replay.capture.nicMissed) = (7, nil)
    let second = replay.timeline.summary(capture: replay.capture).capture
    #expect(second.backlogDropped == 2 && second.nicMissed == nil)
    #expect(replay.end().map(\.capture.backlogDropped) == [7])
  }

  @Test func `after a new beginning a newcomer brings no counts of before into a full table`() throws {
    let replay = try Replay(sites: 8, start: 0)
    replay.at(0.1) { traffic in
      for _ in 0..<100 { for number in 0..<8 { traffic.request("s\(number)") } }
    }
    replay.at(1.0) { _ in }
    replay.timeline.resetTotals(capture: replay.capture)
    // Both need the place of somebody who was seen a hundred times.
    replay.at(1.5) { $0.request("x") }
    replay.at(2.5) { $0.request("y") }
    replay.at(3.0) { _ in }
    let life = replay.timeline.summary(capture: replay.capture)
    #expect(life.sites.reduce(0) { $0 + $1.requests - $1.overcountMax } + life.other.requests == 2)
    for site in life.sites { #expect(site.requests <= 2, "\(site.name)") }
  }
}
