// SPDX-License-Identifier: Apache-2.0

/// The flows being followed, found by key, in a fixed number of places.
///
/// Open addressing with backward-shift deletion over an index of 32-bit places; the flows themselves
/// lie side by side, so that few flows touch little memory. The least recently seen one makes room.
struct FlowTable: ~Copyable {
  private var flows: Slab<Flow>
  /// -1 for empty, else a place in `flows`; twice as many as flows, a power of two.
  private var index: Slab<Int32>
  private let mask: Int
  private var free: [Int32] = []
  /// The ends of the order of last use.
  private(set) var oldest: Int32 = -1
  private var newest: Int32 = -1
  private(set) var count = 0

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    flows = Slab(capacity: capacity)
    index = Slab(capacity: size)
    index.fill(with: -1)
    mask = size - 1
    free.reserveCapacity(capacity)
  }

  var isFull: Bool { count == flows.capacity }

  subscript(place: Int32) -> Place<Flow> {
    @inline(__always) get { flows.place(place) }
  }

  /// The place of the flow with this key, now the newest in the order of use; -1 when there is none.
  mutating func find(_ key: FlowKey, hash: UInt64) -> Int32 {
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let place = index[slot]
      if place < 0 { return -1 }
      if flows[Int(place)].hash == hash, flows[Int(place)].key == key {
        touch(place)
        return place
      }
      slot = (slot &+ 1) & mask
    }
  }

  /// Makes a flow; the table must not be full.
  mutating func insert(_ key: FlowKey, hash: UInt64) -> Int32 {
    let flow = Flow(key: key, hash: hash)
    let place: Int32
    if let reused = free.popLast() {
      place = reused
      flows[Int(place)] = flow
    } else {
      guard let fresh = flows.extend(with: flow) else { return -1 }
      place = Int32(truncatingIfNeeded: fresh)
    }
    var slot = Int(truncatingIfNeeded: hash) & mask
    while index[slot] >= 0 { slot = (slot &+ 1) & mask }
    index[slot] = place
    link(place)
    count &+= 1
    return place
  }

  /// Forgets a flow.
  mutating func remove(_ place: Int32) {
    unlink(place)
    count &-= 1
    free.append(place)
    var hole = Int(truncatingIfNeeded: flows[Int(place)].hash) & mask
    while index[hole] != place { hole = (hole &+ 1) & mask }
    // Backward shift: whatever may stand nearer to its own slot moves up (Knuth 6.4, algorithm R).
    var slot = hole
    while true {
      slot = (slot &+ 1) & mask
      let moved = index[slot]
      if moved < 0 { break }
      let home = Int(truncatingIfNeeded: flows[Int(moved)].hash) & mask
      if (slot &- home) & mask >= (slot &- hole) & mask {
        index[hole] = moved
        hole = slot
      }
    }
    index[hole] = -1
    // Whoever remembers the place by its hash finds that it is no longer there.
    flows[Int(place)].hash = 0
  }

  /// Makes a flow the newest in the order of use.
  mutating func use(_ place: Int32) { touch(place) }

  private mutating func touch(_ place: Int32) {
    if newest == place { return }
    unlink(place)
    link(place)
  }

  private mutating func link(_ place: Int32) {
    flows[Int(place)].older = newest
    flows[Int(place)].newer = -1
    if newest >= 0 { flows[Int(newest)].newer = place } else { oldest = place }
    newest = place
  }

  private mutating func unlink(_ place: Int32) {
    let older = flows[Int(place)].older, newer = flows[Int(place)].newer
    if older >= 0 { flows[Int(older)].newer = newer } else { oldest = newer }
    if newer >= 0 { flows[Int(newer)].older = older } else { newest = older }
  }
}
