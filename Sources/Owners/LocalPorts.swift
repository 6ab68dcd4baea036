// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The local ports of the ends that are known: threads see without a lock, and without looking for a connection, that
/// nobody is.
///
/// Where this machine only looks on, it has few connections of its own and sees many of others.
final class LocalPorts: Sendable {
  // A bit a port: 8 KiB, which stay in a cache.
  private let words: [1_024 of Atomic<UInt64>] = InlineArray { _ in Atomic(0) }

  func contains(_ port: UInt16) -> Bool {
    // Relaxed: the bits are set before their records are given back, and who looks has seen that by then.
    words[Int(port >> 6)].load(ordering: .relaxed) >> UInt64(port & 63) & 1 != 0
  }

  /// To be called by one thread at a time.
  func insert(_ port: UInt16) {
    // Relaxed: as above.
    words[Int(port >> 6)].bitwiseOr(1 << UInt64(port & 63), ordering: .relaxed)
  }

  /// To be called by one thread at a time.
  func remove(_ port: UInt16) {
    // Relaxed: who still finds the port looks for the connection in vain.
    words[Int(port >> 6)].bitwiseAnd(~(1 << UInt64(port & 63)), ordering: .relaxed)
  }
}
