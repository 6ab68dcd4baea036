// SPDX-License-Identifier: Apache-2.0

/// Numbers with a decimal point as pages and logs have them: always a point, never an exponent where a
/// reader would not expect one.
package enum DecimalText {
  /// Rounded to two decimals: `3.16`.
  package static func twoDecimals(_ value: Double) -> String {
    let hundredths = (value * 100).rounded()
    // Beyond 2^53 a double has no decimals left to show; negatives do not occur.
    guard hundredths >= 0, hundredths < 9e15 else { return "\(value)" }
    let whole = UInt64(hundredths)
    let rest = whole % 100
    return "\(whole / 100).\(rest < 10 ? "0" : "")\(rest)"
  }

  /// The shortest text that reads back as the same number: `3`, `3.5`. It is valid JSON.
  package static func shortest(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 9e15 { return "\(Int64(value))" }
    return "\(value)"
  }

  /// A length of time as people write it: `10s`, `1.5m`, `500ms`, `2h`, or a bare number of seconds;
  /// nanoseconds, above 0 and at most a week.
  package static func nanoseconds(_ text: some StringProtocol) -> UInt64? {
    let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
    let units: [String: Double] = [
      "": 1e9, "s": 1e9, "ms": 1e6, "us": 1e3, "m": 60e9, "min": 60e9, "h": 3600e9,
    ]
    guard let unit = units[String(text[digits.endIndex...])], let value = number(digits) else { return nil }
    let result = (value * unit).rounded()
    guard result >= 1, result <= 604_800e9 else { return nil }
    return UInt64(result)
  }

  /// A measured time of nanoseconds in three figures: `71us`, `1.25ms`, `2s`.
  package static func latency(_ nanoseconds: UInt64) -> String {
    let value = Double(nanoseconds)
    if value < 999.5 { return "\(nanoseconds)ns" }
    if value < 999.5e3 { return threeFigures(value / 1e3) + "us" }
    if value < 999.5e6 { return threeFigures(value / 1e6) + "ms" }
    return threeFigures(value / 1e9) + "s"
  }

  /// `1.23`, `12.3`, `123`; trailing zeros are left out. Of values of 0 or more.
  package static func threeFigures(_ value: Double) -> String {
    let scale: Double = value < 9.995 ? 100 : value < 99.95 ? 10 : 1
    let rounded = (value * scale).rounded() / scale
    if rounded == rounded.rounded() { return "\(Int(rounded))" }
    let text = twoDecimals(rounded)
    return text.hasSuffix("0") ? String(text.dropLast()) : text
  }

  /// A number of digits and at most one point, as `5`, `0.25`.
  package static func number(_ text: some StringProtocol) -> Double? {
    guard let first = text.first, let last = text.last, first != ".", last != "." else { return nil }
    guard text.allSatisfy({ ("0"..."9").contains($0) || $0 == "." }) else { return nil }
    return Double(String(text))
  }

  /// A duration in the largest unit that divides it: `120s` is `2m`, 1,500,000,000 ns is `1500ms`.
  package static func duration(_ nanoseconds: UInt64) -> String {
    let units: [(UInt64, String)] = [
      (3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"), (1_000_000, "ms"),
      (1000, "us"),
    ]
    for (length, name) in units where nanoseconds >= length && nanoseconds % length == 0 {
      return "\(nanoseconds / length)\(name)"
    }
    return "\(nanoseconds)ns"
  }
}
