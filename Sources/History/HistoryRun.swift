// SPDX-License-Identifier: Apache-2.0

package import Alerting
import Capture
import Exchanges
import Statistics

/// The properties that all intervals of one watch have in common: where it looked, how it cut time, its rules.
package struct HistoryRun: Equatable, Sendable {
  /// As `CaptureLabel` has them.
  package var backend: String
  package var source: String
  package var ports: String
  package var filter: String?
  package var only: String?
  /// The machine, and the program's version.
  package var host: String
  package var program: String
  /// The time when it began, nanoseconds since 1970.
  package var start: UInt64
  /// Nanoseconds of an interval.
  package var interval: UInt64
  /// The rules, that of `-t` first.
  package var rules: [AlertRule]
  /// The names of the counters in each interval: another version may have others.
  var counters = CounterNames.own

  package init(
    backend: String, source: String, ports: String, filter: String? = nil, only: String? = nil, host: String,
    program: String,
    start: UInt64, interval: UInt64, rules: [AlertRule] = []
  ) {
    (self.backend, self.source, self.ports, self.filter) = (backend, source, ports, filter)
    (self.host, self.program, self.start, self.interval) = (host, program, start, interval)
    (self.only, self.rules) = (only, rules)
  }

  /// Rules of a run at most: those of a watch and that of `-t`.
  private static let mostRules = AlertRuleList.limit + 1

  /// The body of its record.
  package var body: [UInt8] {
    var writer = RecordWriter()
    writer.byte(HistoryFormat.Kind.run.rawValue)
    writer.fixed64(start)
    writer.number(interval)
    for text in [backend, source, ports, host, program] { writer.text(text) }
    writer.optional(filter) { $0.text($1) }
    for names in [counters.capture, counters.machine, counters.ledger] {
      writer.list(names) { $0.text($1) }
    }
    writer.list(rules) { $0.rule($1) }
    if let only { writer.text(only) }
    return writer.bytes
  }

  /// Reads a body, its kind included.
  init(body: ArraySlice<UInt8>) throws(RecordFault) {
    var reader = RecordReader(body)
    guard try reader.byte() == HistoryFormat.Kind.run.rawValue else { throw RecordFault() }
    start = try reader.moment()
    interval = try reader.number()
    guard IntervalPlan.allowed.contains(interval) else { throw RecordFault() }
    backend = try reader.text()
    source = try reader.text()
    ports = try reader.text()
    host = try reader.text()
    program = try reader.text()
    filter = try reader.optional { (reader) throws(RecordFault) in try reader.text() }
    let names = CounterNames(
      capture: try reader.names(), machine: try reader.names(), ledger: try reader.names())
    // One of the same version shares its names with all others.
    if names != .own { counters = names }
    rules = try reader.list { (reader) throws(RecordFault) in try reader.rule() }
    guard rules.count <= Self.mostRules, !rules.dropFirst().contains(where: \.isThreshold) else {
      throw RecordFault()
    }
    // Runs of earlier versions end here.
    only = try? reader.text()
  }
}

/// The counters of an interval's record by name, in its order.
struct CounterNames: Equatable, Sendable {
  var capture: [String]
  var machine: [String]
  var ledger: [String]

  /// Names of a kind at most, and the bytes of one: several times what there is.
  static let most = 512
  static let longest = 256

  /// Those of this version.
  static let own = CounterNames(
    capture: CaptureCounters.counters.map(\.name), machine: CaptureCounters.machineCounters.map(\.name),
    ledger: ExchangeCounters.counters.map(\.name))
}
