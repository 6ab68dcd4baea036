// SPDX-License-Identifier: Apache-2.0

import Capture
import Exchanges
import Statistics

/// A snapshot of an interval in a record: totals and counters here, rows of tables in `RowRecord.swift`.
extension RecordWriter {
  mutating func interval(_ snapshot: Snapshot) {
    head(HistoryHead(snapshot))
    flag(snapshot.isComplete)
    totals(snapshot.totals)
    number(snapshot.inFlight.count)
    optional(snapshot.inFlight.oldest) { $0.number($1) }
    counters(snapshot.capture)
    list(CaptureCounters.machineCounters) { writer, counter in
      writer.optional(snapshot.capture[keyPath: counter.field]) { $0.number($1) }
    }
    counters(snapshot.ledger)
    list(snapshot.requestsByTick) { $0.number($1) }
    list(snapshot.methods) { $0.named($1) }
    list(snapshot.statuses) { writer, status in
      writer.count(status.status)
      writer.number(status.count)
    }
    latency(snapshot.latency)
    codes(snapshot.detail)
    list(snapshot.sites) { $0.site($1) }
    number(snapshot.other.sites)
    number(snapshot.other.requests)
    number(snapshot.other.successes)
    number(snapshot.other.failures)
    unanswered(snapshot.other.unanswered)
    list(snapshot.clients) { $0.client($1) }
    number(snapshot.otherClients.clients)
    number(snapshot.otherClients.requests)
    optional(snapshot.owners) { $0.list($1) { $0.owner($1) } }
  }

  private mutating func counters<Counters: CounterSet>(_ counters: Counters) {
    list(Counters.counters) { $0.number(counters[keyPath: $1.field]) }
  }

  /// But for what the head has.
  private mutating func totals(_ totals: TrafficTotals) {
    let values = [
      totals.responses, totals.http10, totals.http2, totals.exchanges, totals.unmatchedResponses,
      totals.interim,
    ]
    for value in values { number(value) }
    unanswered(totals.unanswered)
    let calls = totals.calls.values
    list(calls.allSatisfy { $0 == 0 } ? [] : calls) { $0.number($1) }
  }

  mutating func unanswered(_ unanswered: UnansweredRequests) {
    for value in [unanswered.aborted, unanswered.timedOut, unanswered.unknown] { number(value) }
  }

  mutating func named(_ count: NamedCount) {
    text(count.name)
    number(count.count)
  }

  mutating func latency(_ latency: LatencySummary) {
    number(latency.count)
    if latency.count == 0 { return }
    for value in [latency.p50, latency.p90, latency.p99, latency.maximum] { number(value) }
  }

  /// Codes as steps from one to the next.
  mutating func codes(_ counts: CodeCounts) {
    var before: UInt16 = 0
    list(counts.entries) { writer, entry in
      writer.number(UInt64(entry.code &- before))
      writer.number(entry.count)
      before = entry.code
    }
  }
}

extension RecordReader {
  /// - Parameter names: the counters in the order of the record.
  mutating func interval(_ names: CounterNames) throws(RecordFault) -> Snapshot {
    let head = try head()
    var snapshot = Snapshot()
    (snapshot.start, snapshot.end) = (head.start, head.end)
    snapshot.isComplete = try flag()
    snapshot.totals = try totals(head)
    snapshot.inFlight.count = try tally()
    snapshot.inFlight.oldest = try optional { (reader) throws(RecordFault) in try reader.number() }
    try counters(names.capture, &snapshot.capture)
    let machine = try list { (reader) throws(RecordFault) in
      try reader.optional { (reader) throws(RecordFault) in try reader.number() }
    }
    for (name, value) in zip(names.machine, machine) {
      guard let counter = CaptureCounters.machineCounters.first(where: { $0.name == name }) else { continue }
      snapshot.capture[keyPath: counter.field] = value
    }
    try counters(names.ledger, &snapshot.ledger)
    snapshot.requestsByTick = try smallList { (reader) throws(RecordFault) in try reader.tally() }
    snapshot.methods = try list { (reader) throws(RecordFault) in try reader.named() }
    snapshot.statuses = try list { (reader) throws(RecordFault) in
      let status = Int(try reader.number(upTo: 999))
      guard status >= 100 else { throw RecordFault() }
      return StatusCount(status: status, count: try reader.tally())
    }
    snapshot.latency = try latency()
    snapshot.detail = try codes(below: CodeCounts.totalCodes)
    snapshot.sites = try list { (reader) throws(RecordFault) in try reader.site() }
    snapshot.other.sites = try tally()
    snapshot.other.requests = try tally()
    snapshot.other.successes = try tally()
    snapshot.other.failures = try tally()
    snapshot.other.unanswered = try unanswered()
    snapshot.clients = try list { (reader) throws(RecordFault) in try reader.client() }
    snapshot.otherClients.clients = try tally()
    snapshot.otherClients.requests = try tally()
    snapshot.owners = try optional { (reader) throws(RecordFault) in
      try reader.list { (reader) throws(RecordFault) in try reader.owner() }
    }
    return snapshot
  }

  private mutating func counters<Counters: CounterSet>(
    _ names: [String], _ counters: inout Counters
  ) throws(RecordFault) {
    let values = try list { (reader) throws(RecordFault) in try reader.number() }
    for (index, value) in values.enumerated() where index < names.count {
      // The same version has the same order.
      let own = Counters.counters
      let place = index < own.count && own[index].name == names[index] ? own[index] : nil
      guard let counter = place ?? own.first(where: { $0.name == names[index] }) else { continue }
      counters[keyPath: counter.field] = value
    }
  }

  private mutating func totals(_ head: HistoryHead) throws(RecordFault) -> TrafficTotals {
    var totals = TrafficTotals()
    (totals.requests, totals.successes, totals.failures) = (head.requests, head.successes, head.failures)
    totals.responses = try tally()
    totals.http10 = try tally()
    totals.http2 = try tally()
    totals.exchanges = try tally()
    totals.unmatchedResponses = try tally()
    totals.interim = try tally()
    totals.unanswered = try unanswered()
    totals.calls = CallTotals(values: try list { (reader) throws(RecordFault) in try reader.tally() })
    return totals
  }

  mutating func unanswered() throws(RecordFault) -> UnansweredRequests {
    let aborted = try tally(), timedOut = try tally()
    return UnansweredRequests(aborted: aborted, timedOut: timedOut, unknown: try tally())
  }

  mutating func named() throws(RecordFault) -> NamedCount {
    let name = try text()
    return NamedCount(name: name, count: try tally())
  }

  mutating func latency() throws(RecordFault) -> LatencySummary {
    var latency = LatencySummary()
    latency.count = try tally()
    if latency.count == 0 { return latency }
    latency.p50 = try number()
    latency.p90 = try number()
    latency.p99 = try number()
    latency.maximum = try number()
    return latency
  }

  mutating func codes(below limit: Int) throws(RecordFault) -> CodeCounts {
    var code: UInt64 = 0
    return CodeCounts(
      try smallList { (reader) throws(RecordFault) in
        code &+= try reader.number(upTo: UInt64(limit))
        guard code < UInt64(limit) else { throw RecordFault() }
        return CodeCounts.Entry(code: UInt16(code), count: try reader.tally())
      })
  }
}
