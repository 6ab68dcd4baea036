// SPDX-License-Identifier: Apache-2.0

import System

/// An error of setting up the statistics; nothing in them fails once they run.
package enum StatisticsError: Error, Equatable, Sendable {
  /// The kernel refused this many bytes of address space.
  case noMemory(bytes: Int)
  /// An interval that is no use: outside of `IntervalPlan.allowed`, nanoseconds.
  case interval(UInt64)
  /// This many sites cannot have slots of their own: more than `PinnedSites.limit`, or too many for the table.
  case watchedSites(Int)
}

extension StatisticsError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noMemory(let bytes): "cannot reserve \(bytes) bytes of memory for the statistics"
    case .interval: "the statistics interval must be between 10 milliseconds and 24 hours"
    case .watchedSites(let count):
      "\(count) sites cannot all be counted by themselves: give rules for at most \(PinnedSites.limit) sites"
    }
  }
}

extension ZeroedStorage {
  /// Reserves `count` elements for a table of the statistics.
  package init(count: Int) throws(StatisticsError) {
    do {
      try self.init(reserving: count)
    } catch {
      throw .noMemory(bytes: Self.bytes(count))
    }
  }
}
