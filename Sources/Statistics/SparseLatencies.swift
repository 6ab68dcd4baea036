// SPDX-License-Identifier: Apache-2.0

import System

/// Latencies of many rows in little memory: only the buckets in use take room, eight bytes each.
///
/// Rows share groups of 256 cells. A bucket's cell is found by probing from one that row and bucket give, and a row's
/// cells are chained, so that adding, reading and forgetting cost what is in use:
///
///     first cells of rows 1, 65, …   ┌───────┬───────┬ ─ ─
///                                    │   2   │   1   │
///                                    └───────┴───────┴ ─ ─
///     cells of the group             ┌─────────────────────┬─────────────────────┬ ─ ─
///                                    │ row 65 bucket count │ row 1  bucket count │
///                                    └─────────────────────┴─────────────────────┴ ─ ─
///
/// The buckets are the coarse ones. When seven eighths of a group are in use, its buckets become twice as wide, up to one
/// a doubling, instead of losing the rarest of them, which are those of the slowest answers; what finds no room even then
/// is left out. A quantile is off by at most 6.3 % of a group's full precision, and by 19, 32 or 57 % once its buckets
/// are wider. So no traffic makes it larger, and a row costs as much as its latencies differ.
struct SparseLatencies: ~Copyable {
  struct Cell: BitwiseCopyable {
    /// 0 for a free one; else row and bucket, and one more.
    var key: UInt16
    /// The next cell of its row, and one more; 0 after the last one.
    var next: UInt16
    /// 0 where its row was forgotten since; its key stays, so that probing finds what is after it.
    var count: UInt32
  }

  struct Group: BitwiseCopyable {
    /// Cells with a key.
    var used: UInt8
    /// Those of them whose row was forgotten.
    var forgotten: UInt8
    /// The number of times that the buckets have become twice as wide.
    var level: UInt16
  }

  static let groupSize = 256
  /// Rows that a group has at most, so that row and bucket fit in a key.
  static let rowsOfGroup = 64
  /// Cells of a group that are used at most, so that probing finds a free one soon.
  private static let room = 224
  /// One bucket a doubling.
  private static let widest: UInt16 = 3
  private static let bucketBits = 9

  private let cells: ZeroedStorage<Cell>
  private let groups: ZeroedStorage<Group>
  /// The first cell of each row, and one more; 0 for a row without any. A group's rows are neighbours.
  private let firsts: ZeroedStorage<UInt16>
  private let groupMask: Int
  private let groupShift: Int

  /// Room for this many buckets in use, a power of two and at least a group, of rows below `rows`, at most 64 a group;
  /// 0 cells for none at all.
  init(cells count: Int, rows: Int) throws(StatisticsError) {
    let cells = try ZeroedStorage<Cell>(count: count)
    let groups = try ZeroedStorage<Group>(count: count / Self.groupSize)
    let firsts = try ZeroedStorage<UInt16>(count: count / Self.groupSize * Self.rowsOfGroup)
    precondition(count == 0 || rows <= firsts.count)
    self.cells = cells
    self.groups = groups
    self.firsts = firsts
    groupMask = max(0, count / Self.groupSize - 1)
    groupShift = (groupMask + 1).trailingZeroBitCount
  }

  /// Whether there is room for any.
  var isKept: Bool { cells.count > 0 }

  /// Counts latencies of a bucket for a row; more than 2^32 - 1 halve the row: the shape stays.
  func add(_ count: UInt32, bucket: Int, row: Int) {
    guard isKept, count > 0 else { return }
    let group = row & groupMask
    while true {
      let key = Self.key(row &>> groupShift, bucket &>> Int(groups[group].level))
      let place = place(of: key, group)
      if cells[place].key == key, cells[place].count > 0 {
        if count > .max - cells[place].count { halve(row) }
        cells[place].count &+= count
        return
      }
      if cells[place].key == key {
        groups[group].forgotten &-= 1
        return chain(place, Cell(key: key, next: 0, count: count), row)
      }
      if groups[group].used < Self.room {
        groups[group].used &+= 1
        return chain(place, Cell(key: key, next: 0, count: count), row)
      }
      guard groups[group].forgotten > 0 || groups[group].level < Self.widest else { return }
      rebuild(group, widening: groups[group].forgotten == 0)
    }
  }

