// SPDX-License-Identifier: Apache-2.0

import System

/// Latencies of many rows in little memory: only the buckets in use take room, eight bytes each.
///
/// Rows share groups of 256 cells, a row's cells are found by probing from one that row and bucket give:
///
///     group of rows 1, 65, 129, …   ┌──────────────┬───────┬──────────────┬ ─ ─
///                                   │ row │ bucket │ count │ row │ bucket │
///                                   └──────────────┴───────┴──────────────┴ ─ ─
///
/// The buckets are the coarse ones. When seven eighths of a group are in use, its buckets become twice as wide, up to one
/// a doubling, instead of losing the rarest of them, which are those of the slowest answers; what finds no room even then
/// is left out. A quantile is off by at most 6.3 % of a group's full precision, and by 19, 32 or 57 % once its buckets
/// are wider. So no traffic makes it larger, and a row costs as much as its latencies differ.
struct SparseLatencies: ~Copyable {
  struct Cell: BitwiseCopyable {
    /// 0 for a free one; else row and bucket, and one more.
    var key: UInt32
    var count: UInt32
  }

  struct Group: BitwiseCopyable {
    /// Cells in use.
    var used: UInt16
    /// How often the buckets have become twice as wide.
    var level: UInt16
  }

  static let groupSize = 256
  /// Cells of a group that are used at most, so that probing finds a free one soon.
  private static let room = 224
  /// One bucket a doubling.
  private static let widest: UInt16 = 3
  private static let bucketBits = 9

  private let cells: ZeroedStorage<Cell>
  private let groups: ZeroedStorage<Group>
  private let groupMask: Int
  private let groupShift: Int

  /// Room for this many buckets in use, a power of two and at least a group; 0 for none at all.
  init(cells count: Int) throws(StatisticsError) {
    let cells = try ZeroedStorage<Cell>(count: count)
    let groups = try ZeroedStorage<Group>(count: count / Self.groupSize)
    self.cells = cells
    self.groups = groups
    groupMask = max(0, count / Self.groupSize - 1)
    groupShift = (groupMask + 1).trailingZeroBitCount
  }

  /// Whether there is room for any.
  var isKept: Bool { cells.count > 0 }

  /// Counts latencies of a bucket for a row; more than 2^32 - 1 halve the row: the shape stays.
  func add(_ count: UInt32, bucket: Int, row: Int) {
    guard isKept else { return }
    let group = row & groupMask
    while true {
      let key = Self.key(row &>> groupShift, bucket &>> Int(groups[group].level))
      let place = place(of: key, group)
      if cells[place].key == key {
        if count > .max - cells[place].count { halve(row) }
        cells[place].count &+= count
        return
      }
      if groups[group].used < Self.room {
        cells[place] = Cell(key: key, count: count)
        groups[group].used &+= 1
        return
      }
      guard groups[group].level < Self.widest else { return }
      rebuild(group, widening: true) { _ in true }
    }
  }

  /// Calls `body` with each bucket of a row and its count, which is not 0; a bucket may come more than once.
  func forEach(_ row: Int, _ body: (_ bucket: Int, _ count: UInt64) -> Void) {
    guard isKept else { return }
    let group = row & groupMask
    guard groups[group].used > 0 else { return }
    let own = UInt32(row &>> groupShift), level = Int(groups[group].level)
    // The middle one of those that fell together.
    let middle = level > 0 ? 1 << (level - 1) : 0
    for place in group * Self.groupSize..<(group + 1) * Self.groupSize {
      let cell = cells[place]
      guard cell.key > 0, (cell.key - 1) >> UInt32(Self.bucketBits) == own else { continue }
      let bucket = Int((cell.key - 1) & (1 << UInt32(Self.bucketBits) - 1)) << level + middle
      body(min(bucket, LatencyBuckets.coarse.count - 1), UInt64(cell.count))
    }
  }

  /// Forgets a row's latencies.
  func remove(_ row: Int) {
    guard isKept, groups[row & groupMask].used > 0 else { return }
    let own = UInt32(row &>> groupShift)
    rebuild(row & groupMask, widening: false) { $0 >> UInt32(Self.bucketBits) != own }
  }

  /// Forgets all.
  func clear() {
    for group in 0..<groups.count where groups[group].used > 0 { clear(group) }
  }

  private func clear(_ group: Int) {
    cells.clear(from: group * Self.groupSize, count: Self.groupSize)
    groups[group] = Group(used: 0, level: 0)
  }

  private static func key(_ row: Int, _ bucket: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: row &<< bucketBits | bucket) &+ 1
  }

  /// The cell with this key, or the free one where it belongs: there is one, as `room` is less than all.
  private func place(of key: UInt32, _ group: Int) -> Int {
    let first = group &* Self.groupSize
    // A row's neighbouring buckets are neighbours; rows begin apart.
    var offset = Int(key &+ (key &>> UInt32(Self.bucketBits)) &* 37)
    while true {
      let place = first &+ offset & (Self.groupSize - 1)
      if cells[place].key == 0 || cells[place].key == key { return place }
      offset &+= 1
    }
  }

  /// Puts the cells of a group in again: those that `keeps` wants, by row and bucket, in buckets that are twice as wide
  /// where that is asked for.
  @inline(never)
  private func rebuild(_ group: Int, widening: Bool, _ keeps: (UInt32) -> Bool) {
    let first = group * Self.groupSize
    var old = InlineArray<256, Cell>(repeating: Cell(key: 0, count: 0))
    for index in old.indices { old[index] = cells[first + index] }
    let level = groups[group].level &+ (widening ? 1 : 0)
    clear(group)
    for index in old.indices where old[index].key > 0 && keeps(old[index].key - 1) {
      let code = Int(old[index].key - 1)
      let bucket = code & (1 << Self.bucketBits - 1)
      let key = Self.key(code >> Self.bucketBits, widening ? bucket >> 1 : bucket)
      let place = place(of: key, group)
      if cells[place].key == 0 { groups[group].used &+= 1 }
      let sum = cells[place].count.addingReportingOverflow(old[index].count)
      cells[place] = Cell(key: key, count: sum.overflow ? .max : sum.partialValue)
    }
    // A group that has become empty has its full precision again.
    if groups[group].used > 0 { groups[group].level = level }
  }

  private func halve(_ row: Int) {
    let group = row & groupMask, own = UInt32(row &>> groupShift)
    for place in group * Self.groupSize..<(group + 1) * Self.groupSize
    where cells[place].key > 0 && (cells[place].key - 1) >> UInt32(Self.bucketBits) == own {
      cells[place].count /= 2
    }
  }
}
