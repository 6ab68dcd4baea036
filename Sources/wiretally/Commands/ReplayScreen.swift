// SPDX-License-Identifier: Apache-2.0

import Capture
import History
import Reporting
import Screen
import Statistics
import Terminal

/// The full screen of `replay`: begins at the last interval, and steps through all of them.
final class ReplayScreen: KeySource {
  private let terminal: any ScreenTerminal
  private let interruption: Interruption
  private var state = ScreenState()
  private var content = ScreenContent(
    label: CaptureLabel(backend: "", source: "", ports: ""), interval: 10_000_000_000)
  private var map = ScreenMap()
  private var past: PastScreen?
  private var isStale = true
  private var isOver = false

  /// Milliseconds between two looks at the window's size.
  private static let pace: Int32 = 100

  /// Takes the terminal and the signals over.
  init(_ options: ScreenOptions, window: StatisticsWindow) throws(CaptureError) {
    interruption = Interruption(handlesStops: true)
    guard let terminal = CursesTerminal(options.terminal()) else {
      throw CaptureError(
        .unavailable, "full-screen view unavailable (the terminal cannot be set up)", hint: "--format page")
    }
    self.terminal = terminal
    state.window = window
  }

  /// Shows a history until the operator has seen enough.
  func run(_ source: any HistorySource) {
    past = PastScreen(source, budget: HistoryView.patientBudget)
    let input = WatchInput(interruption: interruption, keys: self)
    Failure.hold()
    while !isOver {
      draw()
      for event in input.events(input.wait(Self.pace)) {
        switch event {
        case .end: isOver = true
        case .suspend:
          suspend()
          Interruption.stop()
        case .resume: resume()
        case .resetTotals, .reopen: break
        }
      }
    }
    close()
    Failure.release()
  }

  /// Gives the terminal back.
  func close() { terminal.close() }

  /// Obeys the signals that have come while no picture is drawn; true when one asks for the end.
  func obeySignals() -> Bool {
    switch interruption.next() {
    case .end, .hangUp: return true
    case .stop: Interruption.stop()
    case .resume, nil: break
    }
    return false
  }

  var descriptor: Int32? { terminal.isReady ? terminal.input : nil }

  func readEvents(hasGone: Bool) -> [WatchEvent] {
    while let key = terminal.key() {
      isStale = true
      switch state.press(key, content, map) {
      case .quit: return [.end]
      case .step(let count): _ = past?.step(count)
      case .now: _ = past?.step(Int.max / 2)
      case .reset, .none: break
      }
    }
    return hasGone ? [.end] : []
  }

  func suspend() { terminal.suspend() }

  func resume() {
    terminal.resume()
    isStale = true
  }

  private func draw() {
    guard terminal.isReady else { return }
    if terminal.fit() { isStale = true }
    guard isStale else { return }
    isStale = false
    past?.fill(&content, state, now: nil)
    var painter = ScreenPainter(content, state, glyphs: terminal.glyphs)
    terminal.begin()
    painter.draw(on: terminal)
    terminal.flush()
    map = painter.map
  }
}
