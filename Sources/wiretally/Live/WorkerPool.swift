// SPDX-License-Identifier: Apache-2.0

import Capture
import CaptureWriting
import Exchanges
import ExchangeStream
import Owners
import PcapCapture
import Reporting
import Statistics
import System
import TLSCoverage

/// The workers of a live watch: one for each source, each on a thread of its own.
struct WorkerPool {
  /// What the workers hand their tallies over through.
  let tallies: [TallyExchange]
  private let threads: [WorkerThread]

  /// Reserves the workers' memory; no thread runs before `start`.
  init(
    _ sources: [any SegmentSource], stream: ExchangeReader?, owners: OwnerTable?, filter: SegmentFilter?,
    only: ExchangeFilter? = nil, sides: SideChoice?, recordings: [SegmentQueue]?,
    coverage: TLSCoverage? = nil,
    sharedPorts: PortSet? = nil,
    plan: IntervalPlan,
    start: UInt64,
    pinned: PinnedSites, sections: [WatchedSection],
    budgets: StatisticsBudgets, limits: ExchangeLimits, depth: CaptureDepth
  ) throws {
    var tallies: [TallyExchange] = []
    threads = try sources.enumerated().map { index, source in
      let tally = try TallyExchange(budgets: budgets)
      let writer = try TallyWriter(tally, plan: plan, start: start, pinned: pinned, watchedSections: sections)
      tallies.append(tally)
      return WorkerThread(
        TrafficWorker(
          source, writer, stream: stream?.writers[index], owners: try owners.map(OwnerAttribution.init),
          filter: filter, side: sides?.selection,
          choice: try only.map { try RequestChoice($0, pendingExchanges: limits.pendingRequests) },
          hops: sides?.hopWatch,
          recording: recordings?[index], coverage: coverage, sharedPorts: sharedPorts,
          limits: limits, depth: source.depth ?? depth, seed: pinned.seed),
        number: index + 1)
    }
    self.tallies = tallies
  }

  /// Starts all workers or none: the flows of one that did not run would be missing in silence.
  func start(_ backend: any LiveBackend) throws(CaptureError) {
    for (index, thread) in threads.enumerated() {
      do throws(SystemError) {
        try thread.start()
      } catch {
        backend.stop()
        for started in threads[..<index] { started.stop() }
        for started in threads[..<index] { started.join() }
        throw CaptureError(
          .unavailable, "cannot start worker \(index + 1) of \(threads.count): \(error.reason)",
          hint: "fewer --workers, or a higher limit of processes (ulimit -u)")
      }
    }
  }

  /// Whether a source has failed; then `failure` says why.
  var hasEndedEarly: Bool { threads.contains(where: \.hasEndedEarly) }

  /// The reason why a worker has ended before it was asked to.
  var failure: CaptureError? { threads.lazy.compactMap(\.failure).first }

  /// Asks the workers to drain their sources and end, and waits until they have.
  func join() {
    // All of them at once: one that has not been asked keeps polling while others are waited for.
    for thread in threads { thread.stop() }
    for thread in threads { thread.join() }
  }
}
