// SPDX-License-Identifier: Apache-2.0

import System

/// Counts for the slots of a `SpaceSaving` table: one row a slot, and a list of the rows in use.
///
/// A row belongs to one occupant of its slot. When a later occupant needs it, what it held is folded into
/// `other`: the sum over the rows and `other` is always exact. Clearing costs what was touched.
final class CounterRows {
  /// The counts of one occupant. What a successful exchange takes is the first 32 bytes, which are in one cache
  /// line, as a row takes 96.
  struct Row: BitwiseCopyable {
    /// The occupant; 0 is a row not in use.
    var generation: UInt32
    /// The name's place in a tally's announcements; 0 bytes when the receiver knows it already.
    var nameLength: UInt32
    /// The longest latency, nanoseconds.
    var maximum: UInt64
    /// Requests and successes come first in them.
    var counts: NameCounts
    /// The key's owner, as in `SpaceSaving.Occupant`.
    var owner: UInt64
    /// The occupant's inherited count.
    var error: UInt64
    var nameStart: UInt32
  }

  let capacity: Int
  let rows: ZeroedStorage<Row>
  private let buckets = LatencyBuckets.coarse
  private let hasLatency: Bool
  // A bucket that would overflow halves its row: the shape stays, old latencies weigh less.
  private let latencies: ZeroedStorage<UInt32>
  /// Statuses by `StatusPlaces`, where latencies are; both are counted together.
  private let statuses: ZeroedStorage<UInt64>
  /// Latencies of rows that have neither; no cells where nobody wants them.
  let sparse: SparseLatencies
  /// Requests by `RequestKinds`, where they are counted.
  private let requestKinds: ZeroedStorage<UInt64>
  private let hasKinds: Bool
  private let touched: ZeroedStorage<UInt32>
  private let touchedCount: ZeroedStorage<Int>
  private let others: ZeroedStorage<OtherCounts>

  /// - Parameters:
  ///   - latency: whether latencies and statuses are counted.
  ///   - sparseCells: room for latencies of rows that have no buckets of their own.
  ///   - kinds: whether requests are counted by method and version.
  init(
    capacity: Int, latency: Bool, sparseCells: Int = 0, kinds: Bool = false
  ) throws(StatisticsError) {
    self.capacity = capacity
    sparse = try SparseLatencies(cells: sparseCells, rows: capacity)
    hasKinds = kinds
    requestKinds = try ZeroedStorage(count: kinds ? capacity * RequestKinds.counters : 0)
    hasLatency = latency
    rows = try ZeroedStorage(count: capacity)
    latencies = try ZeroedStorage(count: latency ? capacity * buckets.count : 0)
    statuses = try ZeroedStorage(count: latency ? capacity * StatusPlaces.count : 0)
    touched = try ZeroedStorage(count: capacity)
    touchedCount = try ZeroedStorage(count: 1)
    others = try ZeroedStorage(count: 1)
  }

  /// Rows in use.
  var count: Int { touchedCount[0] }

  /// The slot of the row that came into use as number `position`.
  func slot(at position: Int) -> Int { Int(touched[position]) }

  /// What had no row, or has one no more.
  var other: OtherCounts { others[0] }

  /// Counts something in `other`.
  @inline(__always)
  func countOther(_ counts: NameCounts, names: UInt64 = 0) {
    others[0].names &+= names
    others[0].counts.add(counts)
  }

  /// Adds `other` of another set.
  func addOther(_ more: OtherCounts) { countOther(more.counts, names: more.names) }

  /// Makes the slot's row the one of `generation`.
  @inline(__always)
  func claim(_ slot: Int, generation: UInt32, owner: UInt64, error: UInt64) {
    if rows[slot].generation != generation {
      reclaim(slot, generation: generation, owner: owner, error: error)
    }
  }

  @inline(never)
  private func reclaim(_ slot: Int, generation: UInt32, owner: UInt64, error: UInt64) {
    if rows[slot].generation == 0 {
      // A slot is listed when its row comes into use and stays so until `clear`.
      touched[touchedCount[0]] = UInt32(slot)
      touchedCount[0] += 1
    } else {
      countOther(rows[slot].counts, names: 1)
      if rows[slot].counts.answered > 0 { sparse.remove(slot) }
      clearLatencies(slot)
      clearKinds(slot)
    }
    rows[slot] = Row(
      generation: generation, nameLength: 0, maximum: 0, counts: NameCounts(), owner: owner, error: error,
      nameStart: 0)
  }

  /// Adds what an exchange comes to, for a row in use.
  @inline(__always)
  func add(_ counts: NameCounts, slot: Int) {
    if counts.isSuccess {
      rows[slot].counts.requests &+= counts.requests
      rows[slot].counts.successes &+= counts.successes
    } else {
      rows[slot].counts.add(counts)
    }
  }

