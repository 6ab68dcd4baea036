// SPDX-License-Identifier: Apache-2.0

import Text

/// What a rule looks at.
package enum AlertMeasure: String, CaseIterable, Sendable {
  /// Requests.
  case requests
  /// Final responses of 4xx and 5xx; their share is of all final responses.
  case failures
  /// Requests given up without a response; their share is of the requests whose end is known.
  case unanswered
  /// Records lost before they could be read; their share is of the heads matched in the kernel.
  case lost
  /// Quantiles of the latency, and the longest one.
  case p50, p90, p99, max

  var isLatency: Bool {
    switch self {
    case .requests, .failures, .unanswered, .lost: false
    case .p50, .p90, .p99, .max: true
    }
  }

  /// What the value is called in sentences and in the log.
  package var key: String { self == .requests ? "hits" : rawValue }
}

/// The unit of a rule's limit and of its value.
package enum AlertUnit: Equatable, Sendable {
  /// This many in a statistics interval, on average: the original's.
  case perInterval
  /// This many in so long a time, nanoseconds, on average.
  case per(UInt64)
  /// A share, 0 to 100.
  case percent
  /// Nanoseconds.
  case time

  /// What JSON calls it.
  package var name: String {
    switch self {
    case .perInterval: "interval"
    case .per(let time): time == 1_000_000_000 ? "second" : time == 60_000_000_000 ? "minute" : "hour"
    case .percent: "percent"
    case .time: "seconds"
    }
  }

  /// A value of this unit as JSON has it: latencies in seconds.
  package func number(_ value: Double) -> Double { self == .time ? value / 1e9 : value }

  /// A value in this unit, as sentences have it: `3.16`, `3.16/s`, `7.50%`, `512.00ms`.
  package func text(_ value: Double) -> String {
    switch self {
    case .perInterval: DecimalText.twoDecimals(value)
    case .per: DecimalText.twoDecimals(value) + suffix
    case .percent: DecimalText.twoDecimals(value) + "%"
    case .time: DecimalText.twoDecimals(value / Self.scale(value).length) + Self.scale(value).name
    }
  }

  /// A limit in this unit, as short as it was written.
  package func limitText(_ value: Double) -> String {
    switch self {
    case .perInterval: DecimalText.shortest(value)
    case .per: DecimalText.shortest(value) + suffix
    case .percent: DecimalText.shortest(value) + "%"
    case .time: DecimalText.duration(UInt64(value))
    }
  }

  private var suffix: String { self == .perInterval ? "" : "/" + name.prefix(1) }

  private static func scale(_ nanoseconds: Double) -> (length: Double, name: String) {
    if nanoseconds < 1e6 { return (1e3, "us") }
    return nanoseconds < 1e9 ? (1e6, "ms") : (1e9, "s")
  }
}
