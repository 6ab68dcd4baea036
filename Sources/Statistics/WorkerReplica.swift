// SPDX-License-Identifier: Apache-2.0

import Exchanges
import System

/// The reporter's copy of one worker's tables: the names, the life's rows and the interval's rows, and,
/// where they are kept, those since somebody last took them.
final class WorkerReplica {
  /// Names and rows of one table.
  final class Table {
    let life: CounterRows
    let interval: CounterRows
    let recent: CounterRows?
    /// The sum of a window's slices while a snapshot is made of it; nil where no windows are kept.
    let window: CounterRows?
    /// The occupant of each slot that `names` has, which a window's row must be of.
    private let generations: ZeroedStorage<UInt32>
    private let names: ZeroedStorage<UInt8>
    private let lengths: ZeroedStorage<UInt32>
    /// Bytes that a name has room for.
    private let width: Int

    /// - Parameters:
    ///   - sparseCells: room for latencies of rows without buckets of their own; the life has twice as much.
    ///   - width: bytes of the longest name.
    ///   - recentLatency: whether the recent rows have latencies, where the others do.
    ///   - recentKinds: whether they have requests by method and version.
    init(
      capacity: Int, latency: Bool, sparseCells: Int = 0, width: Int = SpaceSaving.nameWidth,
      keepsWindows: Bool, keepsRecent: Bool = false, recentLatency: Bool = true, recentKinds: Bool = false
    ) throws(StatisticsError) {
      self.width = width
      life = try CounterRows(capacity: capacity, latency: latency, sparseCells: 2 * sparseCells)
      interval = try CounterRows(capacity: capacity, latency: latency, sparseCells: sparseCells)
      recent =
        keepsRecent
        ? try CounterRows(capacity: capacity, latency: latency && recentLatency, kinds: recentKinds) : nil
      window =
        keepsWindows
        ? try CounterRows(capacity: capacity, latency: latency, sparseCells: sparseCells) : nil
      generations = try ZeroedStorage(count: keepsWindows ? capacity : 0)
      names = try ZeroedStorage(count: capacity * width)
      lengths = try ZeroedStorage(count: capacity)
    }

    /// Adds a tally's rows to the interval and to the life.
    func merge(_ rows: CounterRows, of tally: Tally) {
      for position in 0..<rows.count {
        let slot = rows.slot(at: position)
        let row = rows.rows[slot]
        if row.nameLength > 0 {
          tally.copyName(row, to: names, at: slot * width)
          lengths[slot] = row.nameLength
        }
        if window != nil { generations[slot] = row.generation }
        life.merge(slot, of: rows)
        interval.merge(slot, of: rows)
        recent?.merge(slot, of: rows)
      }
      life.addOther(rows.other)
      interval.addOther(rows.other)
      recent?.addOther(rows.other)
    }

    /// Adds a slice to the window's rows; what was of an earlier occupant of its slot has no name any more.
    func addToWindow(_ slice: SliceTable) {
      guard let window else { return }
      window.addOther(slice.other)
      for row in slice.rows {
        if isOccupant(row) {
          window.add(row)
        } else {
          window.countOther(row.counts, names: 1)
        }
      }
    }

    /// Whether a slice's row is of its slot's present occupant.
    func isOccupant(_ row: SliceTable.Row) -> Bool { generations[Int(row.slot)] == row.generation }

    /// The name of the slot's present occupant.
    func name(_ slot: Int) -> String {
      names.text(from: slot * width, count: Int(lengths[slot]))
    }

    /// The address that is the name of the slot's present occupant, in the table of clients.
    func address(_ slot: Int) -> ClientAddress {
      ClientAddress(high: number(slot, 0), low: number(slot, 8))
    }

    /// The owner that is the name of the slot's present occupant, in the table of sites' owners.
    func owner(_ slot: Int) -> OwnerReference { OwnerReference(number: number(slot, 0)) }

    private func number(_ slot: Int, _ first: Int) -> UInt64 {
      let start = slot * width + first
      return (start..<start + 8).reduce(0) { $0 << 8 | UInt64(names[$1]) }
    }

    func rows(_ scope: Scope) -> CounterRows {
      switch scope {
      case .life: life
      case .interval: interval
      // Without windows nobody asks for one.
      case .window: window ?? interval
      }
    }
  }

  /// The table whose rows are meant.
  enum Scope { case interval, life, window }

  let sites: Table
  let sections: Table
  let clients: Table
  let methods: Table
  /// The owners of both ends; their rows have no names.
  let servingOwners: Table
  let askingOwners: Table
  let calls: Table
  /// Pairs of site and owner; the owner is the name.
  let siteOwners: Table
  /// The requests that wait, as the worker reported last.
  let ownersInFlight: OwnersInFlight
  /// What the open interval brought to the watched sections.
  let watchedSections: CounterRows

  /// - Parameter keepsWindows: whether rows are available for `Timeline.window`.
  init(
    _ budgets: StatisticsBudgets, keepsRecent: Bool, keepsWindows: Bool
  ) throws(StatisticsError) {
    func table(
      _ capacity: Int, latency: Bool, sparseCells: Int = 0, width: Int = SpaceSaving.nameWidth
    ) throws(StatisticsError) -> Table {
      try Table(
        capacity: capacity, latency: latency, sparseCells: sparseCells, width: width,
        keepsWindows: keepsWindows)
    }
    sites = try Table(
      capacity: budgets.sites, latency: true, keepsWindows: keepsWindows, keepsRecent: keepsRecent,
      recentKinds: true)
    sections = try table(budgets.sections, latency: false, sparseCells: budgets.sectionCells)
    clients = try table(budgets.clients, latency: false, width: SpaceSaving.addressWidth)
    methods = try table(budgets.methods, latency: false)
    servingOwners = try Table(
      capacity: OwnerReference.places, latency: true, keepsWindows: keepsWindows, keepsRecent: keepsRecent)
    askingOwners = try Table(
      capacity: OwnerReference.places, latency: true, keepsWindows: keepsWindows, keepsRecent: keepsRecent,
      recentLatency: false)
    calls = try table(budgets.calls, latency: true)
    siteOwners = try table(budgets.siteOwners, latency: false, width: SpaceSaving.numberWidth)
    ownersInFlight = try OwnersInFlight()
    watchedSections = try CounterRows(capacity: WatchedSection.limit, latency: true)
  }

  /// All tables; `sliceLimits` and a tally's rows are in the same order.
  var tables: [Table] {
    [sites, sections, clients, methods, servingOwners, askingOwners, calls, siteOwners]
  }

  /// The number of rows of each table that a slice of time keeps.
  static let sliceLimits: [Int] =
    [
      SliceTable.Limit.sites, SliceTable.Limit.sections, SliceTable.Limit.clients,
    ] + Array(repeating: SliceTable.Limit.others, count: 5)

  func merge(_ tally: Tally) {
    for (table, rows) in zip(tables, tally.tables) { table.merge(rows, of: tally) }
    ownersInFlight.copy(from: tally.ownersInFlight)
    for position in 0..<tally.watchedSections.count {
      watchedSections.merge(tally.watchedSections.slot(at: position), of: tally.watchedSections)
    }
  }

  func clearLife() { for table in tables { table.life.clear() } }

  func clearInterval() {
    for table in tables { table.interval.clear() }
    watchedSections.clear()
  }

  /// Adds what this worker has counted in a slice.
  func addToWindow(_ slice: WorkerSlice) {
    for (table, part) in zip(tables, slice.tables) { table.addToWindow(part) }
  }

  func clearWindow() { for table in tables { table.window?.clear() } }
}
