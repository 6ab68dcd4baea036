// SPDX-License-Identifier: Apache-2.0

import Capture

/// The TCP stage: segments of many flows become chunks of streams, each byte of a direction at most once.
///
/// It knows the order of each direction, holds back what comes too early, follows the lifetime of connections
/// and their other addresses, and reads no byte. What it must know of the reading comes as a `Demand`.
struct StreamAssembler: ~Copyable {
  private var flows: FlowTable
  private var buffer: ReorderBuffer
  private var translation: AddressTranslation
  private let isStreams: Bool
  private let heldPerDirection: Int

  init(limits: ExchangeLimits, isStreams: Bool, seed: UInt64) {
    flows = FlowTable(capacity: limits.flows)
    buffer = ReorderBuffer(capacity: limits.heldSegments)
    translation = AddressTranslation(seed: seed)
    heldPerDirection = limits.heldPerDirection
    self.isStreams = isStreams
  }
}

// MARK: - Flows

extension StreamAssembler {
  /// The flow with this key, now the newest in the order of use; nil when there is none.
  @inline(__always)
  mutating func use(_ key: FlowKey, hash: UInt64) -> FlowIndex? { flows.use(key, hash: hash) }

  /// Makes a flow; nil when the table is full.
  mutating func insert(_ key: FlowKey, hash: UInt64) -> FlowIndex? { flows.insert(key, hash: hash) }

  /// The flow that must be removed before another one is inserted; nil while there is room.
  var nextToEvict: FlowIndex? { flows.isFull ? flows.oldest : nil }

  /// The flow that was idle for longest, the first one of all; nil when there is none.
  var oldest: FlowIndex? { flows.oldest }

  func newer(than flow: FlowIndex) -> FlowIndex? { flows.newer(than: flow) }

  /// Forgets a flow of which nothing is held.
  mutating func remove(_ flow: FlowIndex) {
    stopWaiting(flow)
    flows.remove(flow)
  }

  /// Forgets what is known of a connection of which nothing is held.
  mutating func reset(_ flow: FlowIndex) {
    flows[flow].forward = StreamHalf()
    flows[flow].backward = StreamHalf()
    flows[flow].standing = .fresh
  }

  func key(of flow: FlowIndex) -> FlowKey { flows[flow].key }

  /// Notes that a segment of a flow came.
  @inline(__always)
  mutating func see(_ flow: FlowIndex, at clock: UInt64) { flows[flow].lastSeen = clock }

  /// Capture time of a flow's last segment.
  func lastSeen(_ flow: FlowIndex) -> UInt64 { flows[flow].lastSeen }

  /// The sequence number up to which a direction has been read; nil when nothing is known of it.
  @inline(__always)
  func position(of flow: FlowIndex, _ direction: Direction) -> UInt32? {
    let half = flows[flow][direction]
    return half.isKnown ? half.next : nil
  }
}

// MARK: - Openings

extension StreamAssembler {
  /// What a SYN is to its flow.
  enum Opening { case known, first, another }

  /// What a SYN with `start` as its stream's first number is: one seen before, or come late; the first one; or
  /// another connection's, before which the flow must be reset.
  mutating func opening(_ flow: FlowIndex, _ direction: Direction, at start: UInt32) -> Opening {
    let half = flows[flow][direction]
    if half.sawSyn, half.synNext == start { return .known }
    guard half.isKnown || half.sawSyn else { return .first }
    if !half.sawSyn, !half.received.isEmpty {
      let distance = SequenceNumber.distance(half.received.start, from: start)
      if distance >= 0, distance < 1 << 30 {
        half.sawSyn = true
        half.synNext = start
        return .known
      }
    }
    return .another
  }

  /// Begins a direction's stream at `start`.
  mutating func open(_ flow: FlowIndex, _ direction: Direction, at start: UInt32) {
    flows[flow][direction].open(at: start)
  }
}

// MARK: - Order

