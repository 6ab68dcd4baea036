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
  /// Time since the machine started, that in which it was suspended included.
  case boot
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
  package static var wallOffset: UInt64 { offset(of: .wall) }

  /// Nanoseconds that the machine has been suspended since it started.
  package static var suspended: UInt64 { offset(of: .boot) }

  /// Nanoseconds by which a clock is ahead of the monotonic one.
  private static func offset(of clock: SystemClock) -> UInt64 {
    var before = SystemClock.monotonic.now, offset: UInt64 = 0
    // A thread that loses its processor between two readings reads them again.
    for _ in 0..<8 {
      offset = clock.now &- before
      let after = SystemClock.monotonic.now
      if after &- before < 1_000_000 { break }
      before = after
    }
    return offset
  }

  private var identifier: clockid_t {
    switch self {
    case .wall: CLOCK_REALTIME
    case .monotonic: CLOCK_MONOTONIC
    case .boot: CLOCK_BOOTTIME
    case .threadProcessor: CLOCK_THREAD_CPUTIME_ID
    }
  }
}
