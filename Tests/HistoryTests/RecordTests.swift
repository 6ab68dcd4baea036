// SPDX-License-Identifier: Apache-2.0
import Alerting
import Capture
import Exchanges
import Randomness
import Statistics
import Testing

@testable import History

@Suite struct RecordTests {
  static let rules = [
    "failures > 5% for 1m clear 2% min 50", "p99 > 500ms site=shop.example name=slow severity=page",
    "requests < 3 over 1m", "requests > 100/m client=10.0.0.7", "in-flight > 50", "grpc=UNAVAILABLE > 1%",
    "status=503 > 2% unit=nginx.service process=nginx", "max > 2s", "oldest > 5s",
    "p95 > 1s section=/api site=shop.example", "requests > 10/s section=/cart",
  ]

  @Test func `a run is read as it was written, with all of its rules`() throws {
    let run = try Samples.run(rules: Self.rules)
    let read = try HistoryRun(body: run.body[...])
    #expect(read == run)
    #expect(read.rules.map(\.name) == run.rules.map(\.name))
    #expect(read.rules.count == Self.rules.count + 1)
  }

  @Test func `an interval is read as it was written, with every member`() throws {
    let run = try Samples.run(rules: Self.rules)
    for interval in Samples.intervals(20, run) {
      let read = try HistoryInterval(body: interval.body(run)[...], run)
      #expect(read == interval)
      #expect(try HistoryHead(body: interval.body(run)[...]) == HistoryHead(interval.snapshot))
    }
    // The samples raise alerts, so that their states are among what was compared.
    #expect(Samples.intervals(20, run).contains { !$0.changes.isEmpty })
  }

  @Test func `rules stand as they stood`() throws {
    let run = try Samples.run(rules: Self.rules)
    var board = AlertBoard(threshold: run.rules[0], rules: Array(run.rules.dropFirst()))
    for number in 0..<20 {
      let snapshot = Samples.snapshot(number)
      _ = board.observe(snapshot)
      let kept = HistoryInterval(snapshot, alerts: board).alerts(run)
      #expect(kept.watches.map(\.state) == board.watches.map(\.state))
      #expect(kept.threshold?.rule == board.threshold?.rule && kept.others.count == Self.rules.count)
      #expect(kept.past == board.past && kept.active == board.active)
    }
  }

  @Test func `counters of another version keep their names, and unknown ones say nothing`() throws {
    var run = try Samples.run()
    let interval = Samples.intervals(1, run)[0], body = interval.body(run)
    run.counters.ledger[0] = "ofALaterVersion"
    run.counters.capture.swapAt(0, 1)
    let read = try HistoryInterval(body: body[...], run).snapshot
    #expect(read.ledger.delivered == 0 && read.ledger.headSegments == interval.snapshot.ledger.headSegments)
    #expect(read.capture.packets == interval.snapshot.capture.copies)
    #expect(read.capture.copies == interval.snapshot.capture.packets)
  }

  @Test func `bytes of a later version at the end are passed over`() throws {
    let run = try Samples.run()
    let interval = Samples.intervals(1, run)[0]
    #expect(try HistoryInterval(body: (interval.body(run) + [1, 2, 3])[...], run) == interval)
    #expect(try HistoryRun(body: (run.body + [9])[...]) == run)
  }

  /// What a record has of its sections beside their requests.
  private static func outcomes(_ interval: HistoryInterval) -> [UInt8] {
    var writer = RecordWriter()
    for site in interval.snapshot.sites { writer.outcomes(of: site.sections) }
    return writer.bytes
  }

  @Test func `sections of an earlier version have their requests, and nothing that was not counted`() throws {
    let run = try Samples.run()
    var interval = Samples.intervals(1, run)[0]
    let body = interval.body(run).dropLast(Self.outcomes(interval).count)
    for site in interval.snapshot.sites.indices {
      interval.snapshot.sites[site].sections = interval.snapshot.sites[site].sections.map {
        var section = SectionCounts(name: $0.name, requests: $0.requests)
        section.isRequestsOnly = true
        return section
      }
    }
    #expect(interval.snapshot.sites.contains { !$0.sections.isEmpty })
    #expect(try HistoryInterval(body: body, run) == interval)
    // Kept again and added up, they stay so.
    #expect(try HistoryInterval(body: interval.body(run)[...], run) == interval)
    var sum = SnapshotSum()
    sum.add(interval.snapshot)
    #expect(sum.snapshot.sites.allSatisfy { $0.sections.allSatisfy(\.isRequestsOnly) })
  }

