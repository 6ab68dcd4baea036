// SPDX-License-Identifier: Apache-2.0
internal import Synchronization
internal import System

/// The capture clock: the kernel's monotonic time, counted from the wall time at start.
///
/// A wall clock that is set later moves nothing. In a time namespace this process reads the
/// monotonic clock shifted against the kernel's own, which is what the filter stamps; hence two sums. That of the kernel
/// is verified by what the filter stamps: a record that was sent while its reader looked the other way for a moment
/// cannot be older than that, nor younger than now.
///
///     reader     ─── ring is empty ──────────── ring is read ───▶
///     stamp            │◀── tolerance ──▶ here ◀── tolerance ──▶│
final class CaptureClock: Sendable {
  /// Nanoseconds that a stamp may be off before the kernel's clock is read again.
  static let tolerance: UInt64 = 1_000_000_000
  /// Nanoseconds in which both clocks are to be read, so that the one reading can be compared with the other.
  private static let closeness: UInt64 = 1_000_000

  /// Added to what this process reads.
  let fromProcess: UInt64
  private let kernelOffset: Atomic<UInt64>
  private let restampedRecords = Atomic<UInt64>(0)
  private let process: @Sendable () -> UInt64
  private let kernel: @Sendable () -> UInt64?

  /// - Parameters:
  ///   - process: reads this process's monotonic clock.
  ///   - kernel: reads the kernel's own, or returns nil where that cannot be done.
  init(
    process: @escaping @Sendable () -> UInt64 = { SystemClock.monotonic.now },
    kernel: @escaping @Sendable () -> UInt64?
  ) {
    (self.process, self.kernel) = (process, kernel)
    fromProcess = SystemClock.wallOffset
    kernelOffset = Atomic(fromProcess &+ (Self.shift(process, kernel) ?? 0))
  }

  /// Added to what the filter reads; any thread may ask.
  var fromKernel: UInt64 { kernelOffset.load(ordering: .relaxed) }

  /// The nanoseconds by which this process's clock is ahead of the kernel's; 0 outside of time namespaces.
  var shift: Int64 { Int64(bitPattern: fromKernel &- fromProcess) }

  /// Records whose stamps were more than a second off; any thread may ask.
  var restamped: UInt64 { restampedRecords.load(ordering: .relaxed) }

  /// The capture clock now, in nanoseconds since 1970.
  var now: UInt64 { process() &+ fromProcess }

  /// Whether a record that came between two moments can have been stamped at `time`; all on the capture clock.
  @inline(__always)
  static func fits(_ time: UInt64, between early: UInt64, and late: UInt64) -> Bool {
    let first = early &- tolerance
    return time &- first <= late &+ tolerance &- first
  }

  /// The time of a record whose stamp does not fit between the two moments, as it is counted: by the kernel's clock, read
  /// again, or at the later one where that is no explanation.
  @inline(never)
  func settle(_ stamp: UInt64, between early: UInt64, and late: UInt64) -> UInt64 {
    restampedRecords.wrappingAdd(1, ordering: .relaxed)
    if let shift = Self.shift(process, kernel) {
      // Relaxed: a number is all that is wanted. Workers that read it at once find the same one.
      kernelOffset.store(fromProcess &+ shift, ordering: .relaxed)
    } else {
      kernelOffset.store(late &- stamp, ordering: .relaxed)
    }
    let time = stamp &+ fromKernel
    return Self.fits(time, between: early, and: late) ? time : late
  }

  /// What to add to the kernel's clock for this process's; nil where it cannot be read.
  private static func shift(
    _ process: () -> UInt64, _ kernel: () -> UInt64?
  ) -> UInt64? {
    var best: (gap: UInt64, shift: UInt64)?
    // A thread that loses its processor between two readings reads them again.
    for _ in 0..<8 {
      let before = process()
      guard let time = kernel() else { break }
      let gap = process() &- before
      if gap < best?.gap ?? .max { best = (gap, before &- time) }
      if gap < closeness { break }
    }
    return best.map { best in
      let isSame = Int64(bitPattern: best.shift).magnitude <= max(best.gap, closeness)
      return isSame ? 0 : best.shift
    }
  }
}
