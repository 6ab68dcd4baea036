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
