// SPDX-License-Identifier: Apache-2.0

import Alerting
import History
import Reporting
import Screen
import Statistics

/// The way back in time of a screen: which interval is shown, and what the screen shows of it.
struct PastScreen {
  /// Bins of a chart at most: more than the widest terminal has columns.
  private static let bins = 512

  private let source: any HistorySource
  private let budget: Int
  private(set) var position: Int
  /// What was added up last: reading it again takes as long.
  private var shown: (position: Int, window: StatisticsWindow, sum: SnapshotSum)?

  /// At the last interval that is over; nil when none is.
  ///
  /// - Parameter budget: bytes of records that one look reads at most.
  init?(_ source: any HistorySource, budget: Int = HistoryView.budget) {
    guard let last = source.range.last else { return nil }
    (self.source, self.budget) = (source, budget)
    position = last
  }

  /// Goes this many intervals back (below 0) or forward; false when that would be beyond the last one.
  mutating func step(_ count: Int) -> Bool {
    let range = source.range
    guard let last = range.last else { return false }
    if position + count > last {
      defer { position = last }
      return count > 1 && position < last
    }
    position = max(position + count, range.lowerBound)
    return true
  }

  /// Fills in what is shown; content of single exchanges, which nobody has kept, is emptied.
  mutating func fill(_ content: inout ScreenContent, _ state: ScreenState, now: UInt64?) {
    position = max(position, source.range.lowerBound)
    if shown?.position != position || shown?.window != state.window, !gather(&content, state.window) {
      return
    }
    if case .site(let name) = state.view { content.site = shown?.sum.site(name) } else { content.site = nil }
    let ago = now.map { $0 > content.now ? $0 - content.now : 0 }
    content.past = ScreenContent.Past(ago: ago)
  }

  private mutating func gather(_ content: inout ScreenContent, _ window: StatisticsWindow) -> Bool {
    guard let (interval, run) = source.interval(position) else {
      content.notices = ["an interval of the history cannot be read"]
      return false
    }
    let view = HistoryView(source, budget: budget)
    let look = view.sum(endingAt: position, length: window.length)
    shown = (position, window, look.sum)
    let numbers = look.sum.snapshot
    content.label = CaptureLabel(run)
    content.interval = run.interval
    content.now = interval.snapshot.end
    content.recent = interval.snapshot
    content.life = window.length == nil ? numbers : interval.snapshot
    content.windowed = window.length == nil ? nil : (window: window, numbers: numbers)
    (content.history, content.binLength) = view.bins(endingAt: position, limit: Self.bins)
    content.alerts = AlertRows(interval.alerts(run))
    // A moment of the past tells no more than a watch can read at once.
    content.notices =
      look.isCut
      ? [
        "the tables add up only \(CountText.span(numbers.end - min(numbers.start, numbers.end))): "
          + "intervals of the history are large"
      ] : []
    (content.exchanges, content.slowest, content.failures, content.dropped) = ([], [], [], 0)
    return true
  }
}

extension CaptureLabel {
  /// Where a watch that was kept looked.
  init(_ run: HistoryRun) {
    self.init(backend: run.backend, source: run.source, ports: run.ports, filter: run.filter, only: run.only)
  }
}
