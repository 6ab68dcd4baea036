// SPDX-License-Identifier: Apache-2.0

import Capture
import Glibc
import History
import Reporting
import Screen
import System
import Statistics
import Terminal

/// The full screen while a watch runs: gathers what is to be shown, draws it, and obeys the keys.
///
/// It reads what the timeline has; counting knows nothing of it.
final class ScreenSession: Output, KeySource {
  private let terminal: any ScreenTerminal
  private var state = ScreenState()
  private var content: ScreenContent
  private var map = ScreenMap()
  private var exchanges: LatestExchanges
  /// The last interval that is over.
  private var recent: Snapshot?
  private var nextPicture = ContinuousClock.now
  /// The time when the next picture counts as dropped, unless the terminal takes it.
  private var nextDrop = ContinuousClock.now
  private var droppedPictures: UInt64 = 0
  /// A key has changed the picture.
  private var isStale = true
  private let label: CaptureLabel
  /// The intervals that `[` leads to, and where they are kept when no file keeps them.
  private let history: any HistorySource
  private let memory: MemoryHistory?
  /// The time that is looked back to; nil for now.
  private var past: PastScreen?

  /// Takes the terminal of standard output over; it changes with the first picture.
  convenience init(
    _ options: ScreenOptions, label: CaptureLabel, plan: IntervalPlan, window: StatisticsWindow?,
    exchanges: LatestExchanges, history: any HistorySource
  ) throws(CaptureError) {
    guard let terminal = CursesTerminal(options.terminal()) else {
      throw CaptureError(
        .unavailable, "full-screen view unavailable (the terminal cannot be set up)", hint: "--format page")
    }
    self.init(on: terminal, label: label, plan: plan, exchanges: exchanges, history: history)
    if let window { state.window = window }
  }

  init(
    on terminal: any ScreenTerminal, label: CaptureLabel, plan: IntervalPlan, exchanges: LatestExchanges,
    history: any HistorySource
  ) {
    (self.label, self.history, memory) = (label, history, history as? MemoryHistory)
    self.terminal = terminal
    content = ScreenContent(label: label, interval: plan.interval)
    self.exchanges = exchanges
  }

  deinit { stop() }

  /// Gives the terminal back, before the summary is printed; messages held meanwhile are printed now.
  func stop() {
    terminal.close()
    Failure.release()
  }

  /// Readable when keys wait; nil when there is no keyboard, and while the terminal takes no picture.
  var descriptor: Int32? { terminal.isReady ? terminal.input : nil }

  func interval(_ report: IntervalReport, _ reporter: Reporter) {
    recent = report.interval
    memory?.append(
      HistoryInterval(report.whole, alerts: reporter.alerts, changes: report.changes.map(\.transition)))
    nextPicture = .now
  }

  /// Takes in the single exchanges that have come.
  func takeExchanges() { exchanges.take() }

  /// Obeys the keys that wait. Without its terminal a screen has no reader: that ends the watch.
  func readEvents(hasGone: Bool) -> [WatchEvent] {
    var events: [WatchEvent] = hasGone ? [.end] : []
    while let key = terminal.key() {
      isStale = true
      switch state.press(key, content, map) {
      case .quit: return [.end]
      case .reset:
        events.append(.resetTotals)
        exchanges.reset()
        nextPicture = .now
      case .step(let count): step(count)
      case .now: returnToNow()
      case .none: break
      }
    }
    return events
  }

  /// Goes back in time, or forward, and past the last interval to now.
  private func step(_ count: Int) {
    if past == nil, count < 0 {
      past = PastScreen(history)
      _ = past?.step(count + 1)
    } else if past?.step(count) == false {
      returnToNow()
    }
  }

  private func returnToNow() {
    guard past != nil else { return }
    past = nil
    content.label = label
    content.past = nil
    content.windowed = nil
    state.isPaused = false
    nextPicture = .now
  }

  func suspend() { terminal.suspend() }

  /// The program was continued, or something else wrote over the screen.
  func resume() {
    terminal.resume()
    isStale = true
  }

  /// Draws a picture when one is due, or a key or the window has changed something, and the terminal takes it.
  func tick(_ reporter: Reporter, at now: UInt64) {
    guard terminal.isReady else { return countDrop() }
    if terminal.fit() { isStale = true }
    exchanges.listen(state.view.isLive)
    exchanges.take()
    let isDue = ContinuousClock.now >= nextPicture
    guard isDue || isStale else { return }
    if isDue {
      nextPicture = .now + .seconds(state.pace)
      nextDrop = nextPicture
      if !state.isPaused, past == nil { gather(reporter, now) }
    }
    Failure.hold()
    if past == nil {
      chooseWindow(reporter)
      lookIntoSite(reporter.timeline)
    } else {
      past?.fill(&content, state, now: now &+ UInt64(bitPattern: reporter.shift))
    }
    isStale = false
    var painter = ScreenPainter(content, state, glyphs: terminal.glyphs)
    terminal.begin()
    painter.draw(on: terminal)
    terminal.flush()
    map = painter.map
  }

  var dropped: OutputCounters {
    var counters = OutputCounters()
    counters.pictures = droppedPictures
    counters.exchanges = exchanges.dropped
    return counters
  }

  /// Counts a picture that is due while the terminal takes none; the next one it takes is up to date.
  private func countDrop() {
    guard ContinuousClock.now >= nextDrop else { return }
    nextDrop = .now + .seconds(state.pace)
    droppedPictures &+= 1
  }

  private func gather(_ reporter: Reporter, _ now: UInt64) {
    let timeline = reporter.timeline, capture = reporter.counters
    content.now = now &+ UInt64(bitPattern: reporter.shift)
    content.life = timeline.summary(capture: capture).shifted(by: reporter.shift)
    gatherWindow(reporter)
    let open = recent ?? timeline.openInterval(capture: capture, top: 1)?.shifted(by: reporter.shift)
    if let open { content.recent = open }
    content.history = timeline.history.latest()
    content.binLength = timeline.history.binLength
    content.alerts = reporter.alertRows
    content.notices = reporter.warnings
    content.exchanges = exchanges.lines()
    content.dropped = exchanges.dropped
  }

  /// Another window may have been chosen since the last picture, or while the picture is held.
  private func chooseWindow(_ reporter: Reporter) {
    let chosen = state.window.length == nil ? nil : state.window
    guard content.windowed?.window != chosen else { return }
    gatherWindow(reporter)
    content.site = nil
  }

  private func gatherWindow(_ reporter: Reporter) {
    let numbers = reporter.timeline.window(
      state.window, capture: reporter.counters, withTrends: true)
    content.windowed = numbers.map { (state.window, $0.shifted(by: reporter.shift)) }
    (content.slowest, content.failures) = exchanges.notable(in: numbers.map { (state.window, $0.start) })
  }

  /// The site may have been chosen since the last picture, or while the picture is held.
  private func lookIntoSite(_ timeline: Timeline) {
    guard case .site(let name) = state.view else { return content.site = nil }
    if content.site == nil || !state.isPaused { content.site = timeline.site(name, in: state.window) }
  }
}
