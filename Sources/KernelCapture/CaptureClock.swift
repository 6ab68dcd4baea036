// SPDX-License-Identifier: Apache-2.0
internal import System

/// The capture clock: the kernel's monotonic time, counted from the wall time at start.
///
/// A wall clock that is set later moves nothing. In a time namespace this process reads the
/// monotonic clock shifted against the kernel's own, which is what the filter stamps; hence two sums.
struct CaptureClock: Sendable {
  /// Added to what this process reads.
  let fromProcess: UInt64
  /// Added to what the filter reads.
  let fromKernel: UInt64

  /// `kernel` runs something in the kernel that reads its clock, or is nil where that cannot be done.
  init(kernel: () -> UInt64?) {
    let monotonic = SystemClock.monotonic.now
    let offset = SystemClock.wall.now &- monotonic
    fromProcess = offset
    guard let inKernel = kernel() else {
      fromKernel = offset
      return
    }
    let shift = Int64(bitPattern: monotonic &- inKernel)
    // The two are read a moment apart; namespaces shift by whole seconds or days.
    fromKernel = abs(shift) < 500_000_000 ? offset : offset &+ UInt64(bitPattern: shift)
  }

  /// The capture clock now, in nanoseconds since 1970.
  var now: UInt64 { SystemClock.monotonic.now &+ fromProcess }
}