  /// Calls `body` with each bucket of a row and its count, which is not 0; a bucket may come more than once.
  @inline(__always)
  func forEach(_ row: Int, _ body: (_ bucket: Int, _ count: UInt64) -> Void) {
    guard isKept else { return }
    let group = row & groupMask
    var next = Int(firsts[first(row)])
    guard next > 0 else { return }
    let level = Int(groups[group].level)
    // The middle one of those that fell together.
    let middle = level > 0 ? 1 << (level - 1) : 0
    while next > 0 {
      let cell = cells[group &* Self.groupSize &+ next &- 1]
      let bucket = (Int(cell.key &- 1) & (1 << Self.bucketBits - 1)) << level + middle
      body(min(bucket, LatencyBuckets.coarse.count - 1), UInt64(cell.count))
      next = Int(cell.next)
    }
  }

  /// Forgets a row's latencies.
  func remove(_ row: Int) {
    guard isKept else { return }
    let group = row & groupMask
    forEachCell(row) { place in
      cells[place].count = 0
      groups[group].forgotten &+= 1
    }
    firsts[first(row)] = 0
    // A group that has become empty has its full precision again.
    if groups[group].used > 0, groups[group].forgotten == groups[group].used { clear(group) }
  }

  /// Forgets all.
  func clear() {
    for group in 0..<groups.count where groups[group].used > 0 { clear(group) }
  }

  private func clear(_ group: Int) {
    cells.clear(from: group * Self.groupSize, count: Self.groupSize)
    firsts.clear(from: group * Self.rowsOfGroup, count: Self.rowsOfGroup)
    groups[group] = Group(used: 0, forgotten: 0, level: 0)
  }

  private static func key(_ row: Int, _ bucket: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: row &<< bucketBits | bucket) &+ 1
  }

  /// Where a row's first cell is named.
  private func first(_ row: Int) -> Int { (row & groupMask) &* Self.rowsOfGroup &+ row &>> groupShift }

  /// Puts a row's new cell in its place and before the row's others.
  private func chain(_ place: Int, _ cell: Cell, _ row: Int) {
    cells[place] = cell
    cells[place].next = firsts[first(row)]
    firsts[first(row)] = UInt16(truncatingIfNeeded: place & (Self.groupSize - 1)) &+ 1
  }

  /// Calls `body` with the place of each cell of a row.
  private func forEachCell(_ row: Int, _ body: (Int) -> Void) {
    var next = Int(firsts[first(row)])
    while next > 0 {
      let place = (row & groupMask) &* Self.groupSize &+ next &- 1
      next = Int(cells[place].next)
      body(place)
    }
  }

  /// The cell with this key, or the free one where it belongs: there is one, as `room` is less than all.
  private func place(of key: UInt16, _ group: Int) -> Int {
    let first = group &* Self.groupSize
    // A row's neighbouring buckets are neighbours; rows begin apart.
    var offset = Int(key) &+ Int(key &>> UInt16(Self.bucketBits)) &* 37
    while true {
      let place = first &+ offset & (Self.groupSize - 1)
      if cells[place].key == 0 || cells[place].key == key { return place }
      offset &+= 1
    }
  }

  /// Puts the cells of a group in again without those of forgotten rows, in buckets that are twice as wide where that
  /// is asked for.
  @inline(never)
  private func rebuild(_ group: Int, widening: Bool) {
    let first = group * Self.groupSize
    var old = InlineArray<256, Cell>(repeating: Cell(key: 0, next: 0, count: 0))
    for index in old.indices { old[index] = cells[first + index] }
    let level = groups[group].level &+ (widening ? 1 : 0)
    clear(group)
    groups[group].level = level
    for index in old.indices where old[index].count > 0 {
      let code = Int(old[index].key - 1)
      let bucket = code & (1 << Self.bucketBits - 1), own = code >> Self.bucketBits
      let key = Self.key(own, widening ? bucket >> 1 : bucket)
      let place = place(of: key, group)
      if cells[place].key == 0 {
        groups[group].used &+= 1
        chain(place, Cell(key: key, next: 0, count: old[index].count), own << groupShift | group)
      } else {
        let sum = cells[place].count.addingReportingOverflow(old[index].count)
        cells[place].count = sum.overflow ? .max : sum.partialValue
      }
    }
  }

  private func halve(_ row: Int) {
    forEachCell(row) { cells[$0].count = max(1, cells[$0].count / 2) }
  }
}
