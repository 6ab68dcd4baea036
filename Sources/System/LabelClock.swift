// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How far the wall clock has been set since the capture clock began: what people read follows the wall clock, what is
/// counted follows the capture clock.
package final class LabelClock: Sendable {
  /// Nanoseconds within which two readings are the same: the wall clock and the steady one are not read at one moment,
  /// and both are slewed alike.
  private static let noise: Int64 = 100_000_000

  private let start: UInt64
  private let latest = Atomic<Int64>(0)

  /// - Parameter wallOffset: `SystemClock.wallOffset` when the capture clock began.
  package init(wallOffset: UInt64) { start = wallOffset }

  /// Nanoseconds to add to a time of the capture clock to have that of the wall clock.
  package var shift: Int64 { latest.load(ordering: .relaxed) }

  /// Takes in `SystemClock.wallOffset` as it is now; true when the wall clock has been set.
  @discardableResult
  package func follow(wallOffset: UInt64) -> Bool {
    let shift = Int64(bitPattern: wallOffset &- start)
    guard (shift &- self.shift).magnitude >= Self.noise.magnitude else { return false }
    latest.store(shift.magnitude < Self.noise.magnitude ? 0 : shift, ordering: .relaxed)
    return true
  }
}