  @Test func `a record that ends anywhere too early is refused`() throws {
    let run = try Samples.run(rules: Self.rules)
    let interval = Samples.intervals(3, run)[2], body = interval.body(run)
    // Earlier versions end before what is at the end of this one.
    let earlier = body.count - Self.outcomes(interval).count
    for end in 0..<body.count where end != earlier {
      #expect(throws: HistoryError.damagedRecord) { try HistoryInterval(body: body[..<end], run) }
    }
    for end in 0..<run.body.count {
      #expect(throws: RecordFault.self) { try HistoryRun(body: run.body[..<end]) }
    }
  }

  @Test func `whatever the bytes are, they are read or refused`() throws {
    let run = try Samples.run(rules: Self.rules)
    let body = Samples.intervals(3, run)[2].body(run)
    var random = SeededGenerator(seed: 5)
    var refused = 0
    for _ in 0..<3_000 {
      var bytes = body
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 1..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if let read = try? HistoryInterval(body: bytes[...], run) {
        _ = SnapshotSum(read.snapshot).snapshot
      } else {
        refused += 1
      }
      var other = run.body
      other[Int.random(in: 1..<other.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = try? HistoryRun(body: other[...])
    }
    #expect(refused > 100)
  }

  @Test func `times beyond any clock are refused, and an interval that ends before it begins`() throws {
    let run = try Samples.run(), last: UInt64 = 1 << 62
    func read(_ start: UInt64, _ end: UInt64) throws -> HistoryInterval {
      var interval = Samples.intervals(1, run)[0]
      (interval.snapshot.start, interval.snapshot.end) = (start, end)
      return try HistoryInterval(body: interval.body(run)[...], run)
    }
    #expect(try read(last - 1, last).snapshot.end == last)
    for (start, end) in [(last, last + 1), (.max, .max), (0, .max), (5, 4)] as [(UInt64, UInt64)] {
      #expect(throws: HistoryError.damagedRecord) { try read(start, end) }
    }
    var late = run
    late.start = last + 1
    #expect(throws: RecordFault.self) { try HistoryRun(body: late.body[...]) }
    var ended = Samples.intervals(1, run)[0]
    ended.states[0].past = [PastAlert(started: 1, ended: .max, rule: run.rules[0])]
    #expect(throws: HistoryError.damagedRecord) { try HistoryInterval(body: ended.body(run)[...], run) }
  }

  @Test func `more calls than a watch tells apart, and more names of counters, are refused`() throws {
    let run = try Samples.run()
    func read(calls count: Int) throws -> HistoryInterval {
      var interval = Samples.interval(1, sites: 2)
      interval.states = Samples.intervals(1, run)[0].states
      let call = CallCounts(name: "/a/b")
      interval.snapshot.sites[0].calls = Array(repeating: call, count: count / 2)
      interval.snapshot.sites[1].calls = Array(repeating: call, count: count - count / 2)
      return try HistoryInterval(body: interval.body(run)[...], run)
    }
    #expect(try read(calls: 16_384).snapshot.sites[0].calls.count == 8_192)
    #expect(throws: HistoryError.damagedRecord) { try read(calls: 16_385) }
    var named = run
    named.counters.ledger = Array(repeating: "a", count: 512)
    #expect(try HistoryRun(body: named.body[...]) == named)
    named.counters.ledger.append("a")
    #expect(throws: RecordFault.self) { try HistoryRun(body: named.body[...]) }
    named.counters.ledger = [String(repeating: "a", count: 257)]
    #expect(throws: RecordFault.self) { try HistoryRun(body: named.body[...]) }
  }

  @Test func `names cannot move a cursor or end a line`() throws {
    let run = try Samples.run("\u{1b}[2J\n")
    #expect(try HistoryRun(body: run.body[...]).source == "\\u{1b}[2J\\u{a}")
  }

  @Test func `a length that is longer than the record reserves nothing`() throws {
    var writer = RecordWriter()
    writer.number(1 << 40)
    var reader = RecordReader(writer.bytes[...])
    #expect(throws: RecordFault.self) {
      try reader.list { (reader) throws(RecordFault) in try reader.number() }
    }
  }
}

extension SnapshotSum {
  /// The sum of one.
  fileprivate init(_ snapshot: Snapshot) {
    self.init()
    add(snapshot)
  }
}
