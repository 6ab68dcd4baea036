// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where the reporter leaves its latest bulletin and the listener finds it: one swap a second.
package final class BulletinBoard: Sendable {
  /// A bulletin and when it was posted, by a clock that nobody can set.
  struct Posting: Sendable {
    var bulletin: Bulletin
    var posted: SuspendingClock.Instant
    /// Counts the postings, from 1.
    var number: UInt64
  }

  private let posting = Mutex<Posting?>(nil)

  package init() {}

  /// Puts a bulletin in place of the last one, which goes away outside of the lock.
  package func post(_ bulletin: Bulletin) {
    let now = SuspendingClock().now
    let last = posting.withLock { posting in
      let last = posting
      posting = Posting(bulletin: bulletin, posted: now, number: (last?.number ?? 0) + 1)
      return last
    }
    _ = consume last
  }

  /// The latest one; nil before the first.
  var latest: Posting? { posting.withLock { $0 } }
}
