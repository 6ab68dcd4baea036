// SPDX-License-Identifier: Apache-2.0

import System

/// The counts of a table in a slice of time: its busiest rows, and the sum of the others.
///
/// A row is known by slot and generation, as in the table that it is from: it has no name of its own.
package struct SliceTable {
  /// What was counted for one occupant.
  struct Row {
    var slot: UInt32
    var generation: UInt32
    /// The key's owner, as in `SpaceSaving.Occupant`.
    var owner: UInt64
    var counts: NameCounts
    /// The longest latency, nanoseconds.
    var maximum: UInt64
    /// Latencies and statuses, as `CounterRows.packed` has them.
    var values: [UInt32] = []

    var key: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
    /// What decides who keeps a row: what fails is looked for first.
    var weight: UInt64 { counts.requests &+ counts.failures &+ counts.unanswered.count }

    mutating func add(_ row: Row) {
      counts.add(row.counts)
      maximum = max(maximum, row.maximum)
      values += row.values
    }
  }

  /// The number of rows that a slice keeps of each table.
  package enum Limit {
    static let sites = 128
    static let sections = 128
    static let clients = 64
    /// Of methods, of gRPC's methods, of owners of each side, and of those of sites.
    static let others = 32
    /// All of them, in this order.
    package static let all = [sites, sections, clients, others]
  }

  private(set) var rows: [Row] = []
  private(set) var other = OtherCounts()

  /// What a tally has counted: at most `limit` of its rows.
  init(_ counted: CounterRows, limit: Int) {
    other = counted.other
    let slots = (0..<counted.count).map { counted.slot(at: $0) }
    rows = slots.map { slot in
      let row = counted.rows[slot]
      return Row(
        slot: UInt32(slot), generation: row.generation, owner: row.owner, counts: row.counts,
        maximum: row.maximum)
    }
    shorten(to: limit)
    for index in rows.indices where rows[index].counts.answered > 0 {
      rows[index].values = counted.packed(Int(rows[index].slot))
    }
  }

  /// The sum of these, which follow each other in time.
  init(_ parts: [SliceTable], limit: Int) {
    var places: [UInt64: Int] = [:]
    for part in parts {
      other.names &+= part.other.names
      other.counts.add(part.other.counts)
      for row in part.rows {
        if let place = places[row.key] {
          rows[place].add(row)
        } else {
          places[row.key] = rows.count
          rows.append(row)
        }
      }
    }
    shorten(to: limit)
    for index in rows.indices { rows[index].values = PackedCounts.merged(rows[index].values) }
  }

  /// Keeps the busiest rows.
  private mutating func shorten(to limit: Int) {
    guard rows.count > limit else { return }
    rows.sort { ($1.weight, $0.slot) < ($0.weight, $1.slot) }
    for row in rows[limit...] {
      other.names &+= 1
      other.counts.add(row.counts)
    }
    rows = Array(rows[..<limit])
  }
}
