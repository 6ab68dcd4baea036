// SPDX-License-Identifier: Apache-2.0

import Alerting
import ArgumentParser
import Capture
import History
import Reporting
import Sandbox
import Statistics
import System
import Text

/// The reading of a history from its first interval to the summary.
struct ReplaySession {
  private let command: ReplayCommand
  private let format: ReportOptions.Format
  private let reading: HistoryReading
  private let output: StandardOutput
  private let progress: ReadProgress
  private let screen: ReplayScreen?

  /// Opens the files, and the terminal where the screen is asked for.
  init(_ command: ReplayCommand, _ format: ReportOptions.Format) throws {
    (self.command, self.format) = (command, format)
    reading = try HistoryReading(command.file)
    output = StandardOutput(isQueued: false, unit: format == .json ? .line : .page)
    progress = ReadProgress(isShown: true)
    if format == .screen {
      screen = try ReplayScreen(command.screen, window: command.window ?? .minute)
    } else {
      screen = nil
    }
  }

  /// Gives up what reading what is open does not take.
  func sandbox() {
    defer { ProgramPages.release() }
    if command.isUnsandboxed { return }
    var policy = Sandbox.Policy()
    if screen != nil { policy.permissions = [.terminal] }
    // The policy asks for no user, so this does not throw.
    SandboxOptions.report(failures: (try? Sandbox.apply(policy).failures) ?? [])
  }

  /// Shows what there is; throws the exit status of damage, after the summary.
  func run() throws {
    let size = UInt64(reading.size), name = command.file
    // Once a screen has taken the signals over, nothing else ends the program.
    var wasInterrupted = false
    let isInterrupted = { [screen] in
      if screen?.obeySignals() == true { wasInterrupted = true }
      return wasInterrupted
    }
    let notices = try reading.read(isInterrupted: isInterrupted) {
      progress.show((name: name, position: UInt64($0), size: size as UInt64?))
    }
    progress.clear()
    if wasInterrupted {
      screen?.close()
      return
    }
    let source = SelectedHistory(reading.source, from: command.from, to: command.to)
    if source.isReversed {
      screen?.close()
      throw ReplayCommand.reversed
    }
    if source.range.isEmpty { Failure.say("no interval of \(name) is within the time that was asked for") }
    if let screen {
      screen.run(source)
      if let summary = ReplaySummary(source, isInterrupted: isInterrupted) { showSummary(summary) }
    } else {
      showSummary(show(source))
    }
    if reading.leftOut > 0 {
      Failure.say("\(name) has more intervals than can be shown: the oldest \(reading.leftOut) are left out")
    }
    output.drain()
    for notice in notices { Failure.say(notice, .warning) }
    if !notices.isEmpty { throw ExitCode(65) }
  }

  /// Prints each interval; returns what they come to.
  private func show(_ source: any HistorySource) -> ReplaySummary {
    var summary = ReplaySummary()
    for position in source.range {
      guard output.hasReader else { break }
      guard let (interval, run) = source.interval(position) else {
        summary.unreadable += 1
        continue
      }
      summary.add(interval, run)
      if format == .json {
        showObject(interval, run)
      } else if interval.snapshot.isComplete {
        showPage(interval, run, position, source, life: summary.life.snapshot)
      }
    }
    return summary
  }

  private func showObject(_ interval: HistoryInterval, _ run: HistoryRun) {
    var lines = JSONLines(label: CaptureLabel(run))
    output.write(lines.interval(interval.snapshot.limited(to: command.top), alerts: interval.alerts(run)))
    for change in interval.changes { output.write(lines.alert(change)) }
  }

  private func showPage(
    _ interval: HistoryInterval, _ run: HistoryRun, _ position: Int, _ source: any HistorySource,
    life: Snapshot
  ) {
    var text = ByteText()
    var tables: (window: StatisticsWindow, numbers: Snapshot)?
    if let window = command.window, let length = window.length {
      // Nobody waits for a page: it has the whole window.
      let sum = HistoryView(source, budget: .max).sum(endingAt: position, length: length).sum
      tables = (window: window, numbers: sum.snapshot.limited(to: sites))
    }
    pages(run).page(
      interval.snapshot.limited(to: sites), life: life.limited(to: sites), tables: tables,
      alerts: interval.alerts(run), changes: interval.changes, to: &text)
    output.write(text.bytes)
  }

  private func showSummary(_ summary: ReplaySummary) {
    if summary.unreadable > 0 {
      Failure.say("\(summary.unreadable) intervals make no sense and were passed over", .warning)
    }
    guard let (interval, run) = summary.last else { return }
    let alerts = interval.alerts(run)
    if format == .json {
      var lines = JSONLines(label: CaptureLabel(run))
      output.write(
        lines.snapshot(summary.all.snapshot.limited(to: command.top), alerts: alerts), isLast: true)
    } else {
      var text = ByteText()
      pages(run).summary(summary.all.snapshot.limited(to: sites), alerts: alerts, to: &text)
      output.write(text.bytes, isLast: true)
    }
  }

  private var sites: Int { command.top ?? ReportOptions.pageSites }

  private func pages(_ run: HistoryRun) -> PageRenderer {
    PageRenderer(label: CaptureLabel(run), alertLogPath: nil, top: sites)
  }
}

/// The sum of the intervals of a replay.
struct ReplaySummary {
  /// All of them, and those of the last watch among them.
  private(set) var all = SnapshotSum()
  private(set) var life = SnapshotSum()
  private(set) var last: (interval: HistoryInterval, run: HistoryRun)?
  /// Intervals that cannot be read.
  var unreadable = 0

  init() {}

  /// Those of a source; nil when the end is asked for before all are added up.
  init?(_ source: any HistorySource, isInterrupted: () -> Bool) {
    for position in source.range {
      if isInterrupted() { return nil }
      if let (interval, run) = source.interval(position) { add(interval, run) } else { unreadable += 1 }
    }
  }

  mutating func add(_ interval: HistoryInterval, _ run: HistoryRun) {
    // A watch has its own totals, as it had them on its own pages.
    if let last, last.run.start != run.start { life = SnapshotSum() }
    all.add(interval.snapshot)
    life.add(interval.snapshot)
    last = (interval, run)
  }
}
