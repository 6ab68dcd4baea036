// SPDX-License-Identifier: Apache-2.0

package import Statistics

/// The time before an interval that is over: what its tables and its charts show.
package struct HistoryView {
  /// Bytes of records that one look reads at most, so that no look keeps an operator, or an alert, waiting.
  package static let budget = 8 << 20

  private let source: any HistorySource

  package init(_ source: any HistorySource) { self.source = source }

  /// The intervals of the time of this length, nanoseconds, that ends with the interval at `position`, added up; without
  /// a length, those of its watch. Never more than `budget` holds.
  package func sum(endingAt position: Int, length: UInt64?) -> SnapshotSum {
    var sum = SnapshotSum()
    for place in first(endingAt: position, length: length)..<position + 1 {
      if let interval = source.interval(place)?.interval { sum.add(interval.snapshot) }
    }
    return sum
  }

  private func first(endingAt position: Int, length: UInt64?) -> Int {
    guard let last = source.head(position) else { return position }
    let lowest = source.range.lowerBound
    let end = last.head.end
    var first = position
    var bytes = last.bytes
    while first > lowest, let (head, run, count) = source.head(first - 1) {
      bytes += count
      // A wall clock that was set back ends the look: what is before it is of another time.
      if bytes > Self.budget || head.start >= end { break }
      if let length {
        // Half an interval is nothing to leave one out for.
        guard end - head.start <= length &+ run.interval / 2 else { break }
      } else if run.start != last.run.start {
        break
      }
      first -= 1
    }
    return first
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
