// SPDX-License-Identifier: Apache-2.0

/// A moment ahead, on a clock that nobody sets: what a wait is bounded by, however long each look in it takes.
package struct Deadline: Sendable {
  private let end: ContinuousClock.Instant

  package init(after nanoseconds: UInt64) {
    end = ContinuousClock.now + .nanoseconds(Int64(clamping: nanoseconds))
  }

  package init(milliseconds: Int) { self.init(after: UInt64(max(0, milliseconds)) &* 1_000_000) }

  package var isOver: Bool { ContinuousClock.now >= end }

  /// Milliseconds until then, rounded up; 0 when it is over, a minute at most.
  package var milliseconds: Int32 {
    let left = ContinuousClock.now.duration(to: end)
    guard left > .zero else { return 0 }
    let (seconds, attoseconds) = left.components
    guard seconds < 60 else { return 60_000 }
    return Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
  }
}
