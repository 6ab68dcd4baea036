// SPDX-License-Identifier: Apache-2.0

/// A moment as people write it: the proleptic Gregorian calendar, without leap seconds.
package struct CalendarTime: Equatable, Sendable {
  package var year: Int
  /// 1 to 12.
  package var month: Int
  /// 1 to 31.
  package var day: Int
  package var hour: Int
  package var minute: Int
  package var second: Int
  /// 0 to 999,999,999.
  package var nanosecond: Int
  /// 0 is Sunday.
  package var weekday: Int

  /// The moment `nanoseconds` since 1970, in a zone that is this many seconds east of UTC.
  package init(nanoseconds: UInt64, offset: Int = 0) {
    // Within the year 2554 at most: nothing below overflows.
    let seconds = Int(nanoseconds / 1_000_000_000) + offset
    let days = seconds >= 0 ? seconds / 86_400 : -((86_399 - seconds) / 86_400)
    let rest = seconds - days * 86_400
    nanosecond = Int(nanoseconds % 1_000_000_000)
    (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
    // 1970 began on a Thursday.
    weekday = (days % 7 + 11) % 7
    // Days to civil date by eras of 400 years that begin in March, after H. Hinnant, "chrono-Compatible
    // Low-Level Date Algorithms" (days_from_civil and its inverse).
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// `2021-02-23T04:06:18.000000Z`, in UTC to the microsecond (RFC 3339).
  package static func rfc3339(_ nanoseconds: UInt64) -> String {
    let time = CalendarTime(nanoseconds: nanoseconds)
    return "\(padded(time.year, 4))-\(padded(time.month, 2))-\(padded(time.day, 2))"
      + "T\(padded(time.hour, 2)):\(padded(time.minute, 2)):\(padded(time.second, 2))"
      + ".\(padded(time.nanosecond / 1000, 6))Z"
  }

  /// `Tue, 23 Feb 2021 04:06:18`, as the pages have it.
  package var label: String {
    let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    return "\(weekdays[weekday]), \(Self.padded(day, 2)) \(Self.months[month - 1]) \(Self.padded(year, 4)) "
      + clock
  }

  /// `2021-02-23 04:06:18`.
  package var sortable: String {
    "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2)) \(clock)"
  }

  /// `23/Feb/2021:04:06:18 +0100`, as web servers' logs have it, in a zone `offset` seconds east of UTC.
  package func accessLog(offset: Int) -> String {
    "\(Self.padded(day, 2))/\(Self.months[month - 1])/\(Self.padded(year, 4)):\(clock) "
      + Self.zone(offset)
  }

  /// `+0100`: a zone `offset` seconds east of UTC.
  static func zone(_ offset: Int) -> String {
    let minutes = abs(offset) / 60
    return "\(offset < 0 ? "-" : "+")\(padded(minutes / 60, 2))\(padded(minutes % 60, 2))"
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private var clock: String {
    "\(Self.padded(hour, 2)):\(Self.padded(minute, 2)):\(Self.padded(second, 2))"
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}
