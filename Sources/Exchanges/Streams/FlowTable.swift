// SPDX-License-Identifier: Apache-2.0

/// The flows being followed, found by key, in a fixed number of slots.
///
/// Open addressing with backward-shift deletion over an index of 32 bits a bucket; the flows themselves
/// lie side by side, so that few flows touch little memory. The least recently used one makes room.
struct FlowTable: ~Copyable {
  private var flows: SlotPool<FlowIndex, StreamFlow>
  /// Twice as many buckets as flows, a power of two.
  private var buckets: FixedArray<Int, PackedIndex<FlowIndex>>
  private let mask: Int
  private var byUse = IntrusiveList<StreamFlow.ByUse>()
  private var byWait = IntrusiveList<StreamFlow.ByWait>()

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    flows = SlotPool(capacity: capacity)
    buckets = FixedArray(zeroed: size)
    mask = size - 1
  }

  var isFull: Bool { flows.isFull }

  /// The flow that was idle for longest; nil when there is none.
  var oldest: FlowIndex? { byUse.first }

  /// The flow used next after another one; nil for the last.
  func newer(than flow: FlowIndex) -> FlowIndex? { IntrusiveList<StreamFlow.ByUse>.after(flow, in: flows) }

  /// The flow that has waited for longest; nil when none waits.
  var firstWaiting: FlowIndex? {
    @inline(__always) get { byWait.first }
  }

  subscript(flow: FlowIndex) -> ElementRef<StreamFlow> {
    @inline(__always) get { flows[flow] }
  }

  /// The flow with this key, now the newest in the order of use; nil when there is none.
  mutating func use(_ key: FlowKey, hash: UInt64) -> FlowIndex? {
    var bucket = Int(truncatingIfNeeded: hash) & mask
    while true {
      guard let found = buckets[bucket].value.index else { return nil }
      if flows[found].matches(key, hash: hash) {
        use(found)
        return found
      }
      bucket = (bucket &+ 1) & mask
    }
  }

  /// Makes a flow the newest in the order of use.
  @inline(__always)
  mutating func use(_ flow: FlowIndex) {
    if byUse.last == flow { return }
    byUse.remove(flow, in: flows)
    byUse.append(flow, in: flows)
  }

  /// Makes a flow; nil when the table is full.
  mutating func insert(_ key: FlowKey, hash: UInt64) -> FlowIndex? {
    guard let flow = flows.add(StreamFlow(key: key, hash: hash)) else { return nil }
    var bucket = Int(truncatingIfNeeded: hash) & mask
    while !buckets[bucket].value.isNone { bucket = (bucket &+ 1) & mask }
    buckets[bucket].value = PackedIndex(flow)
    byUse.append(flow, in: flows)
    return flow
  }

  /// Forgets a flow that does not wait.
  mutating func remove(_ flow: FlowIndex) {
    byUse.remove(flow, in: flows)
    flows.remove(flow)
    var hole = Int(truncatingIfNeeded: flows[flow].hash) & mask
    while buckets[hole].value.index != flow { hole = (hole &+ 1) & mask }
    // Backward shift: whatever may stand nearer to its own bucket moves up (Knuth 6.4, algorithm R).
    var bucket = hole
    while true {
      bucket = (bucket &+ 1) & mask
      guard let moved = buckets[bucket].value.index else { break }
      let own = Int(truncatingIfNeeded: flows[moved].hash) & mask
      if (bucket &- own) & mask >= (bucket &- hole) & mask {
        buckets[hole].value = PackedIndex(moved)
        hole = bucket
      }
    }
    buckets[hole].value = PackedIndex()
    // Where the index is remembered beside the hash, it is found that the flow is no longer there.
    flows[flow].hash = 0
  }

  /// Puts a flow at the end of those that wait, from `clock` on; nothing when it waits already.
  mutating func startWaiting(_ flow: FlowIndex, at clock: UInt64) {
    guard !flows[flow].isWaiting else { return }
    flows[flow].isWaiting = true
    flows[flow].waitingSince = clock
    byWait.append(flow, in: flows)
  }

  mutating func stopWaiting(_ flow: FlowIndex) {
    guard flows[flow].isWaiting else { return }
    byWait.remove(flow, in: flows)
    flows[flow].isWaiting = false
  }
}
