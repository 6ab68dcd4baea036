// SPDX-License-Identifier: Apache-2.0

import ExchangeStream
import Statistics

/// The slowest exchanges and the last ones that failed, of all that were added and of the last minutes: for an operator who
/// comes when it is over.
struct NotableExchanges {
  /// Exchanges of each kind that are listed.
  static let capacity = 50

  /// An exchange, and its number among all that were added: no two have the same.
  struct Kept {
    let number: UInt64
    /// The time when it ended, nanoseconds of capture time.
    let end: UInt64
    let record: ExchangeRecord
  }

  /// Of those that were answered, the slowest first; of equal ones the earlier.
  private(set) var slowest: [Kept] = []
  /// Failed or without an answer, newest first.
  private(set) var failures: [Kept] = []
  private var slices = SlowestSlices()
  private var added: UInt64 = 0

  /// - Parameter shift: nanoseconds by which the record's times have been moved from those of the capture.
  mutating func add(_ record: ExchangeRecord, movedBy shift: Int64 = 0) {
    added &+= 1
    let end = record.facts.endTime &- UInt64(bitPattern: shift)
    let kept = Kept(number: added, end: end, record: record)
    if record.isFailure, record.facts.outcome != .unmatchedResponse {
      failures.insert(kept, at: 0)
      if failures.count > Self.capacity { failures.removeLast() }
    }
    guard record.facts.outcome == .answered else { return }
    Self.insert(kept, into: &slowest)
    slices.add(kept)
  }

  /// The slowest that ended in a window that began at `start`, nanoseconds of capture time; the slowest first.
  func slowest(in window: StatisticsWindow, from start: UInt64) -> [Kept] {
    slices.slowest(in: window, from: start)
  }

  /// The last failures since `start`, newest first.
  func failures(from start: UInt64) -> [Kept] { failures.filter { $0.end >= start } }

  /// Puts an exchange into a list of the slowest, which it may be too fast for.
  static func insert(_ kept: Kept, into slowest: inout [Kept]) {
    let latency = kept.record.facts.latency
    if slowest.count == capacity, let last = slowest.last, latency <= last.record.facts.latency { return }
    var index = slowest.count
    while index > 0, slowest[index - 1].record.facts.latency < latency { index -= 1 }
    slowest.insert(kept, at: index)
    if slowest.count > capacity { slowest.removeLast() }
  }
}
