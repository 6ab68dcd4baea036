// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Statistics

/// One worker and its timeline on one thread, as for a capture file.
final class Replay {
  static let second: UInt64 = 1_000_000_000
  let traffic = Traffic()
  let writer: TallyWriter
  let timeline: Timeline
  var closed: [Snapshot] = []
  var ledger = ExchangeCounters()
  var capture = CaptureCounters()

  init(
    interval: UInt64 = 10 * second, sites: Int = 2048, sections: Int = 4096, pending: Int = 1024,
    start: UInt64? = nil, keepsRecent: Bool = false, keepsWindows: Bool = false,
    pinned: PinnedSites = .none(seed: 42),
    wantsLatencies: Bool = false, wantsDetails: Bool = false, watchedSections: [WatchedSection] = []
  ) throws {
    var budgets = StatisticsBudgets(pendingExchanges: pending)
    budgets.sites = sites
    budgets.sections = sections
    let plan = try IntervalPlan(interval: interval)
    let tallyExchange = try TallyExchange(budgets: budgets)
    writer = try TallyWriter(
      tallyExchange, plan: plan, start: start, pinned: pinned,
      watchedSections: watchedSections)
    timeline = try Timeline(
      [tallyExchange], plan: plan, start: start, keepsRecent: keepsRecent, keepsWindows: keepsWindows,
      pinned: pinned,
      wantsLatencies: wantsLatencies, wantsDetails: wantsDetails)
    timeline.watchedSections = watchedSections
  }

  /// Counts what `make` puts into the traffic, as one segment of this time (seconds).
  func at(_ seconds: Double, _ make: (Traffic) -> Void) {
    at(nanoseconds: UInt64(seconds * 1e9), make)
  }

  func at(nanoseconds time: UInt64, _ make: (Traffic) -> Void) {
    if writer.isTickOver(time) {
      writer.turn(at: time, ledger: ledger)
      drain()
    }
    traffic.reset()
    make(traffic)
    traffic.record(in: writer)
  }

  func drain() {
    while let snapshot = timeline.nextInterval(capture: capture) { closed.append(snapshot) }
  }

  /// Ends the file; returns all intervals.
  func end() -> [Snapshot] {
    writer.close(ledger: ledger)
    drain()
    if let last = timeline.finish(capture: capture) { closed.append(last) }
    return closed
  }
}
