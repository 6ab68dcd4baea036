// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// A clock of the kernel's, read in nanoseconds.
package enum SystemClock: Sendable {
  /// Time since 1970 (UTC); it may be set at any moment.
  case wall
  /// Time since the machine started; nobody can set it.
  case monotonic
  /// Time that the calling thread has had a processor.
  case threadProcessor

  /// The clock's time now, in nanoseconds.
  package var now: UInt64 {
    var time = timespec()
    // Fills one local variable; all three clocks exist on every Linux.
    _ = unsafe clock_gettime(identifier, &time)
    return UInt64(bitPattern: Int64(time.tv_sec)) &* 1_000_000_000 &+ UInt64(bitPattern: Int64(time.tv_nsec))
  }

  /// What to add to the monotonic clock to have the wall clock, as they are now.
  package static var wallOffset: UInt64 { SystemClock.wall.now &- SystemClock.monotonic.now }

  private var identifier: clockid_t {
    switch self {
    case .wall: CLOCK_REALTIME
    case .monotonic: CLOCK_MONOTONIC
    case .threadProcessor: CLOCK_THREAD_CPUTIME_ID
    }
  }
}
