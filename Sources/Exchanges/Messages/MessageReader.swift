// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System

/// The HTTP/1 stage: the state machines of all directions, by which chunks become heads of messages and bodies
/// are passed over, byte by byte in order.
///
/// What it must know of pairing comes as a `PairingHint` and an `AnsweredRequest`. A chunk is read in turns:
/// `findHead`, `readHead`, and for a response `follow`, until the chunk is over.
struct MessageReader: ~Copyable {
  private var flows: FixedArray<FlowIndex, MessageFlow>
  private var heads: HeadReader
  private var late: LateHeads
  private let isStreams: Bool

  init(limits: ExchangeLimits, isStreams: Bool) {
    flows = FixedArray(zeroed: limits.flows)
    heads = HeadReader(
      store: HeadStore(smallHeads: limits.smallHeads, largeHeads: limits.largeHeads), isStreams: isStreams)
    late = LateHeads(isStreams: isStreams)
    self.isStreams = isStreams
  }
}

// MARK: - Flows

extension MessageReader {
  /// Forgets what is known of a connection that has no head in the making.
  mutating func reset(_ flow: FlowIndex) { flows[flow].value = MessageFlow() }

  /// Asks for what is known of a connection ahead of its use.
  @inline(__always)
  func prefetch(_ flow: FlowIndex) { flows.prefetch(flow) }

  /// A direction's stream begins with a SYN, or with the `isAnswer` to one.
  mutating func open(_ flow: FlowIndex, _ direction: Direction, isAnswer: Bool) {
    let state = flows[flow]
    state[direction].start(atBoundary: true)
    if !state.isRoleSure {
      state.isRoleSure = true
      state.setRole(requestsIn: isAnswer ? direction.opposite : direction)
    }
  }

  /// A direction is read from its midst on.
  mutating func begin(_ flow: FlowIndex, _ direction: Direction, atBoundary: Bool = false) {
    flows[flow][direction].start(atBoundary: atBoundary)
  }

  /// Moves what is known of a direction to another flow.
  mutating func move(_ flow: FlowIndex, _ direction: Direction, to other: FlowIndex, _ target: Direction) {
    let half = flows[flow][direction]
    flows[other][target].value = half.value
    // The frames' state stays: they are found again.
    if half.phase == .frames { flows[other][target].endFrames(atBoundary: false) }
    if half.phase == .head {
      heads.move(
        half.stored,
        to: HeadOwner(flow: other, direction: target, isAnswered: flows[other].hasAnswer))
    }
    half.value = MessageHalf()
  }

  /// What is to be read of a direction next.
  @inline(__always)
  func demand(of flow: FlowIndex, _ direction: Direction) -> Demand {
    let state = flows[flow]
    switch state[direction].phase {
    case .tunnel: return .nothing
    case .awaitingResponse: return .paused
    default: return state.isRoleUnknown || state.isResponding(direction) ? .responses : .requests
    }
  }

  /// The direction that requests travel in; nil as long as that is not known.
  func requestDirection(of flow: FlowIndex) -> Direction? {
    switch flows[flow].requests {
    case .unknown: nil
    case .forward: .forward
    case .backward: .backward
    }
  }

  /// Whether a direction stands inside a head.
  @inline(__always)
  func isInHead(_ flow: FlowIndex, _ direction: Direction) -> Bool { flows[flow][direction].phase == .head }

  /// Whether a connection is read as HTTP/2.
  func carriesFrames(_ flow: FlowIndex) -> Bool {
    flows[flow].forward.phase == .frames || flows[flow].backward.phase == .frames
  }

  /// Whether nothing that was read of a connection made any sense.
  func isUnknown(_ flow: FlowIndex) -> Bool {
    let state = flows[flow]
    return !state.hasHead && state.forward.phase == .desynchronized && state.backward.phase == .desynchronized
  }

  /// Whether a direction is read as HTTP/2.
  func isInFrames(_ flow: FlowIndex, _ direction: Direction) -> Bool {
    flows[flow][direction].phase == .frames
  }

  /// Whether a connection has left HTTP for good.
  func hasLeftHTTP(_ flow: FlowIndex) -> Bool {
    flows[flow].forward.phase == .tunnel && flows[flow].backward.phase == .tunnel
  }

  /// Whether a direction is inside a body of known length of which at least this many bytes are to come.
  func isInBody(_ flow: FlowIndex, _ direction: Direction, atLeast count: UInt64) -> Bool {
    flows[flow][direction].phase == .body && flows[flow][direction].remaining >= count
  }

