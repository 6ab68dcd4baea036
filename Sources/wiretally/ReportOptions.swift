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

  @OptionGroup(title: "Alerts") var alerts: AlertOptions

  @Option(help: "What is printed: page (plain text) or json (one object a line).")
  var format = Format.page

  @Option(help: "How many sites are listed. (default: 5 on pages, all in JSON)")
  var top: Int?

  func validate() throws {
    if !IntervalPlan.allowed.contains(interval.nanoseconds) {
      throw ValidationError("--interval \(interval) is not possible: give 10ms to 24h")
    }
    try alerts.check(interval: interval)
    if let top, top < 1 { throw ValidationError("--top \(top) lists nothing: give 1 or more") }
  }

  /// Where alerts are logged by default, for the user who runs this.
  static var defaultAlertLog: String? {
    AlertLog.defaultPath(
      isRoot: geteuid() == 0, stateHome: Environment.value("XDG_STATE_HOME"), home: Environment.value("HOME"))
  }
}
