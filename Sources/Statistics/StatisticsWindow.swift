// SPDX-License-Identifier: Apache-2.0

/// The time that the numbers of a table go back.
package enum StatisticsWindow: String, CaseIterable, Sendable {
  case tenSeconds = "10s"
  case minute = "1m"
  case fiveMinutes = "5m"
  case quarterHour = "15m"
  /// Since the start, or since the totals were reset.
  case all

  /// Nanoseconds; nil for all.
  package var length: UInt64? {
    switch self {
    case .tenSeconds: 10_000_000_000
    case .minute: 60_000_000_000
    case .fiveMinutes: 300_000_000_000
    case .quarterHour: 900_000_000_000
    case .all: nil
    }
  }

  /// The next longer one; after all the shortest.
  package var next: StatisticsWindow {
    let cases = Self.allCases
    return cases[((cases.firstIndex(of: self) ?? 0) + 1) % cases.count]
  }
}