  /// Bytes that a direction sends next and of which none is looked at: the rest of a body or of a chunk's data, or all
  /// that follows where the connection has left HTTP.
  func bodyAhead(_ flow: FlowIndex, _ direction: Direction) -> UInt64 {
    let half = flows[flow][direction]
    switch half.phase {
    case .body: return half.isBodyUncertain ? 0 : half.remaining
    case .chunked: return half.chunks.chunkRemaining
    case .tunnel: return .max
    default: return 0
    }
  }

  /// Bytes that may be left of what a direction is sending, where not all is delivered: of a body of known length those
  /// to come, of anything else up to 2^30.
  func unread(_ flow: FlowIndex, _ direction: Direction) -> UInt32 {
    let half = flows[flow][direction]
    switch half.phase {
    case .boundary: return 0
    case .body where !half.isBodyUncertain: return UInt32(clamping: min(half.remaining, 1 << 30))
    default: return 1 << 30
    }
  }

  /// Whether a chunk begins with the preface of HTTP/2 on a connection of HTTP/1, where a head may be due: its server
  /// refuses it at best, and anybody can send it.
  @inline(__always)
  func isLatePreface(_ chunk: Chunk, _ payload: RawSpan) -> Bool {
    guard payload.byteCount >= 4, payload.big32(0) == WireWord.preface else { return false }
    return isLatePreface(chunk, verdict: HeadStart.verdict(payload))
  }

  @inline(never)
  private func isLatePreface(_ chunk: Chunk, verdict: HeadStart.Verdict) -> Bool {
    let flow = flows[chunk.flow]
    guard case .http2 = verdict, flow.hasHead else { return false }
    switch flow[chunk.direction].phase {
    case .boundary, .desynchronized, .head: return true
    default: return false
    }
  }

  /// Whether one of a connection's directions is at the beginning of a long body, whose length is known.
  func isInLongBody(_ flow: FlowIndex) -> Bool {
    for direction in [Direction.forward, .backward] {
      let half = flows[flow][direction]
      if half.phase == .body, half.remaining > ExchangeLimits.longBody { return true }
    }
    return false
  }

  /// Reads on without the response that was waited for, which does not come.
  mutating func giveUpResponse(_ flow: FlowIndex, _ direction: Direction) {
    let half = flows[flow][direction]
    if half.phase == .awaitingResponse { half.desynchronize() }
  }

  /// Whether the next byte of a direction may begin a head.
  func isAtBoundary(_ flow: FlowIndex, _ direction: Direction) -> Bool {
    flows[flow][direction].phase == .boundary
  }

  /// Whether the last bytes of a direction made no sense, or are missing: the next head is looked for.
  func isDesynchronized(_ flow: FlowIndex, _ direction: Direction) -> Bool {
    flows[flow][direction].phase == .desynchronized
  }

  /// The bytes that HTTP/1 leaves of a chunk.
  enum Rest {
    /// Nothing that can be read.
    case none
    case frames
    /// The connection's first bytes, or those after a gap: frames, or anything else.
    case unknown
  }

  /// Whether HTTP/1 leaves something of a chunk that may be frames.
  @inline(__always)
  func hasRest(_ chunk: Chunk) -> Bool {
    switch flows[chunk.flow][chunk.direction].phase {
    case .frames, .desynchronized: true
    default: false
    }
  }

  func rest(of chunk: Chunk) -> Rest {
    switch flows[chunk.flow][chunk.direction].phase {
    case .frames: .frames
    case .desynchronized:
      (isStreams || chunk.kind == .stream) && !flows[chunk.flow].hasHead ? .unknown : .none
    default: .none
    }
  }

  /// Whether requests may travel in a direction, as far as is known.
  func mayRequest(_ flow: FlowIndex, _ direction: Direction) -> Bool { flows[flow].mayRequest(direction) }

  /// Leaves both directions to the reading of frames.
  mutating func beginFrames(_ flow: FlowIndex, requestsIn direction: Direction) {
    flows[flow].setRole(requestsIn: direction)
    flows[flow].hasHead = false
    flows[flow].member(\.forward).beginFrames()
    flows[flow].member(\.backward).beginFrames()
  }

  /// Takes both directions back; heads are looked for, but at the boundary in one of them.
  mutating func endFrames(_ flow: FlowIndex, atBoundary direction: Direction?) {
    flows[flow].member(\.forward).endFrames(atBoundary: direction == .forward)
    flows[flow].member(\.backward).endFrames(atBoundary: direction == .backward)
  }

  /// The other direction of one that has left HTTP leaves it too.
  mutating func leaveHTTP(_ flow: FlowIndex, _ direction: Direction) { flows[flow][direction].leaveHTTP() }
}

// MARK: - Chunks

extension MessageReader {
  /// Continues after bytes that will not come: they may have been body. A head in the making has been ended.
  mutating func skip(_ flow: FlowIndex, _ direction: Direction, _ gap: UInt64) {
    flows[flow].skip(gap, direction)
  }

