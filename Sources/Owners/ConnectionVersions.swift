// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A number for each slot of a table that changes whenever the slot does: threads that remember what they found there
/// see without a lock whether it is still so.
@safe
final class ConnectionVersions: @unchecked Sendable {
  // Sendable: the address never changes, and what is behind it are atomics.
  // Owned from init to deinit; every access is checked against `count`.
  private let base: UnsafeMutablePointer<Atomic<UInt32>>
  private let count: Int

  init(count: Int) {
    self.count = count
    unsafe base = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: count)
    for index in 0..<count { unsafe (base + index).initialize(to: Atomic(1)) }
  }

  deinit {
    unsafe base.deinitialize(count: count)
    unsafe base.deallocate()
  }

  subscript(slot: Int) -> UInt32 {
    precondition(slot >= 0 && slot < count)
    // In bounds and initialised. Relaxed: the number alone says whether something changed; what changed is read
    // under the table's lock.
    return unsafe base[slot].load(ordering: .relaxed)
  }

  /// Says that a slot has changed.
  func change(_ slot: Int) {
    precondition(slot >= 0 && slot < count)
    // As above.
    unsafe base[slot].wrappingAdd(1, ordering: .relaxed)
  }
}