  /// Counts a latency in nanoseconds and the place of a status for a row in use.
  @inline(__always)
  func record(_ nanoseconds: UInt64, status place: Int, slot: Int) {
    statuses[slot &* StatusPlaces.count &+ place] &+= 1
    latencies[slot &* buckets.count &+ buckets.index(nanoseconds)] &+= 1
    if nanoseconds > rows[slot].maximum { rows[slot].maximum = nanoseconds }
  }

  /// Counts a latency in nanoseconds for a row in use that has no buckets of its own.
  @inline(__always)
  func recordSparse(_ nanoseconds: UInt64, slot: Int) {
    sparse.add(1, bucket: buckets.index(nanoseconds), row: slot)
    if nanoseconds > rows[slot].maximum { rows[slot].maximum = nanoseconds }
  }

  /// Counts a request by a place of `RequestKinds`, for a row in use.
  @inline(__always)
  func count(kind index: Int, slot: Int) { requestKinds[slot &* RequestKinds.counters &+ index] &+= 1 }

  /// Adds a row of another set, for the same occupant of the same slot or a later one.
  func merge(_ slot: Int, of other: CounterRows) {
    let row = other.rows[slot]
    claim(slot, generation: row.generation, owner: row.owner, error: row.error)
    rows[slot].counts.add(row.counts)
    rows[slot].maximum = max(rows[slot].maximum, row.maximum)
    if hasKinds, other.hasKinds, row.counts.requests > 0 {
      let place = slot * RequestKinds.counters
      for index in place..<place + RequestKinds.counters { requestKinds[index] &+= other.requestKinds[index] }
    }
    guard row.counts.answered > 0 else { return }
    other.sparse.forEach(slot) { bucket, count in
      sparse.add(UInt32(truncatingIfNeeded: count), bucket: bucket, row: slot)
    }
    guard hasLatency, other.hasLatency else { return }
    other.latencies.forEachUsed(from: slot * buckets.count, count: buckets.count) { index in
      let more = other.latencies[index]
      if more > .max - latencies[index] { halveLatencies(slot) }
      latencies[index] &+= more
    }
    other.statuses.forEachUsed(from: slot * StatusPlaces.count, count: StatusPlaces.count) { index in
      statuses[index] &+= other.statuses[index]
    }
  }

  /// A row's latencies by bucket, then its statuses by place, as `PackedCounts`.
  func packed(_ slot: Int) -> [UInt32] {
    var words: [UInt32] = []
    sparse.forEach(slot) { PackedCounts.append($1, of: $0, to: &words) }
    guard hasLatency else { return words }
    for index in 0..<buckets.count {
      PackedCounts.append(UInt64(latencies[slot * buckets.count + index]), of: index, to: &words)
    }
    for place in 0..<StatusPlaces.count {
      let count = statuses[slot * StatusPlaces.count + place]
      PackedCounts.append(count, of: buckets.count + place, to: &words)
    }
    return words
  }

  /// What these rows hold together by code: latencies and statuses.
  static func detail(_ parts: some Sequence<(rows: CounterRows, slot: Int)>) -> CodeCounts {
    CodeCounts(
      packed: parts.flatMap { part in
        part.rows.rows[part.slot].counts.answered > 0 ? part.rows.packed(part.slot) : []
      })
  }

  /// Adds a row of a slice, for the slot's occupant that it is of.
  func add(_ row: SliceTable.Row) {
    let slot = Int(row.slot)
    claim(slot, generation: row.generation, owner: row.owner, error: 0)
    rows[slot].counts.add(row.counts)
    rows[slot].maximum = max(rows[slot].maximum, row.maximum)
    for word in row.values where sparse.isKept {
      let (bucket, count) = PackedCounts.unpack(word)
      sparse.add(UInt32(truncatingIfNeeded: count), bucket: bucket, row: slot)
    }
    guard hasLatency else { return }
    for word in row.values {
      let (code, count) = PackedCounts.unpack(word)
      if code < buckets.count {
        if UInt32(count) > .max - latencies[slot * buckets.count + code] { halveLatencies(slot) }
        latencies[slot * buckets.count + code] &+= UInt32(count)
      } else {
        statuses[slot * StatusPlaces.count + code - buckets.count] &+= count
      }
    }
  }

