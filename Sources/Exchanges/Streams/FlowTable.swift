// SPDX-License-Identifier: Apache-2.0

/// The flows being followed, found by key, in a fixed number of slots.
///
/// Open addressing with backward-shift deletion over an index of 32 bits a bucket; the flows themselves
/// lie side by side, so that few flows touch little memory. The one makes room whose connection was closed first; where
/// none was, the least recently used one: of those that nobody has answered yet, which any stranger's packet makes, while they
/// are more than a quarter of all.
struct FlowTable: ~Copyable {
  private var flows: SlotPool<FlowIndex, StreamFlow>
  /// Twice as many buckets as flows, a power of two.
  private var buckets: FixedArray<Int, PackedIndex<FlowIndex>>
  private let mask: Int
  /// Of the flows that nobody has answered, and of those that were answered.
  private var unanswered = IntrusiveList<StreamFlow.ByUse>()
  private var answered = IntrusiveList<StreamFlow.ByUse>()
  private var answeredCount = 0
  /// Of the flows of closed connections, the one that was closed first at the front.
  private var closed = IntrusiveList<StreamFlow.ByUse>()
  private var closedCount = 0
  /// Counts what was put at the end of a list.
  private var moves: UInt32 = 0
  /// A flow that fewer flows than this can have been put behind stays where it is: its neighbours are anywhere in
  /// memory. 0 in a small table.
  private let slack: UInt32
  /// Closed connections' flows that are kept while there is room.
  private let closedLimit: Int
  /// The flow that was last asked for to be evicted.
  private var expectedEviction = PackedIndex<FlowIndex>()
  private var byWait = IntrusiveList<StreamFlow.ByWait>()

  /// - Parameter limit: closed connections' flows that are kept for what is sent again, while there is room: new ones take the
  ///   place of others before they take memory that has left the caches.
  init(capacity: Int, closed limit: Int = .max) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    flows = SlotPool(capacity: capacity)
    buckets = FixedArray(zeroed: size)
    mask = size - 1
    closedLimit = limit
    slack = capacity < 1_024 ? 0 : UInt32(clamping: capacity / 8)
  }

  var isFull: Bool { flows.isFull }

  /// The flow that must be removed before another one is inserted; nil while there is room.
  var nextToEvict: FlowIndex? {
    if closedCount > closedLimit { return closed.first }
    guard flows.isFull else { return nil }
    if closedCount > 0 { return closed.first }
    return flows.count - answeredCount > flows.capacity / 4 ? unanswered.first : answered.first
  }

  /// The first of all flows; nil when there is none.
  var first: FlowIndex? { unanswered.first ?? answered.first ?? closed.first }

  /// The flow after another one, each once from `first` on; nil for the last.
  func after(_ flow: FlowIndex) -> FlowIndex? {
    if let next = IntrusiveList<StreamFlow.ByUse>.after(flow, in: flows) { return next }
    if flows[flow].isClosed { return nil }
    return flows[flow].isAnswered ? closed.first : answered.first ?? closed.first
  }

  /// The flow that has waited for longest; nil when none waits.
  var firstWaiting: FlowIndex? {
    @inline(__always) get { byWait.first }
  }

  subscript(flow: FlowIndex) -> ElementRef<StreamFlow> {
    @inline(__always) get { flows[flow] }
  }

  /// The flow with this key, now among the newest in the order of use; nil when there is none.
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

  /// Asks for the place where a flow with this hash is looked for.
  @inline(__always)
  func expect(_ hash: UInt64) { buckets.prefetch(Int(truncatingIfNeeded: hash) & mask) }

  /// Asks for the flow that is looked at first for this hash; nil when there is none.
  @inline(__always)
  func expectFlow(_ hash: UInt64) -> FlowIndex? {
    guard let flow = buckets[Int(truncatingIfNeeded: hash) & mask].value.index else { return nil }
    flows.prefetch(flow)
    return flow
  }

  /// Asks for what it takes to evict the next flow, and with the next call for its bucket; the flow the first time, nil
  /// otherwise and while there is room.
  @inline(__always)
  mutating func expectEviction() -> FlowIndex? {
    guard let flow = nextToEvict else { return nil }
    if expectedEviction.index == flow {
      expect(flows[flow].hash)
      return nil
    }
    expectedEviction = PackedIndex(flow)
    flows.prefetch(flow)
    return flow
  }

  /// Makes a flow one of the newest in the order of use: the newest, unless it has been that a moment ago.
  @inline(__always)
  mutating func use(_ flow: FlowIndex) {
    if moves &- flows[flow].movedAt < slack || answered.last == flow || unanswered.last == flow { return }
    if flows[flow].isClosed { return }
    unlink(flow)
    append(flow)
  }

  /// Takes a flow out of the list that it is in.
  @inline(__always)
  private mutating func unlink(_ flow: FlowIndex) {
    if flows[flow].isClosed {
      closed.remove(flow, in: flows)
    } else if flows[flow].isAnswered {
      answered.remove(flow, in: flows)
    } else {
      unanswered.remove(flow, in: flows)
    }
  }

  /// Puts a flow that is in neither list at the end of its own.
  @inline(__always)
  private mutating func append(_ flow: FlowIndex) {
    moves &+= 1
    flows[flow].movedAt = moves
    if flows[flow].isClosed {
      closed.append(flow, in: flows)
    } else if flows[flow].isAnswered {
      answered.append(flow, in: flows)
    } else {
      unanswered.append(flow, in: flows)
    }
  }

  /// Notes that a request of a flow was answered.
  @inline(__always)
  mutating func noteAnswer(_ flow: FlowIndex) {
    if flows[flow].isAnswered { return }
    place(flow, isAnswered: true, isClosed: flows[flow].isClosed)
  }

  /// Takes a flow for one that nobody has answered: another connection's.
  mutating func forgetAnswer(_ flow: FlowIndex) { place(flow, isAnswered: false, isClosed: false) }

  /// Notes that a flow's connection was closed, or, with a segment that shows it, that it was not.
  mutating func setClosed(_ flow: FlowIndex, _ isClosed: Bool) {
    place(flow, isAnswered: flows[flow].isAnswered, isClosed: isClosed)
  }

  /// Puts a flow at the end of the list that is now its own, unless it is in that.
  private mutating func place(_ flow: FlowIndex, isAnswered: Bool, isClosed: Bool) {
    let own = flows[flow]
    if own.isAnswered == isAnswered, own.isClosed == isClosed { return }
    unlink(flow)
    count(flow, -1)
    own.isAnswered = isAnswered
    own.isClosed = isClosed
    count(flow, 1)
    append(flow)
  }

  private mutating func count(_ flow: FlowIndex, _ change: Int) {
    if flows[flow].isClosed {
      closedCount &+= change
    } else if flows[flow].isAnswered {
      answeredCount &+= change
    }
  }

  /// Makes a flow; nil when the table is full.
  mutating func insert(_ key: FlowKey, hash: UInt64) -> FlowIndex? {
    guard let flow = flows.add(StreamFlow(key: key, hash: hash)) else { return nil }
    var bucket = Int(truncatingIfNeeded: hash) & mask
    while !buckets[bucket].value.isNone { bucket = (bucket &+ 1) & mask }
    buckets[bucket].value = PackedIndex(flow)
    append(flow)
    return flow
  }

  /// Forgets a flow that does not wait.
  mutating func remove(_ flow: FlowIndex) {
    unlink(flow)
    count(flow, -1)
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
