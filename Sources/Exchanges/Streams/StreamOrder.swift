// SPDX-License-Identifier: Apache-2.0

import Capture

/// Brings the segments of each direction into order: finds where each stands, and holds back what comes too early.
///
/// The flows come with each call; only what is held is its own.
struct StreamOrder: ~Copyable {
  private var buffer: ReorderBuffer
  private let isStreams: Bool
  private let heldPerDirection: Int

  init(limits: ExchangeLimits, isStreams: Bool) {
    buffer = ReorderBuffer(capacity: limits.heldSegments)
    heldPerDirection = limits.heldPerDirection
    self.isStreams = isStreams
  }

  /// Finds where a segment stands in its stream, and holds it back when it must wait.
  @inline(__always)
  mutating func place(
    _ chunk: Chunk, _ bytes: RawSpan, for demand: Demand, in flows: inout FlowTable, at clock: UInt64
  ) -> Placement {
    let flow = flows[chunk.flow]
    let half = flow[chunk.direction]
    guard half.isKnown else {
      guard !isStreams else { return hold(chunk, bytes, in: &flows, at: clock) ? .held : .noRoom }
      half.begin(at: chunk.sequence)
      return .first
    }
    if half.received.contains(chunk.sequence, chunk.end) { return .duplicate }
    let gap = SequenceNumber.distance(chunk.sequence, from: half.next)
    // At depth auto, what is missing before a segment of a stream will come; before others, it may be body.
    let isStreams = isStreams || chunk.kind == .stream
    if gap > 0 {
      guard isStreams else { return .gap(UInt32(gap)) }
      if case .nothing = demand {
        flow.advance(past: chunk)
        return .passedOver
      }
      return hold(chunk, bytes, in: &flows, at: clock) ? .held : .noRoom
    }
    if gap < 0, SequenceNumber.distance(chunk.end, from: half.next) <= 0 { return .late }
    if isStreams, mustWait(chunk, flow, demand) {
      return hold(chunk, bytes, in: &flows, at: clock) ? .held : .noRoom
    }
    return gap == 0 ? .next : .overlap(half.overlap(chunk))
  }

  /// Holds a chunk back, in the order of the stream; false when there is no room.
  mutating func hold(_ chunk: Chunk, _ bytes: RawSpan, in flows: inout FlowTable, at clock: UInt64) -> Bool {
    let flow = flows[chunk.flow]
    guard buffer.hold(chunk, bytes, in: flow[chunk.direction], limit: heldPerDirection) else { return false }
    // The other direction is no longer alone: its responses wait for what these bytes ask.
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
      // At depth auto the other direction may have had nothing to pass so far.
      guard other.isKnown else { return isStreams }
      return SequenceNumber.distance(chunk.acknowledgement, from: other.next) > (other.isFinished ? 1 : 0)
    }
  }
}

// MARK: - Held chunks

extension StreamOrder {
  subscript(index: HeldIndex) -> HeldChunk { buffer[index].value }

  func after(_ index: HeldIndex) -> HeldIndex? { buffer.after(index) }

  /// Whether a segment with this many captured bytes can be held.
  func hasRoom(for count: Int) -> Bool { buffer.hasRoom(for: count) }

  /// The bytes of held chunks.
  var bytes: BlockPool { buffer.blocks }

  /// Finds where the first held chunk of a direction stands now; nil when none is held.
  mutating func placeHeld(
    _ flow: FlowIndex, _ direction: Direction, for demand: Demand, in flows: borrowing FlowTable
  )
    -> Placement?
  {
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

  /// Forgets the first held chunk of a direction, which has been read.
  mutating func removeFirst(of half: ElementRef<StreamHalf>) {
    buffer.removeFirst(of: half)
  }

  /// Forgets all held chunks of a flow, which waits no longer; returns how many segments they were.
  mutating func drop(_ flow: FlowIndex, in flows: inout FlowTable) -> UInt64 {
    var segments: UInt64 = 0
    for direction in [Direction.forward, .backward] {
      let half = flows[flow][direction]
      while let first = half.held.first {
        if buffer[first].chunk.isFirst { segments &+= 1 }
        buffer.removeFirst(of: half)
      }
    }
    flows.stopWaiting(flow)
    return segments
  }

  /// Gives up what a direction's held chunks wait for; nil when none is held.
  mutating func resume(_ flow: FlowIndex, _ direction: Direction, in flows: borrowing FlowTable)
    -> Resumption?
  {
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
  mutating func settle(_ flow: FlowIndex, isOver: Bool, in flows: inout FlowTable, at clock: UInt64) {
    guard flows[flow].hasHeld else { return flows.stopWaiting(flow) }
    if isOver {
      flows.stopWaiting(flow)
      flows.startWaiting(flow, at: clock)
    }
  }

  /// Moves all held chunks of a flow that has become an alias to its flow.
  mutating func moveHeld(of flow: FlowIndex, to other: FlowIndex, in flows: inout FlowTable, at clock: UInt64)
  {
    flows.stopWaiting(flow)
    for direction in [Direction.forward, .backward] {
      let target = flows[flow].isReversed ? direction.opposite : direction
      while let held = buffer.takeFirst(of: flows[flow][direction]) {
        buffer[held].chunk.flow = other
        buffer[held].chunk.direction = target
        buffer.insert(held, into: flows[other][target])
      }
    }
    flows.startWaiting(other, at: clock)
  }
}
