// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Text

/// A moment on the command line: `2026-11-29T14:00:00Z`, `'2026-11-29 14:00'` in this machine's zone, or `2h`
/// before the end of what is replayed.
struct Moment: ExpressibleByArgument, Equatable {
  /// Nanoseconds since 1970, or before the end.
  private enum Value: Equatable { case absolute(UInt64), beforeEnd(UInt64) }

  private let value: Value

  init?(argument: String) { self.init(argument, zone: .local) }

  init?(_ text: String, zone: DisplayZone) {
    if let time = CalendarTime.parse(text, zone: zone) {
      value = .absolute(time)
    } else if text.last?.isLetter == true, let span = DecimalText.nanoseconds(text) {
      value = .beforeEnd(span)
    } else {
      return nil
    }
  }

  /// Whether it is later than another one, whatever the end is.
  func isAfter(_ other: Moment) -> Bool {
    switch (value, other.value) {
    case (.absolute(let own), .absolute(let other)): own > other
    case (.beforeEnd(let own), .beforeEnd(let other)): own < other
    case (.absolute, .beforeEnd), (.beforeEnd, .absolute): false
    }
  }

  /// The moment, nanoseconds since 1970, of what ends at `end`.
  func time(end: UInt64) -> UInt64 {
    switch value {
    case .absolute(let time): time
    case .beforeEnd(let span): end > span ? end - span : 0
    }
  }
}
