// SPDX-License-Identifier: Apache-2.0

import System
package import Exchanges
import HTTP1
package import Text

/// A worker's own tables and its pen: it counts exchange events into the tally that is the worker's now.
///
/// One thread uses it. For each segment: when `isTickOver(segment.time)`, call `turn`; then give the
/// tracker; then `record` what it left. When idle, the same with the source's clock. At the end, `close`.
@usableFromInline
package final class TallyWriter {
  /// The site, the section and the client that a pending exchange was counted for, in 20 bytes: no table of sites or
  /// clients has more than 65,536 slots.
  private struct Credit: BitwiseCopyable {
    private var siteGeneration: UInt32 = 0
    private var clientGeneration: UInt32 = 0
    private var siteSlot: UInt16 = 0
    private var clientSlot: UInt16 = 0
    /// Four bytes each: there may be more of them.
    var section = Place()

    var site: Place {
      get { Place(slot: UInt32(siteSlot), generation: siteGeneration) }
      set { (siteSlot, siteGeneration) = (UInt16(truncatingIfNeeded: newValue.slot), newValue.generation) }
    }

    var client: Place {
      get { Place(slot: UInt32(clientSlot), generation: clientGeneration) }
      set {
        (clientSlot, clientGeneration) = (UInt16(truncatingIfNeeded: newValue.slot), newValue.generation)
      }
    }
  }

  /// A name's place in a table.
  struct Place: BitwiseCopyable {
    var slot: UInt32 = 0
    /// 0 when there is none.
    var generation: UInt32 = 0
  }

  let tallyExchange: TallyExchange
  let sites: SpaceSaving
  let sections: SpaceSaving
  let clients: SpaceSaving
  let customMethods: SpaceSaving
  let calls: SpaceSaving
  let siteOwners: SpaceSaving
  private let credits: ZeroedStorage<Credit>
  /// The gRPC method that a pending exchange was counted for.
  let callCredits: ZeroedStorage<Place>
  /// The place of each status in a site's counts.
  private let statusPlaces: ZeroedStorage<UInt8>
  // The occupant of each slot whose name the reporter knows.
  let knownSites: ZeroedStorage<UInt32>
  let knownSections: ZeroedStorage<UInt32>
  let knownClients: ZeroedStorage<UInt32>
  let knownMethods: ZeroedStorage<UInt32>
  let knownCalls: ZeroedStorage<UInt32>
  let knownSiteOwners: ZeroedStorage<UInt32>
  /// The sections that alert rules are about.
  let watchedSections: SectionWatch
  private let watchesSections: Bool
  private let countsKinds: Bool
  let plan: IntervalPlan
  var start: UInt64?
  var tick: UInt64 = 0

  /// The time when the current tick is over, nanoseconds since 1970; 0 before the first `turn`.
  @usableFromInline package internal(set) var tickEnd: UInt64 = 0

  /// A writer that hands over through `tallyExchange`. Time begins at `start` (nanoseconds since 1970), or,
  /// without it, at the first `turn`; several workers of one timeline need the same `start`.
  /// The tracker that names are hashed by needs the seed of `pinned`.
  package init(
    _ tallyExchange: TallyExchange, plan: IntervalPlan, start: UInt64? = nil,
    pinned: PinnedSites = .none(seed: 0), watchedSections: [WatchedSection] = []
  ) throws(StatisticsError) {
    let budgets = tallyExchange.budgets
    self.tallyExchange = tallyExchange
    self.plan = plan
    countsKinds = budgets.countsKinds
    sites = try SpaceSaving(budget: budgets.sites)
    sections = try SpaceSaving(budget: budgets.sections)
    clients = try SpaceSaving(budget: budgets.clients, width: SpaceSaving.addressWidth)
    customMethods = try SpaceSaving(budget: budgets.methods)
    calls = try SpaceSaving(budget: budgets.calls)
    siteOwners = try SpaceSaving(budget: budgets.siteOwners, width: SpaceSaving.numberWidth)
    credits = try ZeroedStorage(count: budgets.pendingExchanges)
    callCredits = try ZeroedStorage(count: budgets.pendingExchanges)
    statusPlaces = try ZeroedStorage(count: Tally.statusLimit)
    for status in 0..<Tally.statusLimit { statusPlaces[status] = UInt8(StatusPlaces.place(UInt16(status))) }
    knownSites = try ZeroedStorage(count: budgets.sites)
    knownSections = try ZeroedStorage(count: budgets.sections)
    knownClients = try ZeroedStorage(count: budgets.clients)
    knownMethods = try ZeroedStorage(count: budgets.methods)
    knownCalls = try ZeroedStorage(count: budgets.calls)
    knownSiteOwners = try ZeroedStorage(count: budgets.siteOwners)
    self.watchedSections = try SectionWatch(watchedSections, budgets)
    watchesSections = !watchedSections.isEmpty
    for site in pinned.sites {
      let name = Array(site.name.utf8)
      sites.pin(name.rawSpan, hash: site.hash, slot: site.slot)
    }
    if let start { begin(at: start) }
  }

  /// Counts the events of one segment.
  package func record(_ batch: borrowing EventBatch) { record(batch.all, names: batch.names) }

  /// Counts the events of one segment, and for the owners of both ends the exchanges among them that have ended.
  package func recordWithOwners(_ batch: borrowing EventBatch) {
    record(batch.all, batch.allParties, names: batch.names)
  }

  /// Counts the events of one segment, with the names they refer to.
  package func record(_ events: Span<ExchangeEvent>, names: NameBuffer) {
    tallyExchange.withWorkerTally { tally in
      for index in 0..<events.count { count(events[index], names, tally) }
    }
  }

  /// Counts the events of one segment, and for the owners of both ends the exchanges among them that have ended.
  package func record(
    _ events: Span<ExchangeEvent>, _ parties: Span<ExchangeParties>, names: NameBuffer
  ) {
    tallyExchange.withWorkerTally { tally in
      for index in 0..<events.count {
        count(events[index], names, tally)
        countOwners(events[index], parties[index], tally)
      }
    }
  }

  /// Counts one event.
  package func record(_ event: ExchangeEvent, names: NameBuffer) {
    tallyExchange.withWorkerTally { count(event, names, $0) }
  }

  @inline(__always)
  private func count(_ event: ExchangeEvent, _ names: NameBuffer, _ tally: Tally) {
    switch event.kind {
    case .request: countRequest(event, names, tally)
    case .answered: countAnswer(event, tally)
    case .unmatchedResponse:
      tally.totals[0].responses &+= 1
      tally.totals[0].unmatchedResponses &+= 1
      countStatus(event.status, tally)
      countOutcome(event.outcome, tally)
    case .interim:
      tally.totals[0].responses &+= 1
      tally.totals[0].interim &+= 1
      countStatus(event.status, tally)
    case .aborted: countUnanswered(event, UnansweredRequests(aborted: 1), tally)
    case .timedOut: countUnanswered(event, UnansweredRequests(timedOut: 1), tally)
    case .unknown: countUnanswered(event, UnansweredRequests(unknown: 1), tally)
    case .inFlight: countUnsettledResponse(event, tally)
    }
  }

  /// Counts a request that ended without an outcome: a failure as well when the server reset it.
  private func countUnanswered(_ event: ExchangeEvent, _ unanswered: UnansweredRequests, _ tally: Tally) {
    tally.totals[0].unanswered.add(unanswered)
    countUnsettledResponse(event, tally)
    var counts = NameCounts()
    counts.unanswered = unanswered
    if case .failure = event.outcome {
      tally.totals[0].failures &+= 1
      counts.failures = 1
      counts.resets = 1
    }
    settle(event, counts, tally)
  }

  /// Counts the response, if there was one, of an exchange that ended without an outcome.
  private func countUnsettledResponse(_ event: ExchangeEvent, _ tally: Tally) {
    guard event.hasResponse else { return }
    tally.totals[0].responses &+= 1
    countStatus(event.status, tally)
  }

  @inline(__always)
  private func countRequest(_ event: ExchangeEvent, _ names: NameBuffer, _ tally: Tally) {
    tally.totals[0].requests &+= 1
    switch event.version {
    case .http11: break
    case .http10: tally.totals[0].http10 &+= 1
    case .http2: tally.totals[0].http2 &+= 1
    }
    tally.methods[Int(event.method.rawValue)] &+= 1
    if case .other = event.method { countCustomMethod(event.methodName, names, tally) }
    var owner: UInt64 = 0
    var credit = Credit()
    if event.site.count > 0 {
      let site = sites.count(
        names.bytes(start: Int(event.site.start), count: Int(event.site.count)), hash: event.site.hash)
      let generation = claim(site, of: sites, in: tally.sites)
      tally.sites.rows[site].counts.requests &+= 1
      if countsKinds {
        if let index = RequestKinds.index(of: event.method) { tally.sites.count(kind: index, slot: site) }
        if let index = RequestKinds.index(of: event.version) { tally.sites.count(kind: index, slot: site) }
      }
      credit.site = Place(slot: UInt32(truncatingIfNeeded: site), generation: generation)
      owner = UInt64(generation) &<< 32 | UInt64(credit.site.slot)
      if event.section.count > 0 {
        let section = sections.count(
          names.bytes(start: Int(event.section.start), count: Int(event.section.count)),
          hash: Self.mix(event.section.hash, owner), owner: owner)
        let generation = claim(section, of: sections, in: tally.sections)
        tally.sections.rows[section].counts.requests &+= 1
        credit.section = Place(slot: UInt32(truncatingIfNeeded: section), generation: generation)
        if watchesSections {
          countWatched(section: section, site: site, exchange: event.exchange?.offset, tally)
        }
      }
    } else {
      var counts = NameCounts()
      counts.requests = 1
      tally.sites.countOther(counts)
    }
    credit.client = countClient(event.client, names, tally)
    if let exchange = event.exchange?.offset, exchange < credits.count { credits[exchange] = credit }
    if case .http2 = event.version { countCall(event, owner, names, tally) }
  }

  /// Counts a request for its client, and returns the client's place.
  @inline(__always)
  private func countClient(_ client: NameRange, _ names: NameBuffer, _ tally: Tally) -> Place {
    guard client.count > 0 else {
      var counts = NameCounts()
      counts.requests = 1
      tally.clients.countOther(counts)
      return Place()
    }
    let slot = clients.count(
      names.bytes(start: Int(client.start), count: Int(client.count)), hash: client.hash)
    let generation = claim(slot, of: clients, in: tally.clients)
    tally.clients.rows[slot].counts.requests &+= 1
    return Place(slot: UInt32(truncatingIfNeeded: slot), generation: generation)
  }

  @inline(__always)
  private func countAnswer(_ event: ExchangeEvent, _ tally: Tally) {
    tally.totals[0].responses &+= 1
    tally.totals[0].exchanges &+= 1
    countStatus(event.status, tally)
    if event.call != .none { tally.totals[0].calls.count(event.call) }
    let isFailure = countOutcome(event.outcome, tally)
    tally.latency.record(event.latency)
    var counts = NameCounts()
    counts.failures = isFailure ? 1 : 0
    counts.successes = isFailure ? 0 : 1
    if let slot = settle(event, counts, tally) {
      tally.sites.record(event.latency, status: place(event.status), slot: slot)
    }
  }

  /// Counts the end of an exchange for its site and its client, or in `other` for those that have lost their slots;
  /// returns the site's slot.
  @inline(__always) @discardableResult
  private func settle(_ event: ExchangeEvent, _ counts: NameCounts, _ tally: Tally) -> Int? {
    if case .http2 = event.version { settleCall(event, counts, tally) }
    if let exchange = event.exchange?.offset, exchange < credits.count {
      let credit = credits[exchange]
      if watchesSections {
        let status = event.kind == .answered ? place(event.status) : nil
        settleWatched(exchange: exchange, counts, latency: event.latency, status: status, tally)
      }
      settleClient(credit.client, counts, event.latency, tally)
      if credit.section.generation != 0 { settleSection(credit.section, counts, event, tally) }
      let slot = Int(credit.site.slot)
      if claim(credit.site, of: sites, in: tally.sites) {
        tally.sites.add(counts, slot: slot)
        return slot
      }
    } else {
      tally.clients.countOther(counts)
    }
    tally.sites.countOther(counts)
    return nil
  }

  @inline(__always)
  private func settleClient(_ place: Place, _ counts: NameCounts, _ latency: UInt64, _ tally: Tally) {
    let slot = Int(place.slot)
    guard claim(place, of: clients, in: tally.clients) else { return tally.clients.countOther(counts) }
    tally.clients.add(counts, slot: slot)
    if latency > tally.clients.rows[slot].maximum { tally.clients.rows[slot].maximum = latency }
  }

  /// Counts the end of an exchange for its section, or in `other` for one that has lost its slot.
  @inline(__always)
  private func settleSection(_ place: Place, _ counts: NameCounts, _ event: ExchangeEvent, _ tally: Tally) {
    let slot = Int(place.slot)
    guard claim(place, of: sections, in: tally.sections) else { return tally.sections.countOther(counts) }
    tally.sections.add(counts, slot: slot)
    if event.kind == .answered { tally.sections.recordSparse(event.latency, slot: slot) }
  }

  /// The site that an exchange was counted for, as its sections know it; 0 when it has lost its slot.
  func site(of event: ExchangeEvent) -> UInt64 {
    guard let exchange = event.exchange?.offset, exchange < credits.count else { return 0 }
    let place = credits[exchange].site
    guard place.generation != 0 && sites.generation(Int(place.slot)) == place.generation else { return 0 }
    return UInt64(place.generation) &<< 32 | UInt64(place.slot)
  }

  /// Makes the slot's row of the tally the one of its occupant, and returns the occupant's generation.
  @inline(__always) @discardableResult
  func claim(_ slot: Int, of table: SpaceSaving, in rows: CounterRows) -> UInt32 {
    let occupant = table.occupant(slot)
    rows.claim(slot, generation: occupant.generation, owner: occupant.owner, error: occupant.error)
    return occupant.generation
  }

  /// Makes the slot's row the one of the occupant that this place is of; false when it has lost its slot.
  @inline(__always)
  private func claim(_ place: Place, of table: SpaceSaving, in rows: CounterRows) -> Bool {
    guard place.generation != 0 else { return false }
    let slot = Int(place.slot)
    // Who moves in claims the row at once: while the row is the occupant's, so is the slot, whose line is spared.
    if rows.rows[slot].generation == place.generation { return true }
    guard table.generation(slot) == place.generation else { return false }
    claim(slot, of: table, in: rows)
    return true
  }

  @inline(never)
  private func countCustomMethod(_ name: NameRange, _ names: NameBuffer, _ tally: Tally) {
    guard name.count > 0 else {
      var counts = NameCounts()
      counts.requests = 1
      tally.customMethods.countOther(counts)
      return
    }
    let slot = customMethods.count(
      names.bytes(start: Int(name.start), count: Int(name.count)), hash: name.hash)
    claim(slot, of: customMethods, in: tally.customMethods)
    tally.customMethods.rows[slot].counts.requests &+= 1
  }

  @inline(__always)
  private func countStatus(_ status: UInt16, _ tally: Tally) {
    // The parser lets three digits through; anything else is counted as none.
    tally.statuses[Int(status) < Tally.statusLimit ? Int(status) : 0] &+= 1
  }

  @inline(__always)
  func place(_ status: UInt16) -> Int {
    Int(statusPlaces[Int(status) < Tally.statusLimit ? Int(status) : 0])
  }

  /// Counts the outcome of a final response in the totals, and returns whether it is a failure.
  @inline(__always) @discardableResult
  private func countOutcome(_ outcome: ExchangeOutcome, _ tally: Tally) -> Bool {
    if case .failure = outcome {
      tally.totals[0].failures &+= 1
      return true
    }
    tally.totals[0].successes &+= 1
    return false
  }

  /// The hash of a name of a site: both words in, all bits out.
  @inline(__always)
  static func mix(_ hash: UInt64, _ owner: UInt64) -> UInt64 {
    let product = (hash ^ (owner &* 0x9e37_79b9_7f4a_7c15)).multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
    return product.high ^ product.low
  }
}
