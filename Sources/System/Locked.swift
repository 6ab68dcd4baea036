// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A value that one thread at a time may use.
///
/// Unlike `Synchronization.Mutex`, it is a lock that the thread sanitiser knows: on Linux the kernel itself passes on
/// a contended Mutex (FUTEX_LOCK_PI), and what the sanitiser cannot see is a data race to it. Not for what happens
/// for each packet.
@safe
package final class Locked<Value>: @unchecked Sendable {
  // Has a place in memory of its own, which no copy of a Swift value moves; used under its own rules alone.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  /// Used by the thread alone that holds `mutex`.
  private var value: Value

  package init(_ value: sending Value) {
    unsafe mutex = .allocate(capacity: 1)
    self.value = value
    // The memory is there and not in use; with default attributes this cannot fail (pthread_mutex_init(3)).
    _ = unsafe pthread_mutex_init(mutex, nil)
  }

  deinit {
    // Nobody holds it: a thread that does holds a reference, too.
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  /// Waits until no other thread uses the value, and uses it. Not to be called from within itself.
  package func withLock<Result, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    // A default mutex that this thread does not hold: neither call can fail.
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}
