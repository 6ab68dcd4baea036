// SPDX-License-Identifier: Apache-2.0

import System
package import Capture
package import Exchanges
package import Owners
package import TLSCoverage

/// The reporter's half: merges what the workers deliver, and closes intervals by capture time.
///
/// One thread uses it. Call `nextInterval` until it returns nil, whenever something may have been
/// handed over. Nothing in it looks at a clock: the same tallies always give the same intervals.
package final class Timeline {
  /// Of a longer silence only this many empty intervals are reported: a capture file may jump by decades.
  package static let longestSilence: UInt64 = 8640

  package let plan: IntervalPlan
  /// How long after its end an interval waits for a late worker, nanoseconds.
  package let grace: UInt64
  let tallyExchanges: [TallyExchange]
  let replicas: [WorkerReplica]
  /// The sites that every snapshot of an interval tells apart.
  let pinned: PinnedSites
  /// Whether an interval's snapshot holds its latencies by bucket.
  private let wantsLatencies: Bool
  /// Whether it holds what several of them can be added up from.
  let wantsDetails: Bool
  let interval: RunningTotals
  let life: RunningTotals
  /// What `takeRecent` will tell; nil when nobody will ask.
  let recent: RunningTotals?
  /// The last quarter of an hour in slices; nil when nobody will ask for windows.
  var windows: TrafficWindows?
  /// Where a window's slices are added up.
  let windowTotals: RunningTotals
  /// Each worker's first tick that has not been handed over.
  var progress: [UInt64]
  /// Each worker's ledger since its start.
  private var ledgers: [ExchangeCounters]
  /// The time when the request was read that each worker has waited for longest; 0 when it waits for none.
  private var oldestInFlight: [UInt64]
  var ledgerBefore = ExchangeCounters()
  /// Where the life begins after `resetTotals`: what had been counted by then.
  var lifeBefore: (start: UInt64, capture: CaptureCounters, ledger: ExchangeCounters)?
  var captureBefore = CaptureCounters()
  /// The beginning of time, nanoseconds since 1970; nil until the first tally, when it was not given.
  package private(set) var start: UInt64?
  /// The first tick of the open interval.
  var firstTick: UInt64 = 0
  var requestsByTick: [UInt64]
  /// Where the last closed interval ended, nanoseconds since 1970.
  private var lastEnd: UInt64 = 0
  /// Empty intervals reported in a row.
  private var silence: UInt64 = 0
  /// The table that names the owners of connections; nil when nobody looks for them.
  package var owners: OwnerTable?
  /// What was seen and read of TLS; nil when nobody looks for that.
  package var coverage: TLSCoverage?
  /// The owners that every snapshot of an interval tells apart, by what they served.
  package var watchedOwners: [OwnerCondition] = []
  /// The addresses of clients that alert rules are about, each once, as `WatchedTraffic.Subject` has them.
  package var watchedClients: [(high: UInt64, low: UInt64)] = []
  /// The sections that alert rules are about, in the order that the workers' writers have them.
  package var watchedSections: [WatchedSection] = []
  /// The last seconds, tick by tick.
  package private(set) var history: TrafficHistory

  /// A timeline over these workers. Give `start` when the writers were given it, and the same `pinned`;
  /// `keepsRecent` makes `takeRecent` tell what was merged since its last call, at the cost of one more
  /// set of sites' rows; `keepsWindows` makes `window` tell of the last quarter of an hour.
  package init(
    _ tallyExchanges: [TallyExchange], plan: IntervalPlan, start: UInt64? = nil,
    grace: UInt64 = 1_000_000_000,
    keepsRecent: Bool = false, keepsWindows: Bool = false, pinned: PinnedSites = .none(seed: 0),
    wantsLatencies: Bool = false, wantsDetails: Bool = false
  ) throws(StatisticsError) {
    self.pinned = pinned
    self.wantsLatencies = wantsLatencies
    self.wantsDetails = wantsDetails
    var replicas: [WorkerReplica] = []
    for tallyExchange in tallyExchanges {
      replicas.append(
        try WorkerReplica(
          tallyExchange.budgets, keepsRecent: keepsRecent, keepsWindows: keepsWindows))
    }
    self.tallyExchanges = tallyExchanges
    self.replicas = replicas
    self.plan = plan
    self.start = start
    self.grace = grace
    interval = try RunningTotals()
    life = try RunningTotals()
    recent = keepsRecent ? try RunningTotals() : nil
    windowTotals = try RunningTotals()
    windows = keepsWindows ? TrafficWindows(plan: plan, workers: tallyExchanges.count) : nil
    progress = Array(repeating: 0, count: tallyExchanges.count)
    ledgers = Array(repeating: ExchangeCounters(), count: tallyExchanges.count)
    oldestInFlight = Array(repeating: 0, count: tallyExchanges.count)
    requestsByTick = Array(repeating: 0, count: Int(plan.ticksPerInterval))
    lastEnd = start ?? 0
    history = TrafficHistory(plan: plan)
  }

  /// The next interval that is over, or nil.
  ///
  /// It is over when every worker has handed over its ticks, or, with `now` (capture time, live), when
  /// `grace` has passed since its end; what a late worker brings then counts in a later interval.
  /// `capture` is what the backend has counted so far; `top` limits the sites.
  package func nextInterval(
    now: UInt64? = nil, capture: CaptureCounters, top: Int? = nil
  ) -> Snapshot? {
    collect()
    guard let start else { return nil }
    let end = firstTick &+ plan.ticksPerInterval
    let done = zip(tallyExchanges, progress).allSatisfy { $0.isFinished || $1 >= end }
    let late = now.map { $0 >= start &+ plan.boundary(end) &+ grace } ?? false
    // When all workers are finished nobody's progress closes the open interval: `finish` does.
    let isClosing = tallyExchanges.contains { !$0.isFinished } || progress.contains { $0 >= end }
    guard (done && isClosing) || late else { return nil }
    let snapshot = close(end: start &+ plan.boundary(end), capture: capture, top: top)
    open(at: end)
    return snapshot
  }

  /// The last interval, after `nextInterval` has returned nil and the workers have closed: up to `end`
  /// (live, when it is cut off before its time), or whole, since nothing more can come (files).
  package func finish(at end: UInt64? = nil, capture: CaptureCounters, top: Int? = nil) -> Snapshot? {
    collect()
    guard let start else { return nil }
    let nominal = start &+ plan.boundary(firstTick &+ plan.ticksPerInterval)
    let isComplete = end.map { $0 >= nominal } ?? true
    var snapshot = close(
      end: isComplete ? nominal : max(end ?? 0, start &+ plan.boundary(firstTick)), capture: capture,
      top: top)
    snapshot.isComplete = isComplete
    open(at: firstTick &+ plan.ticksPerInterval)
    return snapshot
  }

  /// The life up to now: up to the end of the last interval reported, plus what was merged since.
  /// `naming` are sites that are listed besides the top ones.
  package func summary(
    capture: CaptureCounters, top: Int? = nil, naming: Set<String> = []
  ) -> Snapshot {
    var snapshot = snapshot(.life, of: life, top: top, naming: naming)
    snapshot.start = lifeBefore?.start ?? start ?? 0
    snapshot.end = max(lastEnd, snapshot.start)
    snapshot.capture = lifeBefore.map { capture.since($0.capture) } ?? capture
    snapshot.ledger = lifeBefore.map { ledger - $0.ledger } ?? ledger
    snapshot.inFlight = inFlight(at: reached ?? snapshot.end)
    snapshot.tls = coverage?.life
    return snapshot
  }

  /// Whether no request was counted since the start, or since the totals were reset.
  package var isSilent: Bool { life.totals.requests == 0 }

  /// Up to when every worker has handed over, nanoseconds since 1970; nil before the first tally.
  package var reached: UInt64? {
    guard let start, let tick = progress.min() else { return nil }
    return start &+ plan.boundary(tick)
  }

  /// The sum of the workers' ledgers.
  package var ledger: ExchangeCounters {
    ledgers.reduce(ExchangeCounters(), +)
  }

  /// The requests that wait at `time`, nanoseconds since 1970, as the workers reported last.
  func inFlight(at time: UInt64) -> RequestsInFlight {
    let oldest = oldestInFlight.filter { $0 > 0 }.min()
    return RequestsInFlight(
      count: ledger.inFlight, oldest: oldest.map { time > $0 ? time &- $0 : 0 })
  }

  /// Merges every tally that belongs to the open interval. One that begins later waits in its double buffer.
  func collect() {
    for index in tallyExchanges.indices {
      while let tally = tallyExchanges[index].reporterTally {
        let period = tally.period
        if start == nil && period.hasBegun {
          start = period.start
          lastEnd = period.start
        }
        if period.firstTick >= firstTick &+ plan.ticksPerInterval { break }
        interval.merge(tally)
        life.merge(tally)
        recent?.merge(tally)
        replicas[index].merge(tally)
        weighOwners(tally)
        windows?.add(tally, worker: index)
        // A late tally began before the interval did: its requests count in the first tick.
        let tick = period.firstTick > firstTick ? period.firstTick &- firstTick : 0
        requestsByTick[Int(tick)] &+= tally.totals[0].requests
        history.add(tally.totals[0], tally.latency, tick: period.firstTick)
        progress[index] = max(progress[index], period.endTick)
        ledgers[index] = period.ledger
        oldestInFlight[index] = period.oldestInFlight
        tallyExchanges[index].giveBack()
      }
    }
    let reached = progress.min() ?? 0
    history.reach(tick: reached)
    // What is beyond the open interval has not been merged.
    windows?.reach(tick: min(reached, firstTick &+ plan.ticksPerInterval))
  }

  private func close(end: UInt64, capture: CaptureCounters, top: Int?) -> Snapshot {
    var snapshot = snapshot(.interval, of: interval, top: top)
    snapshot.start = (start ?? 0) &+ plan.boundary(firstTick)
    snapshot.end = end
    snapshot.requestsByTick = requestsByTick
    snapshot.watched = watchedSites + watchedOwnerTraffic + watchedClientTraffic + watchedSectionTraffic
    if wantsLatencies { snapshot.latencies = interval.latency.slice }
    snapshot.capture = capture.since(captureBefore)
    snapshot.ledger = ledger - ledgerBefore
    snapshot.inFlight = inFlight(at: end)
    snapshot.tls = coverage?.interval
    coverage?.clearInterval()
    captureBefore = capture
    ledgerBefore = ledger
    lastEnd = end
    return snapshot
  }

  /// Opens the interval that begins with `tick`, or a later one at the end of a very long silence.
  private func open(at tick: UInt64) {
    silence = interval.totals == TrafficTotals() ? silence + 1 : 0
    interval.clear()
    for replica in replicas { replica.clearInterval() }
    for index in requestsByTick.indices { requestsByTick[index] = 0 }
    firstTick = tick
    if silence >= Self.longestSilence, let reached = progress.min() {
      firstTick = max(tick, reached - reached % plan.ticksPerInterval)
    }
  }
}