  /// Whether nothing that was read explains a gap before a chunk; `isWaiting` tells that others are held.
  func isUnexplained(_ gap: UInt32, before chunk: Chunk, isWaiting: Bool) -> Bool {
    flows[chunk.flow].isUnexplained(gap, before: chunk, isWaiting: isWaiting)
  }

  /// Looks for the next head of a direction, wherever its reading stands; false where it has left HTTP/1. A head in the
  /// making has been ended.
  mutating func restart(_ flow: FlowIndex, _ direction: Direction) -> Bool {
    let half = flows[flow][direction]
    switch half.phase {
    case .tunnel, .frames, .head: return false
    default:
      half.desynchronize()
      return true
    }
  }

  /// Decides what a gap before a chunk means, where gaps are normal: the kernel passes no bodies.
  mutating func passGap(of gap: UInt32, before chunk: Chunk, _ hint: PairingHint) -> GapMeaning {
    flows[chunk.flow].passGap(of: gap, before: chunk, hint)
  }

  /// Whether the hint is needed to read a chunk.
  @inline(__always)
  func needsHint(_ chunk: Chunk, _ payload: RawSpan) -> Bool { flows[chunk.flow].needsHint(chunk, payload) }

  /// Passes over bytes that begin no head where one was due; `reading.hint` is needed.
  mutating func passStray(_ chunk: Chunk, _ payload: RawSpan, _ reading: inout ChunkReading) {
    flows[chunk.flow].passStray(chunk, payload, &reading)
  }

  /// Passes over a chunk that lies within a body of known length and cannot begin a head, as most of all segments do;
  /// false for any other one. It comes to the same as `findHead`, without a reading.
  @inline(__always)
  mutating func passBody(_ chunk: Chunk, _ payload: RawSpan) -> Bool {
    let half = flows[chunk.flow][chunk.direction]
    let length = UInt64(chunk.length)
    guard half.phase == .body, !half.isBodyUncertain, length <= half.remaining,
      // Not `!=`, which is a generic call.
      !(chunk.kind == .start || HeadLooks.mayBeHead(payload))
    else { return false }
    half.passBody(length)
    return true
  }

  /// Passes over a chunk's bytes as far as the next head may begin or continues; false at the chunk's end.
  @inline(__always)
  mutating func findHead(_ chunk: Chunk, _ payload: RawSpan, _ reading: inout ChunkReading) -> Bool {
    // Ordinary segments are a head, and are over with it.
    if reading.offset >= Int(chunk.length) { return false }
    let flow = flows[chunk.flow]
    if flow[chunk.direction].phase == .boundary { return true }
    return flow.passToHead(chunk, payload, &reading, isStreams: isStreams)
  }

  /// Reads the head that `findHead` has found, or continues it.
  @inline(__always)
  mutating func readHead(
    _ chunk: Chunk, _ payload: RawSpan, _ reading: inout ChunkReading, into head: inout MessageHead
  ) -> ReadingStep {
    heads.read(chunk, payload, of: flows[chunk.flow], &reading, into: &head)
  }

  /// Ends a head whose rest will not come: it counts by its start line, if that is whole. True for a head that counts.
  mutating func cutHead(_ chunk: Chunk, _ reading: inout ChunkReading, into head: inout MessageHead) -> Bool {
    heads.cut(chunk, of: flows[chunk.flow], &reading, into: &head)
  }

  /// Decides what follows a response, and what it decides for the requests' direction; true when the connection
  /// leaves HTTP.
  @inline(__always)
  mutating func follow(
    _ head: MessageHead, answering request: AnsweredRequest?, _ chunk: Chunk, isLate: Bool
  ) -> Bool {
    flows[chunk.flow].follow(head, answering: request, chunk.direction, late: isLate ? late.half : nil)
  }

  /// Prepares for a late chunk; false when no head is to be looked for in it.
  mutating func beginLate(_ chunk: Chunk, _ payload: RawSpan) -> Bool {
    late.begin(payload, of: flows[chunk.flow], chunk.direction)
  }

  /// Reads the next whole head of a late chunk, with the body before it; false when there is none.
  mutating func readLateHead(
    _ chunk: Chunk, _ payload: RawSpan, _ reading: inout ChunkReading, into head: inout MessageHead
  ) -> Bool {
    late.read(chunk, payload, of: flows[chunk.flow], &reading, into: &head)
  }

  /// The number of segments counted as continuations for the head in the making.
  func headSegments(_ flow: FlowIndex, _ direction: Direction) -> Int32 {
    flows[flow][direction].headSegments
  }

  /// The pool whose bytes are those of a stored head just read.
  func storedBytes(_ stored: StoredHead) -> BlockPool { heads.pool(of: stored) }

  /// The number of heads in the making.
  var storedHeads: Int { heads.stored }
}
