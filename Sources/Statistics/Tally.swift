// SPDX-License-Identifier: Apache-2.0

import System
import Exchanges
import HTTP1

/// The counts of one worker since its last double buffer: plain numbers, all memory reserved at start.
///
/// A tally has one owner at a time: the worker that adds to it, or the reporter that reads and clears
/// it. `TallyExchange` moves it between them.
final class Tally {
  /// Statuses are below this; 0 stands for none.
  static let statusLimit = 1000

  /// The time that it counts, and what the worker's tracker had counted at its end.
  struct Period {
    /// The time when the worker's time began, nanoseconds since 1970.
    var start: UInt64 = 0
    /// Whether it has begun.
    var hasBegun = false
    /// The first tick counted.
    var firstTick: UInt64 = 0
    /// The first tick that is not in it.
    var endTick: UInt64 = 0
    /// The worker's ledger since its start.
    var ledger = ExchangeCounters()
    /// The time when the request was read that the worker had waited for longest, nanoseconds since 1970; 0 when none waited.
    var oldestInFlight: UInt64 = 0
  }

  var period = Period()
  // One element, in storage so that the hot path needs no exclusivity check.
  let totals: ZeroedStorage<TrafficTotals>
  /// Requests by `Method.rawValue`; those of `.other` are in `customMethods`.
  let methods: ZeroedStorage<UInt64>
  let statuses: ZeroedStorage<UInt64>
  let latency: LatencyHistogram
  let sites: CounterRows
  let sections: CounterRows
  let clients: CounterRows
  let customMethods: CounterRows
  /// Exchanges by `OwnerReference.place` of who served, and of who asked.
  let servingOwners: CounterRows
  let askingOwners: CounterRows
  /// Exchanges by pairs of site and owner that served; the owners are the rows' names, as `OwnerReference.number`.
  let siteOwners: CounterRows
  /// The requests that wait, at the last tick's end.
  let ownersInFlight: OwnersInFlight
  /// gRPC's methods, whose statuses are by `CallMark.rawValue`.
  let calls: CounterRows
  /// Exchanges by the number of a watched section; its rows have no names.
  let watchedSections: CounterRows
  /// Names that the reporter does not know yet, one behind the other.
  private let names: ZeroedStorage<UInt8>
  private let namesUsed: ZeroedStorage<Int>

  /// A tally for tables of these capacities.
  init(_ budgets: StatisticsBudgets) throws(StatisticsError) {
    totals = try ZeroedStorage(count: 1)
    self.methods = try ZeroedStorage(count: Method.allCases.count)
    statuses = try ZeroedStorage(count: Self.statusLimit)
    latency = try LatencyHistogram()
    self.sites = try CounterRows(capacity: budgets.sites, latency: true, kinds: budgets.countsKinds)
    self.sections = try CounterRows(
      capacity: budgets.sections, latency: false, sparseCells: budgets.sectionCells)
    clients = try CounterRows(capacity: budgets.clients, latency: false)
    customMethods = try CounterRows(capacity: budgets.methods, latency: false)
    servingOwners = try CounterRows(capacity: OwnerReference.places, latency: true)
    askingOwners = try CounterRows(capacity: OwnerReference.places, latency: true)
    calls = try CounterRows(capacity: budgets.calls, latency: true)
    siteOwners = try CounterRows(capacity: budgets.siteOwners, latency: false)
    ownersInFlight = try OwnersInFlight()
    watchedSections = try CounterRows(capacity: WatchedSection.limit, latency: true)
    // Room for the longest name of every slot; only what is used becomes resident.
    let slots = budgets.sites + budgets.sections + budgets.methods + budgets.calls
    names = try ZeroedStorage(
      count: slots * SpaceSaving.nameWidth + budgets.clients * SpaceSaving.addressWidth
        + budgets.siteOwners * SpaceSaving.numberWidth)
    namesUsed = try ZeroedStorage(count: 1)
  }

  /// Attaches the occupant's name to the slot's row of `rows`; once per slot and double buffer.
  func announce(_ slot: Int, of table: SpaceSaving, in rows: CounterRows) {
    let start = namesUsed[0]
    let length = table.copyName(slot, to: names, at: start)
    rows.rows[slot].nameStart = UInt32(start)
    rows.rows[slot].nameLength = UInt32(length)
    namesUsed[0] = start + length
  }

  /// Copies the name attached to a row to `start` of the receiver's names.
  func copyName(_ row: CounterRows.Row, to target: borrowing ZeroedStorage<UInt8>, at start: Int) {
    target.copy(names, from: Int(row.nameStart), count: Int(row.nameLength), to: start)
  }

  /// All rows, in the order of `WorkerReplica.tables`.
  var tables: [CounterRows] {
    [sites, sections, clients, customMethods, servingOwners, askingOwners, calls, siteOwners]
  }

  /// Empties it for its next use.
  func clear() {
    if totals[0] != TrafficTotals() {
      methods.clear(from: 0, count: methods.count)
      statuses.clear(from: 0, count: statuses.count)
      latency.clear()
      totals[0] = TrafficTotals()
    }
    sites.clear()
    sections.clear()
    clients.clear()
    customMethods.clear()
    servingOwners.clear()
    askingOwners.clear()
    calls.clear()
    siteOwners.clear()
    ownersInFlight.clear()
    watchedSections.clear()
    namesUsed[0] = 0
    period = Period()
  }
}
