// SPDX-License-Identifier: Apache-2.0

import Capture
import ExchangeStream
import Glibc
import Reporting
import Screen
import System
import Statistics
import Terminal

/// The full screen while a watch runs: gathers what is to be shown, draws it, and obeys the keys.
///
/// It reads what the timeline has; counting knows nothing of it.
final class ScreenSession {
  private let terminal: CursesTerminal
  private var state = ScreenState()
  private var content: ScreenContent
  private var map = ScreenMap()
  private var exchanges: LatestExchanges
  /// The last interval that is over.
  private var recent: Snapshot?
  private var nextPicture = ContinuousClock.now
  /// A key has changed the picture.
  private var isStale = true
  /// The reset was asked for and confirmed.
  private var wantsNewLife = false

  /// Takes the terminal over; it changes with the first picture.
  init(
    _ options: ScreenOptions, label: CaptureLabel, plan: IntervalPlan, stream: ExchangeReader
  ) throws(CaptureError) {
    guard let terminal = CursesTerminal(options.terminal()) else {
      throw CaptureError(
        .unavailable, "cannot take over the terminal for a full screen", remedy: "--format page")
    }
    self.terminal = terminal
    content = ScreenContent(label: label, interval: plan.interval)
    exchanges = LatestExchanges(stream)
  }

  /// Gives the terminal back; messages held meanwhile are printed now.
  func close() {
    terminal.close()
    Failure.release()
  }

  /// Readable when keys wait; nil when there is no keyboard.
  var descriptor: Int32? { terminal.input }

  /// An interval is over.
  func interval(_ snapshot: Snapshot) {
    recent = snapshot
    nextPicture = .now
  }

  /// Obeys the keys that wait; true when the watch is to end.
  func isQuit() -> Bool {
    while let key = terminal.key() {
      isStale = true
      switch state.press(key, content, map) {
      case .quit: return true
      case .reset: wantsNewLife = true
      case .none: break
      }
    }
    return false
  }

  /// Gives the terminal to the shell until the program is continued.
  func stop() {
    terminal.suspend()
    Interruption.stop()
  }

  /// The program was continued, or somebody wrote over the screen.
  func goOn() {
    terminal.resume()
    isStale = true
  }

  /// Draws a picture when one is due, or a key or the window has changed something.
  func show(_ timeline: Timeline, _ capture: CaptureCounters, _ report: Report, now: UInt64) {
    if terminal.fit() { isStale = true }
    if wantsNewLife {
      wantsNewLife = false
      timeline.startAnew(capture: capture)
      nextPicture = .now
    }
    exchanges.listen(state.view == .live)
    exchanges.take()
    let isDue = ContinuousClock.now >= nextPicture
    guard isDue || isStale else { return }
    if isDue {
      nextPicture = .now + .seconds(state.pace)
      if !state.isPaused { gather(timeline, capture, report, now) }
    }
    Failure.hold()
    lookIntoSite(timeline)
    isStale = false
    var painter = ScreenPainter(content, state, glyphs: terminal.glyphs)
    terminal.begin()
    painter.draw(on: terminal)
    terminal.flush()
    map = painter.map
  }

  private func gather(_ timeline: Timeline, _ capture: CaptureCounters, _ report: Report, _ now: UInt64) {
    content.now = now
    content.life = timeline.summary(capture: capture)
    if let recent = recent ?? timeline.openInterval(capture: capture, top: 1) { content.recent = recent }
    content.history = timeline.history.latest()
    content.binLength = timeline.history.binLength
    content.alerts = report.alertRows
    content.notices = report.warnings
    content.exchanges = exchanges.lines()
    content.dropped = exchanges.dropped
  }

  /// The site may have been chosen since the last picture, or while the picture is held.
  private func lookIntoSite(_ timeline: Timeline) {
    guard case .site(let name) = state.view else { return content.site = nil }
    if content.site == nil || !state.isPaused { content.site = timeline.site(name) }
  }
}
