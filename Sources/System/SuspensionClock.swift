// SPDX-License-Identifier: Apache-2.0

/// The time for which the machine was suspended since a watch began: the steady clock stands still then, that since boot does not.
package struct SuspensionClock: Equatable, Sendable {
  private let start: UInt64
  /// Whole seconds since the beginning.
  package private(set) var seconds: UInt64 = 0

  /// - Parameter suspended: `SystemClock.suspended` at the beginning.
  package init(suspended: UInt64) { start = suspended }

  /// Takes in `SystemClock.suspended` as it is now; true when the machine was suspended meanwhile.
  package mutating func follow(suspended: UInt64) -> Bool {
    let now = suspended > start ? (suspended - start) / 1_000_000_000 : 0
    guard now > seconds else { return false }
    seconds = now
    return true
  }
}
