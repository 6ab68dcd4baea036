// SPDX-License-Identifier: Apache-2.0

package import Capture

/// The numbers of the last seconds or minutes.
extension Timeline {
  /// When a window ends.
  package enum WindowEnd: Sendable {
    /// With the last second that all workers have handed over.
    case now
    /// With the last interval that was closed.
    case interval
  }

  /// The numbers of a window, shorter by less than a tenth than it says (`TrafficWindows`), and by what the watch is younger;
  /// nil for `all`, and for a timeline without windows. Losses are those of the lifetime.
  ///
  /// Totals are exact. A site that was not among the busiest of a second (`SliceTable.Limit`) counts as another one there.
  ///
  /// - Parameter withTrends: whether the sites say how their requests were spread over it.
  package func window(
    _ window: StatisticsWindow, until end: WindowEnd = .now, capture: CaptureCounters, top: Int? = nil,
    withTrends: Bool = false
  ) -> Snapshot? {
    withWindow(window, until: end) { ticks in
      var snapshot = snapshot(.window, of: windowTotals, top: top)
      let begin = start ?? 0
      snapshot.start = begin &+ plan.boundary(ticks.lowerBound)
      snapshot.end = begin &+ plan.boundary(ticks.upperBound)
      snapshot.capture = capture
      snapshot.inFlight = inFlight(at: reached ?? snapshot.end)
      if withTrends { addTrends(window, to: &snapshot) }
      return snapshot
    }
  }

  /// A site in detail, in a window or in the lifetime; nil when it is not in the tables (any more).
  package func site(_ name: String, in window: StatisticsWindow = .all) -> SiteDetail? {
    guard window.length != nil, windows != nil else { return site(name, .life) }
    return withWindow(window, until: .now) { _ in site(name, .window) } ?? nil
  }

  /// Calls `body` with the window's rows added up, and the ticks that they are of.
  private func withWindow<Result>(
    _ window: StatisticsWindow, until end: WindowEnd, _ body: (Range<UInt64>) -> Result
  ) -> Result? {
    guard window.length != nil, let windows else { return nil }
    let (slices, ticks) = windows.slices(window, until: end == .interval ? firstTick : nil)
    for slice in slices {
      for (worker, counted) in slice.workers.enumerated() {
        guard let counted else { continue }
        windowTotals.add(counted)
        replicas[worker].addToWindow(counted)
      }
    }
    defer {
      windowTotals.clear()
      for replica in replicas { replica.clearWindow() }
    }
    return body(ticks)
  }
}