extension StreamAssembler {
  /// Finds where a segment stands in its stream, and holds it back when it must wait.
  @inline(__always)
  mutating func place(_ chunk: Chunk, _ bytes: RawSpan, for demand: Demand, at clock: UInt64) -> Placement {
    let flow = flows[chunk.flow]
    let half = flow[chunk.direction]
    guard half.isKnown else {
      if isStreams, hold(chunk, bytes, at: clock) { return .held }
      half.begin(at: chunk.sequence)
      return .first
    }
    if half.received.contains(chunk.sequence, chunk.end) { return .duplicate }
    let gap = SequenceNumber.distance(chunk.sequence, from: half.next)
    if gap > 0 {
      guard isStreams else { return .gap(UInt32(gap)) }
      if case .nothing = demand {
        advance(past: chunk)
        return .passedOver
      }
      return hold(chunk, bytes, at: clock) ? .held : .noRoom
    }
    if gap < 0, SequenceNumber.distance(chunk.end, from: half.next) <= 0 { return .late }
    if isStreams, mustWait(chunk, flow, demand), hold(chunk, bytes, at: clock) { return .held }
    return gap == 0 ? .next : .overlap(half.overlap(chunk))
  }

  /// Finds where a segment stands for which there is no room to wait; after a gap, it is at the next byte.
  mutating func placeAtOnce(_ chunk: Chunk) -> Placement {
    let half = flows[chunk.flow][chunk.direction]
    guard half.isKnown else {
      half.begin(at: chunk.sequence)
      return .first
    }
    if half.received.contains(chunk.sequence, chunk.end) { return .duplicate }
    let gap = SequenceNumber.distance(chunk.sequence, from: half.next)
    if gap > 0 {
      half.next = chunk.sequence
      return .gap(UInt32(gap))
    }
    if gap == 0 { return .next }
    return SequenceNumber.distance(chunk.end, from: half.next) > 0 ? .overlap(half.overlap(chunk)) : .late
  }

  /// Marks a chunk's bytes as read.
  @inline(__always)
  mutating func advance(past chunk: Chunk) {
    let flow = flows[chunk.flow]
    let half = flow[chunk.direction]
    half.next = chunk.end
    half.received.add(chunk.sequence, chunk.end)
    flow[chunk.direction.opposite].isAlone = false
  }

  /// Marks bytes as read that were read out of order.
  mutating func receive(_ chunk: Chunk) {
    flows[chunk.flow][chunk.direction].received.add(chunk.sequence, chunk.end)
  }

  /// Goes on at a chunk after bytes that were not delivered; the first `known` of them count as read.
  mutating func jump(to chunk: Chunk, known: UInt32) {
    let half = flows[chunk.flow][chunk.direction]
    if known > 0 { half.received.add(half.next, half.next &+ known) }
    half.next = chunk.sequence
  }

  /// Holds a chunk back, in the order of the stream; false when there is no room.
  mutating func hold(_ chunk: Chunk, _ bytes: RawSpan, at clock: UInt64) -> Bool {
    let flow = flows[chunk.flow]
    guard buffer.hold(chunk, bytes, in: flow[chunk.direction], limit: heldPerDirection) else { return false }
    // The other direction has company again: its responses wait for what these bytes ask.
    flow[chunk.direction.opposite].isAlone = false
    flows.startWaiting(chunk.flow, at: clock)
    return true
  }

  /// Whether a chunk must wait: for the answer that decides what it is, or, as a response, for the request that it
  /// acknowledges, since one read too early would not know whether it answers a HEAD.
  @inline(__always)
  private func mustWait(_ chunk: Chunk, _ flow: ElementRef<StreamFlow>, _ demand: Demand) -> Bool {
    switch demand {
    case .requests, .nothing: return false
    case .paused: return true
    case .responses:
      guard chunk.hasAcknowledgement, !flow[chunk.direction].isAlone else { return false }
      let other = flow[chunk.direction.opposite]
      return !other.isKnown || SequenceNumber.distance(chunk.acknowledgement, from: other.next) > 0
    }
  }
}

// MARK: - Waiting

extension StreamAssembler {
  /// The flow that has waited for longest, if for `patience` nanoseconds at least; else nil.
  @inline(__always)
  func waiting(for patience: UInt64, at clock: UInt64) -> FlowIndex? {
    guard let first = flows.firstWaiting, flows[first].waitingSince &+ patience <= clock else { return nil }
    return first
  }

  /// The flow that has waited for longest; nil when none waits.
  var firstWaiting: FlowIndex? { flows.firstWaiting }

  func isWaiting(_ flow: FlowIndex) -> Bool { flows[flow].isWaiting }

