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
    private let names: ZeroedStorage<UInt8>
    private let lengths: ZeroedStorage<UInt32>

    /// - Parameter recentLatency: whether the recent rows have latencies, where the others do.
    init(
      capacity: Int, latency: Bool, keepsRecent: Bool = false, recentLatency: Bool = true
    ) throws(StatisticsError) {
      life = try CounterRows(capacity: capacity, latency: latency)
      interval = try CounterRows(capacity: capacity, latency: latency)
      recent = keepsRecent ? try CounterRows(capacity: capacity, latency: latency && recentLatency) : nil
      names = try ZeroedStorage(count: capacity * SpaceSaving.nameWidth)
      lengths = try ZeroedStorage(count: capacity)
    }

    /// Adds a tally's rows to the interval and to the life.
    func merge(_ rows: CounterRows, of tally: Tally) {
      for position in 0..<rows.count {
        let slot = rows.slot(at: position)
        let row = rows.rows[slot]
        if row.nameLength > 0 {
          tally.copyName(row, to: names, at: slot * SpaceSaving.nameWidth)
          lengths[slot] = row.nameLength
        }
        life.merge(slot, of: rows)
        interval.merge(slot, of: rows)
        recent?.merge(slot, of: rows)
      }
      life.addOther(rows.other)
      interval.addOther(rows.other)
      recent?.addOther(rows.other)
    }

    /// The name of the slot's present occupant.
    func name(_ slot: Int) -> String {
      let start = slot * SpaceSaving.nameWidth
      return String(decoding: (start..<start + Int(lengths[slot])).map { names[$0] }, as: UTF8.self)
    }

    /// The address that is the name of the slot's present occupant, in the table of clients.
    func address(_ slot: Int) -> ClientAddress {
      let start = slot * SpaceSaving.nameWidth
      func word(_ first: Int) -> UInt64 {
        (first..<first + 8).reduce(0) { $0 << 8 | UInt64(names[start + $1]) }
      }
      return ClientAddress(high: word(0), low: word(8))
    }

    func rows(_ scope: Scope) -> CounterRows { scope == .life ? life : interval }
  }

  /// Which rows are meant.
  enum Scope { case interval, life }

  let sites: Table
  let sections: Table
  let clients: Table
  let methods: Table
  /// The owners of both ends; their rows have no names.
  let servingOwners: Table
  let askingOwners: Table
  let calls: Table

  init(_ budgets: StatisticsBudgets, keepsRecent: Bool) throws(StatisticsError) {
    sites = try Table(capacity: budgets.sites, latency: true, keepsRecent: keepsRecent)
    sections = try Table(capacity: budgets.sections, latency: false)
    clients = try Table(capacity: budgets.clients, latency: false)
    methods = try Table(capacity: budgets.methods, latency: false)
    servingOwners = try Table(capacity: OwnerReference.places, latency: true, keepsRecent: keepsRecent)
    askingOwners = try Table(
      capacity: OwnerReference.places, latency: true, keepsRecent: keepsRecent, recentLatency: false)
    calls = try Table(capacity: budgets.calls, latency: true)
  }

  func merge(_ tally: Tally) {
    sites.merge(tally.sites, of: tally)
    sections.merge(tally.sections, of: tally)
    clients.merge(tally.clients, of: tally)
    methods.merge(tally.customMethods, of: tally)
    servingOwners.merge(tally.servingOwners, of: tally)
    askingOwners.merge(tally.askingOwners, of: tally)
    calls.merge(tally.calls, of: tally)
  }

  func clearLife() {
    sites.life.clear()
    sections.life.clear()
    clients.life.clear()
    methods.life.clear()
    servingOwners.life.clear()
    askingOwners.life.clear()
    calls.life.clear()
  }

  func clearInterval() {
    sites.interval.clear()
    sections.interval.clear()
    clients.interval.clear()
    methods.interval.clear()
    servingOwners.interval.clear()
    askingOwners.interval.clear()
    calls.interval.clear()
  }
}
