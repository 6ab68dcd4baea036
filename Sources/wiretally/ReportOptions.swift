// SPDX-License-Identifier: Apache-2.0

import Alerting
import ArgumentParser
import Capture
import Glibc
import Presentation
import Statistics

/// The options that all commands share which report traffic.
struct ReportOptions: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable { case page, json }

  @Option(name: .customLong("port"), help: "TCP ports to watch: a list of ports and ranges, as 80,8000-8099.")
  var ports = PortList(.http)

  @Option(help: "Length of the statistics interval.")
  var interval = TimeSpan(seconds: 10)

  @Option(
    name: .customLong("alert-window"), help: "Length of time over which requests are averaged for the alert.")
  var alertWindow = TimeSpan(seconds: 120)

  @Option(
    name: .customLong("alert-every"), help: "How often the alert is evaluated. (default: every interval)")
  var alertEvery: TimeSpan?

  @Option(name: .customLong("alert-log"), help: "The file that all alerts are logged in.")
  var alertLog: String?

  @Option(help: "What is printed: page (plain text) or json (one object a line).")
  var format = Format.page

  @Option(help: "How many sites are listed. (default: 5 on pages, all in JSON)")
  var top: Int?

  func validate() throws {
    if !IntervalPlan.allowed.contains(interval.nanoseconds) {
      throw ValidationError("--interval \(interval) is not possible: give 10ms to 24h")
    }
    if alertWindow.nanoseconds < interval.nanoseconds {
      throw ValidationError(
        "--alert-window \(alertWindow) is shorter than the interval of \(interval): give at least that")
    }
    if let alertEvery, alertEvery.nanoseconds < interval.nanoseconds {
      throw ValidationError(
        "--alert-every \(alertEvery) is shorter than the interval of \(interval): give at least that")
    }
    if let top, top < 1 { throw ValidationError("--top \(top) lists nothing: give 1 or more") }
  }

  /// Where alerts are logged by default, for the user who runs this.
  static var defaultAlertLog: String? {
    AlertLog.defaultPath(
      isRoot: geteuid() == 0, stateHome: Environment.value("XDG_STATE_HOME"), home: Environment.value("HOME"))
  }
}

/// The threshold of the alert, as both commands take it.
enum ThresholdHelp {
  static let text: ArgumentHelp = ArgumentHelp(
    "Alert when the average number of requests per interval exceeds this, e.g. 100 or 2.5.",
    valueName: "requests")

  static func check(_ threshold: Double) throws {
    guard threshold.isFinite, threshold >= 0 else {
      throw ValidationError("-t \(threshold) is no threshold: give a number of requests, 0 or more")
    }
  }
}