  @inline(__always)
  func hasHeld(_ flow: FlowIndex) -> Bool { flows[flow].hasHeld }

  /// Finds where the first held chunk of a direction stands now; nil when none is held.
  mutating func placeHeld(_ flow: FlowIndex, _ direction: Direction, for demand: Demand) -> Placement? {
    let half = flows[flow][direction]
    guard let first = half.held.first else { return nil }
    let chunk = buffer[first].chunk
    let gap = SequenceNumber.distance(chunk.sequence, from: half.next)
    guard half.isKnown, gap <= 0 else { return .held }
    if half.received.contains(chunk.sequence, chunk.end) { return .duplicate }
    if mustWait(chunk, flows[flow], demand) { return .held }
    if gap == 0 { return .next }
    return SequenceNumber.distance(chunk.end, from: half.next) > 0 ? .overlap(half.overlap(chunk)) : .late
  }

  /// The first held chunk of a direction.
  func firstHeld(_ flow: FlowIndex, _ direction: Direction) -> HeldIndex? {
    flows[flow][direction].held.first
  }

  func held(after index: HeldIndex) -> HeldIndex? { buffer.after(index) }

  func held(_ index: HeldIndex) -> HeldChunk { buffer[index].value }

  /// The bytes of held chunks.
  var heldBytes: BlockPool { buffer.blocks }

  /// Forgets the first held chunk of a direction, which has been read.
  mutating func removeFirstHeld(_ flow: FlowIndex, _ direction: Direction) {
    buffer.removeFirst(of: flows[flow][direction])
  }

  /// Forgets all held chunks of a flow, which waits no longer; returns how many segments they were.
  mutating func dropHeld(_ flow: FlowIndex) -> UInt64 {
    var segments: UInt64 = 0
    for direction in [Direction.forward, .backward] {
      let half = flows[flow][direction]
      while let first = half.held.first {
        if buffer[first].chunk.isFirst { segments &+= 1 }
        buffer.removeFirst(of: half)
      }
    }
    stopWaiting(flow)
    return segments
  }

  /// A direction that continues at its first held chunk, without the bytes before it.
  struct Resumption {
    /// Nothing had been read of the direction.
    var isFirst: Bool
    /// The sequence number at which reading had stopped, and the number of bytes missing from there.
    var position: UInt32
    var missing: UInt32
  }

  /// Gives up what a direction's held chunks wait for; nil when none is held.
  mutating func resume(_ flow: FlowIndex, _ direction: Direction) -> Resumption? {
    let half = flows[flow][direction]
    guard let first = half.held.first else { return nil }
    let sequence = buffer[first].chunk.sequence
    let isFirst = !half.isKnown
    if isFirst { half.begin(at: sequence) }
    let position = half.next
    half.isAlone = true
    guard SequenceNumber.distance(sequence, from: position) > 0 else {
      return Resumption(isFirst: isFirst, position: position, missing: 0)
    }
    half.next = sequence
    return Resumption(isFirst: isFirst, position: position, missing: sequence &- position)
  }

  /// Keeps a flow among those that wait as long as something is held; one whose wait is `over` waits again.
  mutating func settle(_ flow: FlowIndex, isOver: Bool, at clock: UInt64) {
    guard flows[flow].hasHeld else { return stopWaiting(flow) }
    if isOver {
      stopWaiting(flow)
      flows.startWaiting(flow, at: clock)
    }
  }

  private mutating func stopWaiting(_ flow: FlowIndex) { flows.stopWaiting(flow) }
}

// MARK: - Other addresses

extension StreamAssembler {
  /// A flow and one of its directions.
  typealias Location = (flow: FlowIndex, direction: Direction)

  /// Whether a request was seen under a flow's addresses: then its segments are its own.
  @inline(__always)
  func hasAsked(_ flow: FlowIndex) -> Bool {
    if case .asked = flows[flow].standing { true } else { false }
  }

  /// Whether nobody has asked under a flow's addresses, nor is it known under others.
  func isFresh(_ flow: FlowIndex) -> Bool {
    if case .fresh = flows[flow].standing { true } else { false }
  }

  private func isAlias(_ flow: FlowIndex) -> Bool {
    if case .alias = flows[flow].standing { true } else { false }
  }

