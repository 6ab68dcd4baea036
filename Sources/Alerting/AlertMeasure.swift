// SPDX-License-Identifier: Apache-2.0

package import Exchanges
import Text

/// The measure of a rule.
package enum AlertMeasure: Equatable, Sendable {
  /// Requests.
  case requests
  /// Failures; their share is of all final responses and of the requests that servers reset.
  case failures
  /// Final responses of one class, 2 to 5; their share is of all final responses.
  case statusClass(Int)
  /// Final responses of one status, 200 to 599; their share is of all final responses.
  case status(Int)
  /// Requests whose connection ended before a final response; their share is of the requests whose end is known.
  case aborted
  /// Requests that waited for as long as the time limit allows; their share is of the same.
  case timedOut
  /// Requests that wait at the moment.
  case inFlight
  /// The time that the first of these has waited.
  case oldest
  /// Records lost before they could be read; their share is of the segments matched in the kernel.
  case lost
  /// gRPC calls that ended with this status; their share is of the calls whose end was seen.
  case grpc(CallMark)
  /// The latency that this many of 1,000 answers do not exceed, 1 to 999: `p99` is 990.
  case quantile(Int)
  /// The longest latency.
  case max

  package static let p50 = quantile(500)
  package static let p90 = quantile(900)
  package static let p99 = quantile(990)

  /// What is accepted, in the words of a message.
  static let expected =
    "requests, failures, 5xx, 4xx, status=503, aborted, timed-out, in-flight, oldest, "
    + "lost, grpc=UNAVAILABLE, p50, p95, p99 or max"

  /// The measure of this name; nil when there is none.
  init?(_ name: some StringProtocol) {
    switch name {
    case "requests": self = .requests
    case "failures": self = .failures
    case "aborted": self = .aborted
    case "timed-out": self = .timedOut
    case "in-flight": self = .inFlight
    case "oldest": self = .oldest
    case "lost": self = .lost
    case "max": self = .max
    case "2xx", "3xx", "4xx", "5xx": self = .statusClass(Int(name.prefix(1)) ?? 0)
    default:
      if name.hasPrefix("p"), let perMille = Self.perMille(name.dropFirst()) {
        self = .quantile(perMille)
      } else if name.hasPrefix("status="), name.count == 10, let status = Int(name.dropFirst(7)),
        (200...599).contains(status)
      {
        self = .status(status)
      } else if name.hasPrefix("grpc="), let mark = CallMark(named: String(name.dropFirst(5))) {
        self = .grpc(mark)
      } else {
        return nil
      }
    }
  }

  /// `95` and `99.9` as parts of 1,000; nil when it is no quantile.
  private static func perMille(_ text: some StringProtocol) -> Int? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), (1...2).contains(parts[0].count),
      parts.allSatisfy({ $0.allSatisfy { ("0"..."9").contains($0) } }), let whole = Int(parts[0])
    else { return nil }
    let tenths = parts.count > 1 ? parts[1].count == 1 ? Int(parts[1]) : nil : 0
    guard let tenths, whole * 10 + tenths > 0 else { return nil }
    return whole * 10 + tenths
  }

  /// What rules, JSON and labels call it: `failures`, `5xx`, `status=503`, `p99.9`.
  package var name: String {
    switch self {
    case .requests: "requests"
    case .failures: "failures"
    case .aborted: "aborted"
    case .timedOut: "timed-out"
    case .inFlight: "in-flight"
    case .oldest: "oldest"
    case .lost: "lost"
    case .max: "max"
    case .statusClass(let digit): "\(digit)xx"
    case .status(let status): "status=\(status)"
    case .grpc(let mark): "grpc=\(mark.name)"
    case .quantile(let perMille):
      perMille % 10 == 0 ? "p\(perMille / 10)" : "p\(perMille / 10).\(perMille % 10)"
    }
  }

  var isLatency: Bool {
    switch self {
    case .requests, .failures, .statusClass, .status, .aborted, .timedOut, .inFlight, .oldest, .lost, .grpc:
      false
    case .quantile, .max: true
    }
  }

  /// Whether it is a state at the end of an interval, not something that is counted over a time.
  var isMoment: Bool { self == .inFlight || self == .oldest }

  /// What the value is called in sentences and, before a `=`, in the log.
  package var key: String {
    switch self {
    case .requests: "hits"
    case .status(let status): "status_\(status)"
    case .grpc(let mark): "grpc_\(mark.name)"
    default: name
    }
  }
}

/// The unit of a rule's limit and of its value.
package enum AlertUnit: Equatable, Sendable {
  /// This many in a statistics interval, on average: the original's.
  case perInterval
  /// This many in so long a time, nanoseconds, on average.
  case per(UInt64)
  /// This many at the moment.
  case atOnce
  /// A share, 0 to 100.
  case percent
  /// Nanoseconds.
  case time

  /// What JSON calls it.
  package var name: String {
    switch self {
    case .perInterval: "interval"
    case .per(let time): time == 1_000_000_000 ? "second" : time == 60_000_000_000 ? "minute" : "hour"
    case .atOnce: "requests"
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
    case .atOnce: DecimalText.shortest(value)
    case .per: DecimalText.twoDecimals(value) + suffix
    case .percent: DecimalText.twoDecimals(value) + "%"
    case .time: DecimalText.twoDecimals(value / Self.scale(value).length) + Self.scale(value).name
    }
  }

  /// A limit in this unit, as short as it was written.
  package func limitText(_ value: Double) -> String {
    switch self {
    case .perInterval, .atOnce: DecimalText.shortest(value)
    case .per: DecimalText.shortest(value) + suffix
    case .percent: DecimalText.shortest(value) + "%"
    case .time: DecimalText.duration(UInt64(value))
    }
  }

  /// What follows a rate: `/s`; empty where nothing does.
  package var suffix: String {
    if case .per = self { "/" + name.prefix(1) } else { "" }
  }

  private static func scale(_ nanoseconds: Double) -> (length: Double, name: String) {
    if nanoseconds < 1e6 { return (1e3, "us") }
    return nanoseconds < 1e9 ? (1e6, "ms") : (1e9, "s")
  }
}
