// SPDX-License-Identifier: Apache-2.0

extension CalendarTime {
  /// The moment that a text names, nanoseconds since 1970: RFC 3339, as `2026-11-29T14:00:00Z` or `...+01:00`, or without
  /// an offset in `zone`; seconds, and the time of day after a date, may be missing. Nil for any other text.
  package static func parse(_ text: String, zone: DisplayZone) -> UInt64? {
    let pattern =
      #/([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?/#
    guard let match = text.wholeMatch(of: pattern), let year = Int(match.1), let month = Int(match.2),
      let day = Int(match.3)
    else { return nil }
    let hour = match.4.flatMap { Int($0) } ?? 0, minute = match.5.flatMap { Int($0) } ?? 0
    let second = match.6.flatMap { Int($0) } ?? 0
    guard (1970...2500).contains(year), (1...12).contains(month), (1...31).contains(day), hour < 24,
      minute < 60, second < 60
    else { return nil }
    let local = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
    // A day that its month does not have.
    let back = CalendarTime(nanoseconds: UInt64(local) * 1_000_000_000)
    guard back.day == day, back.month == month else { return nil }
    let named = match.8.map { offset(String($0)) }
    guard let offset = named ?? offset(of: local, in: zone) else { return nil }
    let seconds = local - offset
    let fraction = match.7.flatMap { UInt64(($0 + "00000000").prefix(9)) } ?? 0
    return seconds < 0 ? nil : UInt64(seconds) * 1_000_000_000 + fraction
  }

  /// Days since 1970 of a date, after the same source as the way back.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400, yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// Seconds east of UTC that `Z`, `+01:00` or `-0330` say; nil for more than a day.
  private static func offset(_ text: String) -> Int? {
    if text == "Z" { return 0 }
    let digits = text.filter(\.isNumber)
    guard let hours = Int(digits.prefix(2)), let minutes = Int(digits.suffix(2)), hours < 24, minutes < 60
    else { return nil }
    return (text.hasPrefix("-") ? -1 : 1) * (hours * 3_600 + minutes * 60)
  }

  /// Seconds east of UTC where a zone's clocks show this time, seconds.
  private static func offset(of local: Int, in zone: DisplayZone) -> Int? {
    let guess = zone.offset(UInt64(max(0, local)) * 1_000_000_000)
    return zone.offset(UInt64(max(0, local - guess)) * 1_000_000_000)
  }
}
