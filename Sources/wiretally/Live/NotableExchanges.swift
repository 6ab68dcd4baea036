// SPDX-License-Identifier: Apache-2.0

import ExchangeStream

/// The slowest exchanges and the last ones that failed, of all that were added: for who comes when it is over.
struct NotableExchanges {
  /// Exchanges of each kind that are kept.
  static let capacity = 50

  /// An exchange, and its number among all that were added: no two have the same.
  struct Kept {
    let number: UInt64
    let record: ExchangeRecord
  }

  /// Of those that were answered, the slowest first; of equal ones the earlier.
  private(set) var slowest: [Kept] = []
  /// Failed or without an answer, newest first.
  private(set) var failures: [Kept] = []
  private var added: UInt64 = 0

  /// Nanoseconds that an exchange must exceed to be among the slowest.
  var threshold: UInt64 {
    slowest.count < Self.capacity ? 0 : slowest.last?.record.facts.latency ?? 0
  }

  mutating func add(_ record: ExchangeRecord) {
    added &+= 1
    let kept = Kept(number: added, record: record)
    if record.isFailure, record.facts.outcome != .unmatchedResponse {
      failures.insert(kept, at: 0)
      if failures.count > Self.capacity { failures.removeLast() }
    }
    let latency = record.facts.latency
    guard record.facts.outcome == .answered, latency > threshold else { return }
    let place = slowest.firstIndex { $0.record.facts.latency < latency } ?? slowest.count
    slowest.insert(kept, at: place)
    if slowest.count > Self.capacity { slowest.removeLast() }
  }
}
