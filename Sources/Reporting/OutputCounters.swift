// SPDX-License-Identifier: Apache-2.0

package import Capture

/// The counters of what the outputs of a watch have dropped since its start, because a reader or a peer did not take it in time.
///
/// Nothing that is counted as traffic is missing: what was dropped is what would have been shown or sent.
package struct OutputCounters: Equatable, Sendable {
  /// Pages for standard output.
  package var pages: UInt64 = 0
  /// Lines for standard output: intervals, alerts, units of single exchanges.
  package var lines: UInt64 = 0
  /// Single exchanges that found no room on their way to standard output or the screen.
  package var exchanges: UInt64 = 0
  /// Pictures that were due while the terminal took none.
  package var pictures: UInt64 = 0
  /// Alerts that were not handed to a delivery process, since too many waited in it.
  package var alerts: UInt64 = 0
  /// Packets that `--write` has in no file: they came faster than files take them, or these could not be written.
  package var packets: UInt64 = 0
  /// Intervals that the history has not.
  package var intervals: UInt64 = 0

  package init() {}
}

extension OutputCounters: CounterSet {
  package static let counters: [Counter<OutputCounters, UInt64>] = [
    Counter(\.pages, "pages", json: .aboveZero, .dropped("pages")),
    Counter(\.lines, "lines", json: .aboveZero, .dropped("lines")),
    Counter(\.exchanges, "exchanges", json: .aboveZero, .dropped("exchanges")),
    Counter(\.pictures, "pictures", json: .aboveZero, .dropped("pictures")),
    Counter(\.alerts, "alerts", json: .aboveZero, .dropped("alerts")),
    Counter(\.packets, "packets", json: .aboveZero, .dropped("packets")),
    Counter(\.intervals, "intervals", json: .aboveZero, .dropped("intervals")),
  ]
}
