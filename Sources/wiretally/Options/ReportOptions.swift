// SPDX-License-Identifier: Apache-2.0

import Alerting
import ArgumentParser
import Capture
import Glibc
import Reporting
import Statistics

/// The options that all commands share which report traffic.
struct ReportOptions: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable { case screen, page, json, common, combined }

  @Option(name: .customLong("port"), help: "TCP ports to watch: a list of ports and ranges, as 80,8000-8099.")
  var ports = PortList(.http)

  @Option(help: "Length of the statistics interval.")
  var interval = TimeSpan(seconds: 10)

  @OptionGroup(title: "Alerts") var alerts: AlertOptions

  @Flag(help: "Print each exchange in a line of its own as it ends, instead of pages.")
  var follow = false

  @Option(
    name: .customLong("format"),
    help: ArgumentHelp(
      """
      What is shown: screen (live), page (plain text), json (one object a line), or the exchanges as an access log: \
      common, combined. (default: screen on a terminal that can draw one, else page)
      """, valueName: "format"))
  var askedFormat: Format?

  @Option(help: "How many sites are listed. (default: 5 on pages, all in JSON)")
  var top: Int?

  /// How single exchanges are printed; nil when pages or intervals are. An access log has nothing else.
  var exchangeFormat: ExchangeLines.Format? {
    switch format {
    case .screen: nil
    case .page: follow ? .plain : nil
    case .json: follow ? .json : nil
    case .common: .common
    case .combined: .combined
    }
  }

  func validate() throws {
    if !IntervalPlan.allowed.contains(interval.nanoseconds) {
      throw ValidationError("--interval \(interval) is not possible: give 10ms to 24h")
    }
    try alerts.check(interval: interval)
    if follow, format == .screen {
      throw ValidationError("--follow prints lines: it and --format screen exclude each other")
    }
    if let top, top < 1 { throw ValidationError("--top \(top) lists nothing: give 1 or more") }
  }

  /// What is shown.
  var format: Format { askedFormat ?? .page }

  /// Where alerts are logged by default, for the user who runs this.
  static var defaultAlertLog: String? {
    AlertLog.defaultPath(
      isRoot: geteuid() == 0, stateHome: Environment.value("XDG_STATE_HOME"), home: Environment.value("HOME"))
  }
}
