// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CLibbpf
internal import Glibc
internal import System

/// The kernel's own monotonic clock, as the filter reads it: a process in a time namespace reads another one.
///
/// A program that reads it is attached to one of two connected sockets and runs for whatever is written to the other one
/// (unix_dgram_sendmsg); it keeps nothing. That takes no privilege and no bpf() call, so a sandboxed process can do it.
final class KernelClock: Sendable {
  private let counters: FilterCounters
  private let program: Int32
  /// What is written to the first one runs the program on the second one; nil where that cannot be set up.
  private let sockets: (Descriptor, Descriptor)?

  /// - Parameter program: the one that leaves the clock's time among the counters.
  init(program: Int32, counters: FilterCounters) {
    (self.program, self.counters) = (program, counters)
    sockets = Self.connect(program)
  }

  private static func connect(_ program: Int32) -> (Descriptor, Descriptor)? {
    var ends: [Int32] = [-1, -1]
    // Fills in two descriptors.
    guard unsafe socketpair(AF_UNIX, Int32(WT_BPF_DATAGRAM), 0, &ends) == 0 else { return nil }
    let sockets = (Descriptor(ends[0]), Descriptor(ends[1]))
    var number = program
    // The option is four bytes, read before the call returns.
    let result = unsafe setsockopt(
      sockets.1.number, SOL_SOCKET, Int32(WT_BPF_ATTACH), &number, socklen_t(MemoryLayout<Int32>.size))
    return result == 0 ? sockets : nil
  }

  /// The clock's time now, in nanoseconds; nil where it cannot be read.
  func read() -> UInt64? {
    if let sockets {
      var byte: UInt8 = 0
      // One byte, read before the call returns. Nothing waits in the other socket's queue, so there is room.
      if unsafe write(sockets.0.number, &byte, 1) == 1 { return counters.clock }
    }
    return TestRun.once(program) ? counters.clock : nil
  }
}
