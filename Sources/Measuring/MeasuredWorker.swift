// SPDX-License-Identifier: Apache-2.0

package import Capture
import Exchanges
import Statistics

/// The pipeline of a worker, from segments to a tally, with nobody who reads what is tallied.
package final class MeasuredWorker {
  private let writer: TallyWriter
  private var tracker: ExchangeTracker
  private var time: UInt64 = 1

  /// Nil when there is no memory for its tables.
  package init?(depth: CaptureDepth) {
    let limits = ExchangeLimits()
    guard let plan = try? IntervalPlan(interval: 10_000_000_000),
      let tallyExchange = try? TallyExchange(
        budgets: StatisticsBudgets(pendingExchanges: limits.pendingRequests)),
      let writer = try? TallyWriter(tallyExchange, plan: plan, start: 1)
    else { return nil }
    self.writer = writer
    tracker = ExchangeTracker(limits: limits, depth: depth, seed: 7)
  }

  /// Heads counted so far, and segments that were seen before.
  package var heads: UInt64 { tracker.counters.requests &+ tracker.counters.responses }
  package var exchanges: UInt64 { tracker.counters.exchanges }

  /// The next moment of a clock of its own, a tenth of a microsecond later.
  func tick() -> UInt64 {
    time &+= 100
    return time
  }

  /// Counts one segment.
  func take(_ segment: borrowing Segment, _ payload: RawSpan) {
    tracker.process(segment, payload)
    if tracker.batch.count > 0 {
      writer.record(tracker.batch.all, names: tracker.batch.names)
      tracker.batch.clear()
    }
  }

  /// Reads what waits for segments that were lost: no more come.
  func settle() { tracker.advance(to: tracker.clock &+ tracker.limits.gapPatience &+ 1) }

  /// Counts what a source has; how many segments that were.
  package func drain(_ source: any SegmentSource, timeout: Int32) throws(CaptureError) -> Int {
    let outcome = try source.receive(timeout: timeout, ahead: { tracker.expect($0) }, take)
    guard case .delivered(let count) = outcome else { return 0 }
    return count
  }
}
