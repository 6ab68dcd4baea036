// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Glibc
import Statistics
import Synchronization
import Testing

@testable import wiretally

/// The end of workers: how often their sources are asked once there is nothing more.
@Suite struct WorkerPoolTests {
  /// A source that has ended, and counts how often it is asked.
  private final class EndedSource: SegmentSource {
    let asked = Atomic(0)
    var now: UInt64? { 1_700_000_000_000_000_000 }

    func receive(
      timeout: Int32, _ body: (borrowing Segment, RawSpan) -> Void
    ) throws(CaptureError) -> ReceiveOutcome {
      asked.wrappingAdd(1, ordering: .relaxed)
      return .ended
    }
  }

  /// A backend that nothing is asked of.
  private final class NoBackend: LiveBackend {
    let name = "none"
    let depth = CaptureDepth.auto
    let sources: [any SegmentSource] = []
    let counters = CaptureCounters()
    let notices: [String] = []
    let gauges = CaptureGauges()
    let ringBytes = 0
    let outages: [InterfaceOutage] = []
    let interfaceRenewals = 0
    let interfaceNames: [String] = []
    func followInterfaces() {}
    func readPreCaptureDrops() {}
    func stop() {}
  }

  @Test func `a worker whose source has ended asks it no more, however long others are waited for`() throws {
    let sources = (0..<8).map { _ in EndedSource() }
    var limits = ExchangeLimits()
    (limits.flows, limits.pendingRequests, limits.smallHeads, limits.largeHeads) = (16, 16, 8, 2)
    limits.heldSegments = 64
    var budgets = StatisticsBudgets(pendingExchanges: limits.pendingRequests)
    (budgets.sites, budgets.sections, budgets.methods) = (16, 16, 8)
    let pool = try WorkerPool(
      sources, stream: nil, owners: nil, filter: nil, sides: nil, recordings: nil,
      plan: IntervalPlan(interval: 1_000_000_000), start: 1_700_000_000_000_000_000,
      pinned: .none(seed: 1), sections: [], budgets: budgets, limits: limits, depth: .auto)
    try pool.start(NoBackend())
    while sources.contains(where: { $0.asked.load(ordering: .relaxed) == 0 }) { usleep(1_000) }
    usleep(50_000)
    pool.join()
    // Once while it runs, and once more to see that nothing is left.
    #expect(sources.allSatisfy { $0.asked.load(ordering: .relaxed) <= 2 })
    #expect(pool.failure == nil && !pool.hasEndedEarly)
  }
}
