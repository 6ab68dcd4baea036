// SPDX-License-Identifier: Apache-2.0

/// The cost of a capture and the fill of its buffers, as far as the backend can tell.
package struct CaptureGauges: Equatable, Sendable {
  /// One ring.
  package struct Ring: Equatable, Sendable {
    package var bytes: Int
    /// Of those, bytes that wait for the worker.
    package var used: Int
    package init(bytes: Int, used: Int) {
      self.bytes = bytes
      self.used = used
    }
  }

  /// The number of runs of the filter in the kernel, and their time in all, nanoseconds.
  package struct Runs: Equatable, Sendable {
    package var count: UInt64
    package var nanoseconds: UInt64
    package init(count: UInt64, nanoseconds: UInt64) {
      self.count = count
      self.nanoseconds = nanoseconds
    }
  }

  /// One ring a worker.
  package var rings: [Ring] = []
  /// Nil unless the kernel measures it (`sysctl kernel.bpf_stats_enabled=1`).
  package var runs: Runs?

  package init() {}
}