  /// What the row's latencies tell, together with rows of other sets.
  static func latency(_ parts: some Sequence<(rows: CounterRows, slot: Int)>) -> LatencySummary {
    var sums = LatencySums()
    var count: UInt64 = 0
    var maximum: UInt64 = 0
    for (rows, slot) in parts where rows.hasLatency || rows.sparse.isKept {
      count &+= rows.rows[slot].counts.answered
      maximum = max(maximum, rows.rows[slot].maximum)
      rows.sparse.forEach(slot) { sums.add($1, bucket: $0) }
      guard rows.hasLatency, rows.rows[slot].counts.answered > 0 else { continue }
      let first = slot * LatencyBuckets.coarse.count
      rows.latencies.forEachUsed(from: first, count: LatencyBuckets.coarse.count) {
        sums.add(UInt64(rows.latencies[$0]), bucket: $0 - first)
      }
    }
    return sums.summary(count: count, maximum: maximum)
  }

  /// The row's latencies in the few buckets.
  func distribution(_ slot: Int) -> LatencyDistribution {
    guard hasLatency else { return LatencyDistribution() }
    return buckets.distribution { UInt64(latencies[slot * buckets.count + $0]) }
  }

  /// The row's requests by method and version, and its answers by class.
  func kinds(_ slot: Int) -> RequestKinds {
    var kinds = RequestKinds()
    guard hasKinds, hasLatency else { return kinds }
    kinds.setRequests(rows[slot].counts.requests) { requestKinds[slot * RequestKinds.counters + $0] }
    guard rows[slot].counts.answered > 0 else { return kinds }
    for place in 0..<StatusPlaces.count {
      kinds.responses[RequestKinds.index(class: StatusPlaces.digit(place))] &+=
        statuses[slot * StatusPlaces.count + place]
    }
    return kinds
  }

  /// Adds a row's latency buckets and statuses to sums over several rows.
  func add(_ slot: Int, toBuckets sums: inout [UInt64], statuses counts: inout [UInt64]) {
    guard hasLatency else { return }
    for index in sums.indices { sums[index] &+= UInt64(latencies[slot * buckets.count + index]) }
    for index in counts.indices { counts[index] &+= statuses[slot * StatusPlaces.count + index] }
  }

  /// The rows' answers by `StatusPlaces`; empty when there are none.
  static func statuses(_ parts: [(rows: CounterRows, slot: Int)]) -> [UInt64] {
    var sums: [UInt64] = []
    for (rows, slot) in parts where rows.hasLatency && rows.rows[slot].counts.answered > 0 {
      if sums.isEmpty { sums = [UInt64](repeating: 0, count: StatusPlaces.count) }
      for index in sums.indices { sums[index] &+= rows.statuses[slot * StatusPlaces.count + index] }
    }
    return sums
  }

  /// What the rows' latencies are, by bucket.
  static func slice(_ parts: [(rows: CounterRows, slot: Int)]) -> LatencySlice {
    let latencies = parts.filter { $0.rows.hasLatency && $0.rows.rows[$0.slot].counts.answered > 0 }
    guard !latencies.isEmpty else { return LatencySlice() }
    let maximum = latencies.reduce(0) { max($0, $1.rows.rows[$1.slot].maximum) }
    return LatencySlice(maximum: maximum) { bucket in
      latencies.reduce(0) { $0 &+ UInt64($1.rows.latencies[$1.slot * LatencyBuckets.coarse.count + bucket]) }
    }
  }

  /// The most that a name without a row can have been counted, in rows that are the life's: its set is
  /// full then, and none of the set's names was counted less.
  var floor: UInt64 {
    var floor: UInt64 = 0
    for first in stride(from: 0, to: capacity, by: SpaceSaving.ways) {
      var least = UInt64.max
      for slot in first..<min(first + SpaceSaving.ways, capacity) {
        let row = rows[slot]
        least = min(least, row.generation == 0 ? 0 : row.counts.requests &+ row.error)
      }
      floor = max(floor, least)
    }
    return floor
  }

  /// Takes all rows out of use.
  func clear() {
    for position in 0..<count {
      let slot = slot(at: position)
      if rows[slot].counts.answered > 0 { clearLatencies(slot) }
      if rows[slot].counts.requests > 0 { clearKinds(slot) }
      rows.clear(from: slot, count: 1)
    }
    sparse.clear()
    touchedCount[0] = 0
    others[0] = OtherCounts()
  }

  private func clearLatencies(_ slot: Int) {
    guard hasLatency else { return }
    latencies.clear(from: slot * buckets.count, count: buckets.count)
    statuses.clear(from: slot * StatusPlaces.count, count: StatusPlaces.count)
  }

  private func clearKinds(_ slot: Int) {
    guard hasKinds else { return }
    requestKinds.clear(from: slot * RequestKinds.counters, count: RequestKinds.counters)
  }

  private func halveLatencies(_ slot: Int) {
    let first = slot * buckets.count
    for index in first..<first + buckets.count { latencies[index] /= 2 }
  }
}