  /// Notes a request of a flow; true when its response may come under other addresses.
  mutating func noteRequest(_ flow: FlowIndex, at clock: UInt64) -> Bool {
    guard isFresh(flow) || clock < translation.unaskedUntil else { return false }
    flows[flow].standing = .asked
    return true
  }

  /// Notes a response under addresses that have asked nothing: requests are looked for until `time`.
  mutating func noteResponse(until time: UInt64) { translation.expectRequests(until: time) }

  /// Where the segments of a flow belong that is known under other addresses; nil when it is not.
  ///
  /// An alias whose flow is gone, or has become an alias itself, is forgotten.
  mutating func resolveAlias(_ place: Location) -> Location? {
    guard let alias = alias(of: place) else { return nil }
    guard flows[alias.flow].hash == flows[place.flow].aliasHash, !isAlias(alias.flow) else {
      flows[place.flow].standing = .fresh
      return nil
    }
    return alias
  }

  /// Where a flow's segments belong, by what is noted of it; nil when it is known under no other addresses.
  func alias(of place: Location) -> Location? {
    let own = flows[place.flow]
    guard isAlias(place.flow), let flow = own.alias.index else { return nil }
    return (flow, own.isAliasReversed ? place.direction.opposite : place.direction)
  }

  /// Whether a segment fits where its flow's alias stands: ports are used again, after a while by another
  /// client. `isAsking` tells that requests wait there.
  mutating func fits(_ segment: borrowing Segment, _ place: Location, isAsking: Bool) -> Bool {
    let half = flows[place.flow][place.direction]
    if segment.flags.isOpening {
      // A SYN is the one of that connection, come late, or another connection's.
      guard let first = half.isKnown ? half.next : half.held.first.map({ buffer[$0].chunk.sequence }) else {
        return false
      }
      let distance = SequenceNumber.distance(first, from: segment.sequence)
      return distance >= 0 && distance < 1 << 20
    }
    if segment.payloadLength == 0 || isAsking { return true }
    if segment.kind == .stream, half.next == segment.sequence { return true }
    return half.received.contains(segment.sequence, segment.sequence &+ segment.payloadLength)
  }

  /// Takes a flow's other addresses from it: its segments are its own again.
  mutating func dropAlias(_ flow: FlowIndex) { flows[flow].standing = .fresh }

  /// Makes a flow the newest in the order of use.
  mutating func use(_ flow: FlowIndex) { flows.use(flow) }

  /// Where the same segment was seen a moment ago under other addresses; nil when it was not, and then it is
  /// remembered for the next sighting.
  mutating func earlierSighting(
    _ segment: borrowing Segment, _ payload: RawSpan, in place: Location
  ) -> Location? {
    let sighting = translation.sighting(segment, payload, in: place, flowHash: flows[place.flow].hash)
    if let found = translation.earlier(sighting), let flow = found.flow.index, flow != place.flow,
      flows[flow].hash == found.flowHash, !isAlias(flow)
    {
      return (flow, found.direction)
    }
    if isFresh(place.flow) { translation.note(sighting) }
    return nil
  }

  /// Makes a flow's segments another one's from now on, and hands over what it holds; true when the other one
  /// also takes what is known of the direction, such as its SYN, since it lacks that.
  mutating func join(_ place: Location, to other: Location, at clock: UInt64) -> Bool {
    let own = flows[place.flow]
    own.standing = .alias
    own.alias = PackedIndex(other.flow)
    own.aliasHash = flows[other.flow].hash
    own.isAliasReversed = place.direction != other.direction
    if own.hasHeld {
      moveHeld(of: place.flow, to: other.flow)
      flows.startWaiting(other.flow, at: clock)
    }
    let half = own[place.direction], old = flows[other.flow][other.direction]
    guard !old.isKnown, half.isKnown else { return false }
    (half.held, half.heldCount) = (old.held, old.heldCount)
    old.value = half.value
    half.value = StreamHalf()
    return true
  }

  private mutating func moveHeld(of flow: FlowIndex, to other: FlowIndex) {
    stopWaiting(flow)
    for direction in [Direction.forward, .backward] {
      let target = flows[flow].isAliasReversed ? direction.opposite : direction
      while let held = buffer.takeFirst(of: flows[flow][direction]) {
        buffer[held].chunk.flow = other
        buffer[held].chunk.direction = target
        buffer.insert(held, into: flows[other][target])
      }
    }
  }
}
