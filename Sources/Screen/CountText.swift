// SPDX-License-Identifier: Apache-2.0

import Alerting
import Reporting
import Text

/// Numbers as they fit into the columns of a screen.
package enum CountText {
  /// At most seven characters: all digits below a million, then three figures and a letter.
  package static func short(_ number: UInt64) -> String {
    if number < 1_000_000 { return SilenceReason.grouped(number) }
    let units: [(Double, String)] = [(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M")]
    let value = Double(number)
    for (unit, letter) in units where value >= unit { return threeFigures(value / unit) + letter }
    return "\(number)"
  }

  /// A rate: one decimal below 10 when there is one.
  package static func rate(_ value: Double) -> String {
    guard value.isFinite, value >= 0 else { return "-" }
    let tenths = (value * 10).rounded()
    if value < 10, tenths.truncatingRemainder(dividingBy: 10) != 0 {
      return "\(Int(tenths) / 10).\(Int(tenths) % 10)"
    }
    return short(UInt64(min(value.rounded(), 1e18)))
  }

  /// A share in per cent: `<1%` above nothing, `>99%` below all.
  package static func percent(_ part: UInt64, of whole: UInt64) -> String {
    guard whole > 0, part > 0 else { return "0%" }
    if part >= whole { return "100%" }
    let percent = Int((Double(part) / Double(whole) * 100).rounded())
    return percent == 0 ? "<1%" : percent == 100 ? ">99%" : "\(percent)%"
  }

  /// Nanoseconds in three figures: `71us`, `1.25ms`.
  package static func latency(_ nanoseconds: UInt64) -> String {
    let value = Double(nanoseconds)
    if value < 999.5 { return "\(nanoseconds)ns" }
    if value < 999.5e3 { return threeFigures(value / 1e3) + "us" }
    if value < 999.5e6 { return threeFigures(value / 1e6) + "ms" }
    return threeFigures(value / 1e9) + "s"
  }

  /// A span of time in its two largest units: `1m 50s`.
  package static func span(_ nanoseconds: UInt64) -> String {
    let seconds = (nanoseconds + 500_000_000) / 1_000_000_000
    if seconds >= 86_400 { return "\(seconds / 86_400)d \(seconds / 3600 % 24)h" }
    if seconds >= 3600 { return "\(seconds / 3600)h \(seconds / 60 % 60)m" }
    if seconds >= 60 { return "\(seconds / 60)m \(seconds % 60)s" }
    return seconds == 0 && nanoseconds > 0 ? DecimalText.duration(nanoseconds) : "\(seconds)s"
  }

  /// `1.23`, `12.3`, `123`; trailing zeros are left out.
  private static func threeFigures(_ value: Double) -> String {
    let scale: Double = value < 9.995 ? 100 : value < 99.95 ? 10 : 1
    let rounded = (value * scale).rounded() / scale
    if rounded == rounded.rounded() { return "\(Int(rounded))" }
    let text = DecimalText.twoDecimals(rounded)
    return text.hasSuffix("0") ? String(text.dropLast()) : text
  }
}
