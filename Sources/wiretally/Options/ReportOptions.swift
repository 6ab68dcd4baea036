// SPDX-License-Identifier: Apache-2.0

import Alerting
import ArgumentParser
import Capture
import Glibc
import PcapCapture
import Reporting
import Statistics

/// The options that all commands share which report traffic.
struct ReportOptions: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case screen, page, json, common, combined, vcombined
  }

  @Option(
    name: .customLong("port"),
    help: "TCP ports to watch: a list of ports and ranges, as 80,8000-8099, or auto.")
  var ports = PortList(.http)

  @Option(
    name: .customLong("filter"),
    help: ArgumentHelp(
      "Count only what this expression of libpcap passes: hosts, networks, ports, e.g. 'net 10.0.0.0/8'.",
      valueName: "expression"))
  var expression: String?

  @Option(help: "Length of the statistics interval.")
  var interval = TimeSpan(seconds: 10)

  @Option(help: "How long a request may wait for its response before it counts as timed out.")
  var timeout = TimeSpan(seconds: 3_600)

  @OptionGroup(title: "Alerts") var alerts: AlertOptions

  @Flag(help: "Print each exchange in a line of its own as it ends, instead of pages.")
  var follow = false

  @Option(
    name: .customLong("format"),
    help: ArgumentHelp(
      """
      What is shown: page (plain text), json (one object a line), the exchanges as an access log (common, combined, \
      vcombined), or the full screen. (default: page; of live traffic the screen, on a terminal that can draw one)
      """, valueName: "format"))
  var askedFormat: Format?

  @Option(
    name: .customLong("query"),
    help: "What single exchanges show of query strings: names (values are masked), keep or drop.")
  var query = QueryPolicy.names

  @Option(
    name: .customLong("where"),
    help: ArgumentHelp(
      "Show only exchanges like this, e.g. 'status>=500 and site=*.example and not path=/healthz'.",
      valueName: "condition"))
  var condition: String?

  @Option(
    name: .customLong("only"),
    help: ArgumentHelp(
      "Count only requests like this, everywhere, e.g. 'site=shop.example and not path=/healthz'.",
      valueName: "condition"))
  var countedCondition: String?

  @Option(
    name: [.customShort("c"), .customLong("count")],
    help: ArgumentHelp(
      "End after this many exchanges, of --follow or of an access log. (default: none)", valueName: "number"))
  var count: Int?

  @Option(
    name: .customLong("path-depth"),
    help: "Path segments of a section, 1 to 8; from the second on, numbers, UUIDs and hashes count as {id}.")
  var pathDepth = 1

  @OptionGroup(title: "Clients behind proxies") var clients: ClientOptions

  @Option(help: "How far back the tables of pages and of the screen go: 10s, 1m, 5m, 15m or all.")
  var window: StatisticsWindow?

  @Option(help: "How many sites are listed. (default: 5 on pages, all in JSON)")
  var top: Int?

  /// The form of a report, which the format and `--follow` decide together.
  enum Form {
    /// The full screen, and the summary's page.
    case screen
    /// A page an interval.
    case pages
    /// An object an interval.
    case objects
    /// A line an exchange.
    case exchanges(ExchangeLines.Format)
  }

  var form: Form {
    switch format {
    case .screen: .screen
    case .page: follow ? .exchanges(.plain) : .pages
    case .json: follow ? .exchanges(.json) : .objects
    case .common: .exchanges(.common)
    case .combined: .exchanges(.combined)
    case .vcombined: .exchanges(.vcombined)
    }
  }

  /// How single exchanges are printed; nil when pages or intervals are. An access log has nothing else.
  var exchangeFormat: ExchangeLines.Format? {
    if case .exchanges(let format) = form { format } else { nil }
  }

  /// Whether single exchanges are shown, on lines or on the screen's list.
  var showsExchanges: Bool {
    switch form {
    case .screen, .exchanges: true
    case .pages, .objects: false
    }
  }

  /// Whether tables of a window are shown, which the timeline has to keep the numbers of.
  var keepsWindows: Bool {
    switch form {
    case .screen: true
    case .pages: window?.length != nil
    case .objects, .exchanges: false
    }
  }

  /// What a slow reader of standard output misses.
  var unit: StandardOutput.Unit {
    switch form {
    case .screen, .pages: .page
    case .objects, .exchanges: .line
    }
  }

  /// The number of sites that a page lists by default.
  static let pageSites = 5

  /// The number of sites that a snapshot holds; nil for all.
  var sites: Int? {
    if let top { return top }
    return format == .json ? nil : Self.pageSites
  }

  func validate() throws {
    if !IntervalPlan.allowed.contains(interval.nanoseconds) {
      throw ValidationError("--interval must be 10ms to 24h, got \(interval)")
    }
    try alerts.check(interval: interval)
    if follow, format == .screen {
      throw ValidationError(
        "--follow and --format screen exclude each other: lines would run over the screen",
        hint: "--follow alone, or with --format json")
    }
    if window?.length != nil, case .objects = form { throw windowFault }
    if window?.length != nil, case .exchanges = form { throw windowFault }
    if pathDepth < 1 || pathDepth > 8 {
      throw ValidationError("--path-depth must be 1 to 8, got \(pathDepth)")
    }
    if let top, top < 1 { throw ValidationError("--top must be 1 or more, got \(top)") }
  }

  private var windowFault: ValidationError {
    ValidationError(
      "--window is about the tables of pages and of the screen", hint: "--format page --window 1m")
  }

  /// The single exchanges that are shown; nil for all.
  func filter() throws -> ExchangeFilter? {
    guard let condition else { return nil }
    guard showsExchanges else {
      throw ValidationError(
        "--where is about single exchanges, which \(format.rawValue) does not show",
        hint: "--follow --where '\(condition)'")
    }
    return try ExchangeFilter(condition)
  }

  /// The requests that count; nil for all.
  func choice() throws -> ExchangeFilter? {
    guard let countedCondition else { return nil }
    guard countedCondition.utf8.count <= Self.longestChoice else {
      throw ValidationError("--only is longer than \(Self.longestChoice) bytes")
    }
    return try ExchangeFilter(countedCondition, about: .request)
  }

  /// Bytes of the longest condition of `--only`: each request is compared with all of it.
  private static let longestChoice = 4_096

  /// After how many exchanges the end comes; nil for never.
  func limit() throws -> UInt64? {
    guard let count else { return nil }
    guard count > 0 else {
      throw ValidationError("--count must be 1 or more, got \(count)", hint: "--follow --count 10")
    }
    guard exchangeFormat != nil else {
      throw ValidationError(
        "--count is about the lines of single exchanges, which \(format.rawValue) does not print",
        hint: "--follow --count \(count)")
    }
    return UInt64(count)
  }

  /// The segments that count; nil for all.
  func segmentFilter() throws(SegmentFilterError) -> SegmentFilter? {
    if let expression { try SegmentFilter(expression) } else { nil }
  }

  /// What is shown.
  var format: Format { askedFormat ?? .page }

  /// Where alerts are logged by default, for the user who runs this.
  static var defaultAlertLog: String? {
    AlertLog.defaultPath(
      isRoot: geteuid() == 0, stateHome: Environment.value("XDG_STATE_HOME"), home: Environment.value("HOME"))
  }
}

extension QueryPolicy: ExpressibleByArgument {}
extension StatisticsWindow: ExpressibleByArgument {}
