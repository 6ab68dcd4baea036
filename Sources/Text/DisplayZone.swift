// SPDX-License-Identifier: Apache-2.0
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The time zone of what people read: the machine's own, or a fixed one for tests.
package enum DisplayZone: Equatable, Sendable {
  /// As `TZ` or /etc/localtime has it, daylight saving included.
  case local
  /// This many seconds east of UTC.
  case fixed(Int)

  /// Seconds east of UTC at a moment, nanoseconds since 1970.
  package func offset(_ nanoseconds: UInt64) -> Int {
    switch self {
    case .fixed(let offset): return offset
    case .local:
      var seconds = time_t(nanoseconds / 1_000_000_000)
      var parts = unsafe tm()
      // Both arguments are local values of the right type; a null result leaves UTC.
      guard unsafe localtime_r(&seconds, &parts) != nil else { return 0 }
      return unsafe parts.tm_gmtoff
    }
  }

  /// `Tue, 23 Feb 2021 04:06:18` in this zone; with ` +0100` where another moment has the same local time.
  package func label(_ nanoseconds: UInt64) -> String {
    let offset = offset(nanoseconds)
    let label = CalendarTime(nanoseconds: nanoseconds, offset: offset).label
    guard Self.isRepeated(nanoseconds, offset: self.offset) else { return label }
    return "\(label) \(CalendarTime.zone(offset))"
  }

  /// `2021-02-23 04:06:18 +0100`: a moment that nobody can take for another one.
  package func exact(_ nanoseconds: UInt64) -> String {
    let offset = offset(nanoseconds)
    let time = CalendarTime(nanoseconds: nanoseconds, offset: offset).sortable
    return "\(time) \(CalendarTime.zone(offset))"
  }

  /// Whether the clocks of a zone show a moment's time twice, since they are set back a few hours before or after it.
  static func isRepeated(_ moment: UInt64, offset: (UInt64) -> Int) -> Bool {
    let second: UInt64 = 1_000_000_000, reach = 3 * 3_600 * second
    let own = offset(moment), later = offset(moment &+ reach), earlier = offset(moment &- min(moment, reach))
    if later < own, offset(moment &+ UInt64(own - later) &* second) == later { return true }
    guard earlier > own else { return false }
    let other = UInt64(earlier - own) &* second
    return other <= moment && offset(moment &- other) == earlier
  }
}
