// SPDX-License-Identifier: Apache-2.0

import Text

/// Numbers as they fit into the columns of a screen.
package enum CountText {
  /// At most six characters: all digits below a million, then three figures and a letter.
  package static func short(_ number: UInt64) -> String {
    if number < 1_000_000 { return "\(number)" }
    let units: [(Double, String)] = [(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M")]
    let value = Double(number)
    for (unit, letter) in units where value >= unit { return DecimalText.threeFigures(value / unit) + letter }
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

  /// Nanoseconds in three figures, as every output has them: `71us`, `1.25ms`.
  package static func latency(_ nanoseconds: UInt64) -> String { DecimalText.latency(nanoseconds) }

  /// A span of time in its two largest units: `1m 50s`.
  package static func span(_ nanoseconds: UInt64) -> String {
    // Not added before: a span may be anything.
    let seconds = nanoseconds / 1_000_000_000 + (nanoseconds % 1_000_000_000 >= 500_000_000 ? 1 : 0)
    if seconds >= 86_400 { return "\(seconds / 86_400)d \(seconds / 3600 % 24)h" }
    if seconds >= 3600 { return "\(seconds / 3600)h \(seconds / 60 % 60)m" }
    if seconds >= 60 { return "\(seconds / 60)m \(seconds % 60)s" }
    return seconds == 0 && nanoseconds > 0 ? DecimalText.duration(nanoseconds) : "\(seconds)s"
  }
}
