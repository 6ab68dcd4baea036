// SPDX-License-Identifier: Apache-2.0

package import Statistics

/// The time before an interval that is over: what its tables and its charts show.
package struct HistoryView {
  /// Bytes of records that one look of a watch reads at most: its thread evaluates alerts as well.
  package static let budget = 4 << 20
  /// The same where nobody but the operator waits.
  package static let patientBudget = 32 << 20

  private let source: any HistorySource
  private let budget: Int

  package init(_ source: any HistorySource, budget: Int) {
    (self.source, self.budget) = (source, budget)
  }

  /// Intervals added up.
  package struct Sum {
    package fileprivate(set) var sum = SnapshotSum()
    /// Whether older intervals of the time that was asked for are left out, because one look may not read as much.
    package fileprivate(set) var isCut = false
  }

  /// The intervals of the time of this length, nanoseconds, that ends with the interval at `position`, added up; without
  /// a length, those of its watch. Never more than `budget` holds.
  package func sum(endingAt position: Int, length: UInt64?) -> Sum {
    var result = Sum()
    let first: Int
    (first, result.isCut) = self.first(endingAt: position, length: length)
    for place in first..<position + 1 {
      if let interval = source.interval(place)?.interval { result.sum.add(interval.snapshot) }
    }
    return result
  }

  private func first(endingAt position: Int, length: UInt64?) -> (position: Int, isCut: Bool) {
    guard let last = source.head(position) else { return (position, false) }
    let lowest = source.range.lowerBound
    let end = last.head.end
    var first = position
    var bytes = last.bytes
    while first > lowest, let (head, run, count) = source.head(first - 1) {
      bytes += count
      // A wall clock that was set back ends the look: what is before it is of another time.
      if head.start >= end { break }
      if let length {
        // Half an interval is nothing to leave one out for.
        guard end - head.start <= length &+ run.interval / 2 else { break }
      } else if run.start != last.run.start {
        break
      }
      if bytes > budget { return (first, true) }
      first -= 1
    }
    return (first, false)
  }

  /// The rates up to the interval at `position`, oldest first, at most `limit`, one an interval; time in which nobody
  /// watched is empty. And the nanoseconds of each.
  package func bins(endingAt position: Int, limit: Int) -> (bins: [TrafficHistory.Bin], length: UInt64) {
    guard let last = source.head(position), limit > 0 else { return ([], 1_000_000_000) }
    let length = last.run.interval
    var bins: [TrafficHistory.Bin] = []
    var place = position
    while place >= source.range.lowerBound, let head = source.head(place)?.head, head.end <= last.head.end {
      let age = (last.head.end - head.end + length / 2) / length
      guard age < UInt64(limit) else { break }
      while bins.count <= Int(age) { bins.append(TrafficHistory.Bin()) }
      bins[Int(age)].requests &+= head.requests
      bins[Int(age)].successes &+= head.successes
      bins[Int(age)].failures &+= head.failures
      place -= 1
    }
    return (bins.reversed(), length)
  }
}
