// SPDX-License-Identifier: Apache-2.0

import ExchangeStream
import Owners
import Reporting
import Screen
import Statistics

/// Single exchanges off the exchange stream, for the screen: the latest ones while somebody looks at them; always those that
/// were slowest and those that failed last, since the start and in a window. Each list is bounded.
struct LatestExchanges {
  static let capacity = 1000
  /// Records taken at one go: a flood must not keep the keys waiting.
  private static let bite = 20_000

  private let stream: ExchangeReader
  private let query: QueryPolicy
  private let filter: ExchangeFilter?
  private let owners: OwnerTable?
  private var records: [ExchangeRecord] = []
  private var next = 0
  /// The number of exchanges that were received so far.
  private var received: UInt64 = 0
  private var isListening = false
  private var record = ExchangeRecord()
  private var notable = NotableExchanges()
  /// The latest ones are kept, even while nobody looks at them.
  private let keepsAll: Bool

  /// - Parameters:
  ///   - filter: which exchanges are listed; nil for all.
  ///   - owners: who names the processes of both ends; nil when nobody looks for them.
  ///   - keepsAll: all are received, not only while somebody looks: those of a file do not come again.
  init(
    _ stream: ExchangeReader, query: QueryPolicy, filter: ExchangeFilter? = nil, owners: OwnerTable? = nil,
    keepsAll: Bool = false
  ) {
    (self.stream, self.query, self.filter, self.owners) = (stream, query, filter, owners)
    self.keepsAll = keepsAll
    stream.listen(.notable)
    if keepsAll { listen(true) }
  }

  /// Exchanges that came too fast to be listed.
  var dropped: UInt64 { stream.dropped }

  /// Begins, or ends, to list all exchanges: workers hand on more than the notable ones only while somebody looks.
  mutating func listen(_ isWanted: Bool) {
    let isWanted = isWanted || keepsAll
    guard isWanted != isListening else { return }
    isListening = isWanted
    stream.listen(isWanted ? .all : .notable)
  }

  /// Takes in what has come.
  mutating func take() {
    for _ in 0..<Self.bite {
      guard stream.next(into: &record) else { break }
      if let filter, !filter.passes(record) { continue }
      notable.add(record, movedBy: stream.shift)
      guard isListening else { continue }
      if records.count <= next { records.append(ExchangeRecord()) }
      swap(&records[next], &record)
      next = (next + 1) % Self.capacity
      received &+= 1
    }
  }

  /// Forgets the slowest and the failed ones: the totals begin at zero again.
  mutating func reset() { notable = NotableExchanges() }

  /// The latest, newest first.
  func lines() -> [ExchangeLine] {
    let held = records.count < Self.capacity ? min(next, records.count) : Self.capacity
    return (0..<held).map {
      ExchangeLine(
        records[(next - 1 - $0 + Self.capacity) % Self.capacity], number: received &- UInt64($0), query,
        owners)
    }
  }

  /// The slowest, the slowest first, and the last failures, newest first: of a window that began at `start`, nanoseconds of
  /// capture time, or since the start of the watch.
  func notable(in window: (StatisticsWindow, start: UInt64)?) -> (
    slowest: [ExchangeLine], failures: [ExchangeLine]
  ) {
    let slowest = window.map { notable.slowest(in: $0.0, from: $0.start) } ?? notable.slowest
    let failures = window.map { notable.failures(from: $0.start) } ?? notable.failures
    return (slowest.map(line), failures.map(line))
  }

  private func line(_ kept: NotableExchanges.Kept) -> ExchangeLine {
    ExchangeLine(kept.record, number: kept.number, query, owners)
  }
}
