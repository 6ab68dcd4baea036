// SPDX-License-Identifier: Apache-2.0

import System
import Alerting
import ExchangeStream
import History
import Owners
import Reporting
import Statistics

/// The outputs that the options ask for, as both commands make them: the place where a new output is added.
struct OutputPlan {
  let options: ReportOptions
  let label: CaptureLabel
  let delivery: AlertSenders
  let alertLog: AlertLog?
  /// What all intervals of this run have in common.
  let run: HistoryRun
  /// Where intervals are kept; nil when they are not.
  let history: HistoryOutput?
  let standardOutput: StandardOutput
  /// Single exchanges; nil when nobody shows them.
  let stream: ExchangeReader?
  /// The table that names the owners of connections; nil when nobody looks for them.
  let owners: OwnerTable?
  /// Which of them are shown; nil for all.
  let filter: ExchangeFilter?
  /// Whether lines of exchanges have colours.
  let colorsLines: Bool

  /// Opens what the outputs share.
  ///
  /// - Parameters:
  ///   - settings: those of `options`.
  ///   - isLive: nothing may wait for a reader, and alerts have a log by default.
  ///   - origin: where the watch runs; nil for files.
  ///   - logOwner: who writes the alert log later on.
  ///   - colorsLines: whether lines of exchanges have colours.
  /// - Throws: when the alert log or the history cannot be opened.
  init(
    _ options: ReportOptions, _ settings: ReportSettings, history: HistoryOptions, label: CaptureLabel,
    delivery: AlertSenders, stream: ExchangeReader?, owners: OwnerTable? = nil, isLive: Bool,
    origin: AlertOrigin? = nil, logOwner: LogOwner? = nil, colorsLines: Bool = false
  ) throws {
    self.options = options
    self.label = label
    self.delivery = delivery
    self.stream = stream
    filter = settings.shown
    self.owners = owners
    self.colorsLines = colorsLines
    standardOutput = StandardOutput(isQueued: isLive, unit: options.unit)
    // The default log is that of live alerts: those of old traffic go into a file only when one is named.
    let path =
      settings.alerts.isEmpty ? nil : options.alerts.log ?? (isLive ? ReportOptions.defaultAlertLog : nil)
    alertLog = if let path { try AlertLog(path: path, origin: origin, owner: logOwner) } else { nil }
    run = HistoryOutput.run(label, alerts: settings.alerts, plan: settings.plan, host: Environment.hostName)
    self.history =
      if let path = history.path {
        try HistoryOutput(path, mebibytes: history.mebibytes, run: run, isLive: isLive, owner: logOwner)
      } else { nil }
  }

  /// The path of the alert log, and whether it is a file that can be rotated; nil without a log.
  var alertLogPlace: (path: String, isRotatable: Bool)? { alertLog.map { ($0.path, $0.isRotatable) } }

  /// Whether all sites of an interval are kept, and what several intervals can be added up from.
  var keepsAll: Bool { history != nil || options.format == .screen }

  /// What a screen can look back to: the file, or the last intervals in memory.
  var past: any HistorySource {
    if let history { history.source } else { MemoryHistory(run) }
  }

  /// The paths that stay writable for the alert log and the history.
  var places: [WritablePlace] {
    let log = alertLogPlace.map { WritablePlace(path: $0.path, isRotatable: $0.isRotatable, isLog: true) }
    let kept = history.map { WritablePlace(path: $0.path, isRotatable: true, isLog: false) }
    return [log, kept].compactMap { $0 }
  }

  /// The outputs in the order in which they are served; what concerns alerts comes before what shows intervals. Throws
  /// what one of them cannot open.
  func outputs() throws -> [any Output] {
    var list: [any Output] = [standardOutput]
    if let alertLog { list.append(AlertLogOutput(alertLog, isReportedAside: options.format == .json)) }
    list.append(delivery)
    if let history { list.append(history) }
    list.append(AlertMessages(isLineReader: options.exchangeFormat.map { $0 != .json } ?? false))
    switch options.form {
    case .pages, .screen: list.append(PageOutput(standardOutput, self))
    case .objects: list.append(JSONOutput(standardOutput, label))
    case .exchanges(let format):
      if let stream {
        list.append(
          ExchangeOutput(
            ExchangeLines(format, query: options.query, owners: owners, hasColor: colorsLines),
            filter: filter,
            limit: try options.limit(), standardOutput, stream))
      }
    }
    return list
  }
}
