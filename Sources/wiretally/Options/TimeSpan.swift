// SPDX-License-Identifier: Apache-2.0

import Alerting
import Text
import ArgumentParser
import Capture

/// A length of time on the command line: `10s`, `500ms`, `2m`, `1h`, or a bare number of seconds.
struct TimeSpan: ExpressibleByArgument, Equatable, CustomStringConvertible {
  /// Above 0, at most a week.
  let nanoseconds: UInt64

  init(seconds: UInt64) { nanoseconds = seconds * 1_000_000_000 }

  init?(argument: String) {
    guard let nanoseconds = DecimalText.nanoseconds(argument) else { return nil }
    self.nanoseconds = nanoseconds
  }

  var description: String {
    switch nanoseconds {
    case let n where n % 3_600_000_000_000 == 0: "\(n / 3_600_000_000_000)h"
    case let n where n % 60_000_000_000 == 0: "\(n / 60_000_000_000)m"
    case let n where n % 1_000_000_000 == 0: "\(n / 1_000_000_000)s"
    default: "\(Double(nanoseconds) / 1e6)ms"
    }
  }

  var defaultValueDescription: String { description }
}

/// Ports on the command line: a list of ports and ranges, or `auto`.
struct PortList: ExpressibleByArgument, CustomStringConvertible {
  let ports: PortSet
  /// Whether the ports are those on which HTTP is seen.
  let isAutomatic: Bool

  init(_ ports: PortSet) { (self.ports, isAutomatic) = (ports, false) }

  init?(argument: String) {
    isAutomatic = argument == "auto"
    guard let ports = isAutomatic ? .http : PortSet(parsing: argument) else { return nil }
    self.ports = ports
  }

  var description: String { isAutomatic ? "auto" : ports.description }
  var defaultValueDescription: String { description }
}

/// The threshold of `-t` on the command line: requests per interval, or per second, minute or hour as in `100/s`.
struct TrafficLimit: ExpressibleByArgument, CustomStringConvertible {
  /// In `unit`.
  let value: Double
  let unit: AlertUnit

  init?(argument: String) {
    guard let limit = AlertRuleParser.requests(argument) else { return nil }
    (value, unit) = limit
  }

  var description: String { DecimalText.shortest(value) + unit.suffix }
}

extension CompletionKind {
  /// The network interfaces of this machine.
  static var interfaces: CompletionKind { .shellCommand("ls /sys/class/net") }
}
