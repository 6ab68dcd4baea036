// SPDX-License-Identifier: Apache-2.0

import Reporting
import Text

/// Prometheus text, format 0.0.4, or OpenMetrics 1.0: families of samples, one line each.
///
/// The two differ in the name of a counter's family and in the last line.
struct MetricsWriter: MetricsSink {
  enum Format: Sendable { case text, openMetrics }
  enum Kind: String { case counter, gauge, histogram }

  let format: Format
  private var text = ByteText()
  private var name = ""
  private var kind = Kind.gauge

  init(_ format: Format) { self.format = format }

  mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    self.name = name
    self.kind = kind
    let title = kind == .counter && format == .text ? name + "_total" : name
    text.append("# HELP \(title) \(help)\n# TYPE \(title) \(kind.rawValue)\n")
  }

  mutating func sample(_ value: UInt64, labels: [(String, String)]) {
    begin(kind == .counter ? "_total" : "", labels)
    text.append(value)
    text.append("\n")
  }

  mutating func sample(_ value: Double, labels: [(String, String)]) {
    begin(kind == .counter ? "_total" : "", labels)
    append(value)
    text.append("\n")
  }

  mutating func sample(_ value: UInt64, per unit: UInt64, labels: [(String, String)]) {
    begin(kind == .counter ? "_total" : "", labels)
    append(value, per: unit)
    text.append("\n")
  }

  mutating func histogram(
    _ labels: [(String, String)], bounds: [UInt64], counts: [UInt64], sum: UInt64
  ) {
    var below: UInt64 = 0
    for (index, count) in counts.enumerated() {
      below &+= count
      begin("_bucket", labels, last: ("le", index < bounds.count ? Self.bound(bounds[index]) : "+Inf"))
      text.append(below)
      text.append("\n")
    }
    begin("_sum", labels)
    append(sum, per: 1_000_000_000)
    text.append("\n")
    begin("_count", labels)
    text.append(below)
    text.append("\n")
  }

  /// All of it.
  mutating func end() -> [UInt8] {
    if format == .openMetrics { text.append("# EOF\n") }
    return text.bytes
  }

  private mutating func begin(
    _ suffix: String, _ labels: [(String, String)], last: (String, String)? = nil
  ) {
    text.append(name)
    text.append(suffix)
    var separator = "{"
    for (key, value) in labels {
      append(separator, key, value)
      separator = ","
    }
    if let last {
      append(separator, last.0, last.1)
      separator = ","
    }
    text.append(separator == "{" ? " " : "} ")
  }

  /// A label; of its value, three characters have an escape, and all others stand for themselves.
  private mutating func append(_ separator: String, _ key: String, _ value: String) {
    text.append(separator)
    text.append(key)
    text.append("=\"")
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): text.append("\\\\")
      case UInt8(ascii: "\""): text.append("\\\"")
      case UInt8(ascii: "\n"): text.append("\\n")
      default: text.append(byte)
      }
    }
    text.append("\"")
  }

  private mutating func append(_ value: Double) {
    if value.isFinite {
      text.append("\(value)")
    } else {
      text.append(value.isNaN ? "NaN" : value > 0 ? "+Inf" : "-Inf")
    }
  }

  private mutating func append(_ value: UInt64, per unit: UInt64) {
    text.append(value / unit)
    var rest = value % unit
    guard rest > 0 else { return }
    var width = "\(unit)".utf8.count - 1
    while rest % 10 == 0 {
      rest /= 10
      width -= 1
    }
    text.append(".")
    text.append(rest, width: width)
  }

  /// A bound as OpenMetrics and Prometheus 3 write it, in both formats, so that series do not change
  /// their labels with the reader: `0.005`, `1.0`.
  private static func bound(_ nanoseconds: UInt64) -> String { "\(Double(nanoseconds) / 1e9)" }
}
