// SPDX-License-Identifier: Apache-2.0

import Statistics
import System

/// The place where the reporter leaves its latest published state and the listener finds it: one swap a second.
package final class StatePublisher: Sendable {
  /// A published state and when it was posted, by a clock that nobody can set.
  struct Posting: Sendable {
    var published: PublishedState
    var posted: SuspendingClock.Instant
    /// Counts the postings, from 1.
    var number: UInt64
  }

  private let posting = Locked<Posting?>(nil)
  /// The time when somebody last asked for the numbers of a window.
  private let asked = Locked<[StatisticsWindow: SuspendingClock.Instant]>([:])
  /// The time for which a window is added up each second after it was last asked for.
  private static let patience: Duration = .seconds(10)

  package init() {}

  /// Puts a published state in place of the last one, which goes away outside of the lock.
  package func post(_ published: PublishedState) {
    let now = SuspendingClock().now
    let last = posting.withLock { posting in
      let last = posting
      posting = Posting(published: published, posted: now, number: (last?.number ?? 0) + 1)
      return last
    }
    _ = consume last
  }

  /// Asks for a window's numbers in the next states; they are there in a second at most.
  func ask(for window: StatisticsWindow) {
    guard window.length != nil else { return }
    asked.withLock { $0[window] = SuspendingClock().now }
  }

  /// The windows that somebody wants to see, shortest first: four at most, whatever is asked.
  var wanted: [StatisticsWindow] {
    let now = SuspendingClock().now
    let asked = asked.withLock { $0 }
    return StatisticsWindow.allCases.filter { window in
      asked[window].map { now - $0 < Self.patience } ?? false
    }
  }

  /// The latest state's metrics as requests to a collector; none before the first.
  ///
  /// - Parameter host: what the machine calls itself.
  package func requests(host: String) -> [[UInt8]] { latest?.published.otlpRequests(host: host) ?? [] }

  /// The latest one; nil before the first.
  var latest: Posting? { posting.withLock { $0 } }
}
