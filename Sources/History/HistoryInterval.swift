// SPDX-License-Identifier: Apache-2.0

package import Alerting
package import Statistics

/// An interval as it is kept: its numbers, how the rules stood at its end, and what changed in them.
package struct HistoryInterval: Equatable, Sendable {
  /// Times are those of the wall clock when it was kept. What only alert rules look at (`watched`, `latencies`) is not
  /// in it.
  package var snapshot: Snapshot
  /// Of each rule of the run, in their order.
  package var states: [AlertState] = []
  package var changes: [AlertTransition] = []

  package init(_ snapshot: Snapshot, alerts: AlertBoard = AlertBoard(), changes: [AlertTransition] = []) {
    self.snapshot = snapshot
    (self.snapshot.watched, self.snapshot.latencies) = ([], LatencySlice())
    states = alerts.watches.map(\.state)
    self.changes = changes
  }

  /// The rules of its run as they stood.
  package func alerts(_ run: HistoryRun) -> AlertBoard {
    AlertBoard(kept: zip(run.rules, states).map { ($0, $1) })
  }

  /// The body of its record.
  package func body(_ run: HistoryRun) -> [UInt8] {
    var writer = RecordWriter()
    writer.byte(HistoryFormat.Kind.interval.rawValue)
    writer.interval(snapshot)
    writer.list(states) { $0.state($1) }
    writer.list(changes) { writer, change in
      writer.count(run.rules.firstIndex(of: change.about) ?? 0)
      writer.transition(change)
    }
    for site in snapshot.sites { writer.outcomes(of: site.sections) }
    return writer.bytes
  }

  /// Reads a body, its kind included.
  package init(body: ArraySlice<UInt8>, _ run: HistoryRun) throws(HistoryError) {
    do throws(RecordFault) {
      try self.init(reading: body, run)
    } catch {
      throw .damagedRecord
    }
  }

  init(reading body: ArraySlice<UInt8>, _ run: HistoryRun) throws(RecordFault) {
    var reader = RecordReader(body)
    guard try reader.byte() == HistoryFormat.Kind.interval.rawValue else { throw RecordFault() }
    snapshot = try reader.interval(run.counters)
    let rules = run.rules
    var next = 0
    states = try reader.list { (reader) throws(RecordFault) in
      guard next < rules.count else { throw RecordFault() }
      next += 1
      return try reader.state(of: rules[next - 1])
    }
    guard states.count == rules.count else { throw RecordFault() }
    changes = try reader.list { (reader) throws(RecordFault) in
      guard !rules.isEmpty else { throw RecordFault() }
      let place = Int(try reader.number(upTo: UInt64(rules.count - 1)))
      return try reader.transition(of: rules[place])
    }
    // Earlier versions end here.
    let hasOutcomes = !reader.isAtEnd
    for site in snapshot.sites.indices {
      for section in snapshot.sites[site].sections.indices {
        if hasOutcomes { try reader.outcomes(of: &snapshot.sites[site].sections[section]) }
      }
    }
  }
}

/// The numbers that a chart and a search by time need of an interval: the first bytes of its record.
package struct HistoryHead: Equatable, Sendable {
  /// Nanoseconds since 1970.
  package var start: UInt64
  package var end: UInt64
  package var requests: UInt64
  package var successes: UInt64
  package var failures: UInt64

  package init(_ snapshot: Snapshot) {
    (start, end) = (snapshot.start, snapshot.end)
    (requests, successes) = (snapshot.totals.requests, snapshot.totals.successes)
    failures = snapshot.totals.failures
  }

  init(body: ArraySlice<UInt8>) throws(RecordFault) {
    var reader = RecordReader(body)
    guard try reader.byte() == HistoryFormat.Kind.interval.rawValue else { throw RecordFault() }
    self = try reader.head()
  }
}

extension RecordWriter {
  mutating func head(_ head: HistoryHead) {
    for value in [head.start, head.end, head.requests, head.successes, head.failures] { fixed64(value) }
  }
}

extension RecordReader {
  mutating func head() throws(RecordFault) -> HistoryHead {
    var head = HistoryHead(Snapshot())
    head.start = try moment()
    head.end = try moment()
    guard head.start <= head.end else { throw RecordFault() }
    head.requests = try fixed64()
    head.successes = try fixed64()
    head.failures = try fixed64()
    guard max(head.requests, head.successes, head.failures) <= 1 << 40 else { throw RecordFault() }
    return head
  }
}
