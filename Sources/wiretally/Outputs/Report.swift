// SPDX-License-Identifier: Apache-2.0

import Alerting
import Text
import Capture
import Glibc
import Reporting
import System
import AlertDelivery
import Statistics

/// What people read: every interval, every alert, and the summary, in the format they asked for.
final class Report {
  /// Lines of the program's own for the pages: a fallback, a smaller ring.
  var notices: [String] = []
  /// Whether anybody reads standard output.
  var hasReader: Bool { follower?.hasReader ?? !isClosed }
  /// The latest interval in a line, for the service manager; nil before the first.
  private(set) var state: String?
  /// What prints single exchanges; nil when pages or intervals are printed.
  let follower: Follower?

  private let format: ReportOptions.Format
  private let top: Int?
  private var pages: PageRenderer
  private var lines: JSONLines
  private(set) var alerts: AlertBoard
  /// How often each rule raised an alert, in the board's order.
  private(set) var raised: [UInt64] = []
  private let log: AlertLog?
  private let delivery: AlertSenders
  /// Whether alerts wait for room to be delivered: in files, which wait for us.
  private let waitsForDelivery: Bool
  private let output = ByteOutput(descriptor: 1, isEnding: { Interruption.isEnding })
  private var isClosed = false
  private var isFull = false
  private var toldWarning: String?

  /// - Parameters:
  ///   - isLive: whether nothing may wait for alerts to be delivered.
  ///   - logOwner: who writes the alert log later on.
  init(
    _ options: ReportOptions, alerts: AlertBoard, label: CaptureLabel, delivery: AlertSenders,
    isLive: Bool, logOwner: LogOwner? = nil, follower: Follower? = nil
  ) throws(AlertError) {
    self.follower = follower
    self.delivery = delivery
    waitsForDelivery = !isLive
    format = options.format
    top = options.top ?? (options.format == .json ? nil : 5)
    self.alerts = alerts
    raised = Array(repeating: 0, count: alerts.watches.count)
    let path = alerts.isEmpty ? nil : options.alerts.log ?? ReportOptions.defaultAlertLog
    log = if let path { try AlertLog(path: path, owner: logOwner) } else { nil }
    pages = PageRenderer(label: label, alertLogPath: log?.path, top: options.top ?? 5)
    lines = JSONLines(label: label)
  }

  /// How many sites a snapshot needs to hold.
  var sites: Int? { top }

  /// The backend changed its mind about what it is.
  func relabel(_ label: CaptureLabel) {
    pages.label = label
    lines.label = label
  }

  /// Shows an interval that has ended, and the alerts that it raised or ended.
  func interval(_ interval: Snapshot, life: Snapshot) {
    let before = alerts.watches.map { $0.active != nil }
    let changes = alerts.observe(interval)
    for (index, watch) in alerts.watches.enumerated() where watch.active != nil && !before[index] {
      raised[index] += 1
    }
    log?.retry()
    for change in changes {
      let json = lines.alert(change)
      log?.append(change)
      // A service has nobody who looks at its pages.
      if Failure.isJournal {
        Failure.say(change.sentence(.local), change.state == .raised ? .warning : .notice)
      }
      delivery.send(change, json: json, topSite: interval.sites.first?.name, waits: waitsForDelivery)
      follower?.tell(change, json: json)
    }
    state = alerts.state(after: interval)
    tellLogWarning()
    if follower != nil { return }
    (lines.deliveries, lines.warnings) = (delivery.states, warnings)
    switch format {
    case .page:
      guard interval.isComplete else { return }
      var text = ByteText()
      pages.page(interval, life: life, alerts: alerts, changes: changes, warnings: warnings, to: &text)
      write(text.bytes)
    case .screen: break
    case .json, .common, .combined:
      write(lines.interval(interval, alerts: alerts))
      for change in changes { write(lines.alert(change)) }
    }
  }

  /// Shows the whole life, last; what does not add up in it is reported on standard error too.
  func summary(_ life: Snapshot) {
    if let imbalance = life.imbalance { Failure.say("the ledger does not balance: \(imbalance)") }
    if let follower { return follower.summarize(life, pages.label) }
    (lines.deliveries, lines.warnings) = (delivery.states, warnings)
    switch format {
    case .page, .screen:
      var text = ByteText()
      pages.summary(life, alerts: alerts, warnings: warnings, to: &text)
      write(text.bytes)
    case .json, .common, .combined: write(lines.summary(life, alerts: alerts))
    }
  }

  /// The alert log's path, and whether it is a file that can be rotated; nil without a log.
  var alertLog: (path: String, isRotatable: Bool)? { log.map { ($0.path, $0.isRotatable) } }

  /// Reopens the alert log: it was rotated.
  func reopenLog() { log?.reopen() }

  /// Looks after the alerts that are on their way.
  func followDelivery() { delivery.look() }

  /// Who reads JSON lines by a program sees what is wrong with the log on standard error, too, once.
  private func tellLogWarning() {
    guard format == .json, log?.warning != toldWarning else { return }
    toldWarning = log?.warning
    if let toldWarning { Failure.say(toldWarning) }
  }

  /// How it goes with sending alerts on.
  var deliveries: [DeliveryState] { delivery.states }

  /// What is to be known besides the counts.
  var warnings: [String] {
    notices + (log?.warning.map { [$0] } ?? []) + delivery.warnings
  }

  private func write(_ bytes: [UInt8]) {
    guard hasReader else { return }
    do throws(ByteOutput.Failure) {
      try output.write(bytes)
      isFull = false
    } catch {
      if error == .closed || error == .system(EIO) {
        // The reader, or the terminal, has gone.
        isClosed = true
      } else if error == .stuck {
        isClosed = true
        Failure.say("cannot write to standard output: \(error); what was to be shown is lost")
      } else if !isFull {
        // Reported once until writing works again; the watch and its alerts continue.
        isFull = true
        Failure.say("cannot write to standard output: \(error); what was to be shown is lost", .warning)
      }
    }
  }
}

extension AlertBoard {
  /// An interval and the alerts that are active, in a line.
  fileprivate func state(after interval: Snapshot) -> String {
    let totals = interval.totals
    let loss = interval.capture.lost > 0 ? ", \(interval.capture.lost) heads lost" : ""
    return "\(totals.requests) requests, \(totals.failures) failures in the last "
      + "\(DecimalText.duration(interval.end &- interval.start))\(loss); "
      + (active.isEmpty ? "no alert" : "alert: \(active.map(\.rule).joined(separator: ", "))")
  }
}
