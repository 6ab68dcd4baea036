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
  /// What late heads are read into.
  private var late = FixedArray<Int, MessageHalf>(zeroed: 1)
  private let store: HeadStore
  private let isStreams: Bool

  init(limits: ExchangeLimits, isStreams: Bool) {
    flows = FixedArray(zeroed: limits.flows)
    store = HeadStore(smallHeads: limits.smallHeads, largeHeads: limits.largeHeads)
    self.isStreams = isStreams
  }

  @inline(__always)
  private func half(_ chunk: Chunk) -> ElementRef<MessageHalf> { flows[chunk.flow][chunk.direction] }
}

// MARK: - Flows

extension MessageReader {
  /// Forgets what is known of a connection that has no head in the making.
  mutating func reset(_ flow: FlowIndex) { flows[flow].value = MessageFlow() }

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
  mutating func begin(_ flow: FlowIndex, _ direction: Direction) {
    flows[flow][direction].start(atBoundary: false)
  }

  /// Moves what is known of a direction to another flow.
  mutating func move(_ flow: FlowIndex, _ direction: Direction, to other: FlowIndex, _ target: Direction) {
    let half = flows[flow][direction]
    flows[other][target].value = half.value
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

  /// Reads on without the response that was waited for, which does not come.
  mutating func giveUpResponse(_ flow: FlowIndex, _ direction: Direction) {
    let half = flows[flow][direction]
    if half.phase == .awaitingResponse { half.desynchronize() }
  }

  /// The other direction of one that has left HTTP leaves it too.
  mutating func leaveHTTP(_ flow: FlowIndex, _ direction: Direction) { flows[flow][direction].leaveHTTP() }
}

// MARK: - Gaps

extension MessageReader {
  /// Goes on after bytes that will not come: they may have been body. A head in the making has been ended.
  mutating func skip(_ flow: FlowIndex, _ direction: Direction, _ gap: UInt64) {
    let half = flows[flow][direction]
    switch half.phase {
    case .body where half.remaining >= gap: half.passBody(gap)
    case .chunked:
      var chunks = half.chunks
      if chunks.skip(gap) { half.chunks = chunks } else { half.desynchronize() }
    case .untilClose, .tunnel: break
    case .body, .boundary, .desynchronized, .awaitingResponse, .head: half.desynchronize()
    }
  }

  /// Decides what a gap before a chunk means, where gaps are normal: the kernel passes no bodies.
  mutating func passGap(of gap: UInt32, before chunk: Chunk, _ hint: PairingHint) -> GapMeaning {
    let half = half(chunk)
    switch half.phase {
    case .body:
      // A head-like line inside a body is body.
      if UInt64(gap) < half.remaining { return .isBody(looksLikeHead: chunk.kind == .start) }
      let rest = half.remaining
      half.passBody(rest)
      if UInt64(gap) > rest { half.desynchronize() }
      return .endsBody(UInt32(truncatingIfNeeded: rest))
    case .head:
      guard chunk.kind == .continuation else { return .endsHead }
      return gap < UInt32(HeadParser.maximumLength) ? .insideHead : .beyondHead
    case .tunnel: return .isBody(looksLikeHead: false)
    case .chunked, .untilClose:
      guard chunk.kind == .start else { return .isBody(looksLikeHead: false) }
      if !mayStartHead(chunk, hint) { return .isBody(looksLikeHead: true) }
    case .boundary, .desynchronized, .awaitingResponse:
      guard chunk.kind == .start else { return .isBody(looksLikeHead: false) }
    }
    half.desynchronize()
    return .unknown
  }

  /// Whether the hint is needed to read a chunk: a body without a known length is being read.
  @inline(__always)
  func needsHint(_ chunk: Chunk) -> Bool {
    switch half(chunk).phase {
    case .untilClose, .chunked: true
    default: false
    }
  }

  /// Whether a head may begin here although a body without a known length is being read.
  ///
  /// A response that nobody waits for is body; so is a request sent before the answer to the one
  /// whose body this is.
  private func mayStartHead(_ chunk: Chunk, _ hint: PairingHint) -> Bool {
    if flows[chunk.flow].isResponding(chunk.direction) {
      guard let other = hint.otherPosition else { return true }
      if hint.isWaiting {
        // The client had read up to here when it asked again: the body was over by then.
        return !hint.hasLastAcknowledgement
          || SequenceNumber.distance(chunk.sequence, from: hint.lastAcknowledgement) >= 0
      }
      return chunk.hasAcknowledgement && SequenceNumber.distance(chunk.acknowledgement, from: other) > 0
    }
    guard hint.isWaiting else { return true }
    return chunk.hasAcknowledgement && hint.lastAcknowledgement != chunk.acknowledgement
  }
}

// MARK: - Chunks

extension MessageReader {
  /// Passes over a chunk's bytes as far as the next head may begin or continues; false at the chunk's end.
  @inline(__always)
  mutating func findHead(_ chunk: Chunk, _ payload: RawSpan, _ reading: inout ChunkReading) -> Bool {
    // Ordinary segments are a head, and are over with it.
    if reading.offset >= Int(chunk.length) { return false }
    if half(chunk).phase == .boundary { return true }
    return passToHead(chunk, payload, &reading)
  }

  private mutating func passToHead(
    _ chunk: Chunk, _ payload: RawSpan, _ reading: inout ChunkReading
  ) -> Bool {
    let half = half(chunk)
    let length = Int(chunk.length)
    var offset = reading.offset
    while offset < length {
      switch half.phase {
      case .boundary, .head:
        reading.offset = offset
        return true
      case .desynchronized:
        if offset == 0, chunk.kind == .start || HeadLooks.beginsLikeHead(payload) {
          reading.offset = 0
          return true
        }
        return false
      case .body:
        if half.isBodyUncertain, offset == 0, HeadLooks.beginsLikeStatus(payload) {
          half.desynchronize()
          continue
        }
        if offset == 0, HeadLooks.isFalseHead(chunk, payload) { reading.outcome.isFalseHead = true }
        let count = min(half.remaining, UInt64(length &- offset))
        half.passBody(count)
        offset &+= Int(count)
      case .chunked:
        if offset == 0, HeadLooks.isFalseHead(chunk, payload) { reading.outcome.isFalseHead = true }
        offset = half.readChunks(payload, from: offset, length: length)
      case .untilClose:
        if offset == 0, HeadLooks.beginsLikeHead(payload) {
          if mayStartHead(chunk, reading.hint) {
            half.desynchronize()
            continue
          }
          reading.outcome.isFalseHead = true
        }
        return false
      case .awaitingResponse:
        // What the response will decide about came too early to tell: it is not read.
        guard offset == 0, !isStreams else { return false }
        half.desynchronize()
      case .tunnel: return false
      }
    }
    return false
  }

  /// Reads the head that `findHead` has found, or continues it.
  mutating func readHead(
    _ chunk: Chunk, _ payload: RawSpan, _ reading: inout ChunkReading, into head: inout MessageHead
  ) -> ReadingStep {
    let half = half(chunk)
    if half.phase == .head { return continueHead(chunk, payload, &reading, into: &head) }
    let length = Int(chunk.length), captured = payload.byteCount, offset = reading.offset
    reading.offset = length
    guard offset < captured else {
      // The rest was not captured, so nobody knows where the next head begins.
      half.desynchronize()
      return .none
    }
    let bytes = payload.slice(offset, captured)
    reading.headOffset = offset
    reading.headStart = chunk.sequence &+ UInt32(offset)
    reading.isInStep = half.phase == .boundary
    if HeadStart.verdict(bytes) == .http2 {
      half.leaveHTTP()
      return .leftHTTP
    }
    switch HeadParser.parse(bytes, into: &head) {
    case .complete:
      reading.offset = offset &+ head.length
      return accept(head, chunk, half, &reading) ? .head : .none
    case .incomplete:
      if HeadLooks.isEmptyLines(bytes) { return .none }
      let isCut = captured < length
      if !isCut, isStreams || head.kind.isRequest || !HeadParser.hasStartLine(head) {
        if let stored = store.begin(bytes) {
          let segments: Int32 = chunk.isFirst && reading.outcome.heads == 0 ? 1 : 0
          half.beginHead(stored, at: reading.headStart, isInStep: reading.isInStep, segments: segments)
          reading.outcome.hasPartialHead = true
          return .none
        }
      }
      return acceptStartLine(&head, chunk, half, &reading) ? .head : .none
    case .invalid:
      reading.outcome.isUnparseable = true
      half.desynchronize()
      return .none
    }
  }

  /// Goes on with a head in the making; apart, since it refers to a pool, which is counted.
  @inline(never)
  private mutating func continueHead(
    _ chunk: Chunk, _ payload: RawSpan, _ reading: inout ChunkReading, into head: inout MessageHead
  ) -> ReadingStep {
    let half = half(chunk)
    let length = Int(chunk.length), captured = min(payload.byteCount, length), offset = reading.offset
    reading.offset = length
    let old = Int(half.stored.count)
    guard offset < captured, store.append(payload.slice(offset, captured), to: half.member(\.stored)) else {
      return cutHead(chunk, &reading, into: &head) ? .storedHead : .none
    }
    let stored = half.stored
    guard let block = stored.block.index else { return .none }
    let pool = store.pool(of: stored)
    let bytes = pool.bytes(of: block, count: Int(stored.count))
    let end = ByteScan.headEnd(in: bytes, from: max(0, old &- 2))
    switch end >= 0 || old < 128 ? HeadParser.parse(bytes, into: &head) : .incomplete {
    case .complete:
      noteStored(half, &reading)
      half.endHead(isWhole: true)
      reading.offset = offset &+ head.length &- old
      return accept(head, chunk, half, &reading) ? .storedHead : .none
    case .invalid:
      noteStored(half, &reading)
      half.endHead(isWhole: false)
      reading.outcome.isUnparseable = true
      return .none
    case .incomplete:
      reading.outcome.hasPartialHead = true
      if chunk.isFirst, reading.outcome.heads == 0 { half.headSegments &+= 1 }
      let isFull = Int(stored.count) == HeadParser.maximumLength
      let isOver = !isStreams && !head.kind.isRequest && HeadParser.hasStartLine(head)
      guard captured < length || isFull || isOver else { return .none }
      return cutHead(chunk, &reading, into: &head) ? .storedHead : .none
    }
  }

  /// Ends a head whose rest will not come: it counts by its start line, if that is whole. True for a head that counts.
  mutating func cutHead(_ chunk: Chunk, _ reading: inout ChunkReading, into head: inout MessageHead) -> Bool {
    let half = half(chunk)
    let stored = half.stored
    guard half.phase == .head, let block = stored.block.index else { return false }
    head = MessageHead()
    let pool = store.pool(of: stored)
    let verdict = HeadParser.parse(pool.bytes(of: block, count: Int(stored.count)), into: &head)
    noteStored(half, &reading)
    half.endHead(isWhole: false)
    guard verdict != .invalid, HeadParser.hasStartLine(head) else { return false }
    head.length = 0
    return accept(head, chunk, half, &reading)
  }

  /// The number of segments counted as continuations for the head in the making.
  func headSegments(_ flow: FlowIndex, _ direction: Direction) -> Int32 {
    flows[flow][direction].headSegments
  }

  /// The pool whose bytes are those of a stored head just read.
  func storedBytes(_ stored: StoredHead) -> BlockPool { store.pool(of: stored) }

  /// The number of heads in the making.
  var storedHeads: Int { store.used }

  /// Notes where the head in the making lies, whose block is given back.
  private func noteStored(_ half: ElementRef<MessageHalf>, _ reading: inout ChunkReading) {
    reading.stored = half.stored
    reading.headStart = half.headStart
    reading.isInStep = half.isHeadInStep
    store.release(reading.stored)
  }
}

// MARK: - Messages

extension MessageReader {
  /// Takes a head into account, if it may travel here; for a request, decides where the next head begins.
  @inline(__always)
  private func accept(
    _ head: MessageHead, _ chunk: Chunk, _ half: ElementRef<MessageHalf>, _ reading: inout ChunkReading
  ) -> Bool {
    let flow = flows[chunk.flow]
    let isRequest = head.kind.isRequest
    guard isRequest ? flow.mayRequest(chunk.direction) : flow.mayRespond(chunk.direction) else {
      reading.outcome.isFalseHead = true
      half.desynchronize()
      return false
    }
    if flow.isRoleUnknown { flow.setRole(requestsIn: isRequest ? chunk.direction : chunk.direction.opposite) }
    reading.outcome.heads &+= 1
    if isRequest { half.follow(request: head, isStreams: isStreams) }
    return true
  }

  /// Takes a head without its end into account by its start line, if that is whole.
  private func acceptStartLine(
    _ head: inout MessageHead, _ chunk: Chunk, _ half: ElementRef<MessageHalf>, _ reading: inout ChunkReading
  ) -> Bool {
    if HeadParser.hasStartLine(head) {
      head.length = 0
      return accept(head, chunk, half, &reading)
    }
    half.desynchronize()
    return false
  }

  /// Decides what follows a response, and what it decides for the requests' direction (RFC 9112, section 6.3);
  /// true when the connection leaves HTTP.
  mutating func follow(
    _ head: MessageHead, answering request: AnsweredRequest?, _ chunk: Chunk, isLate: Bool
  ) -> Bool {
    let flow = flows[chunk.flow]
    let half = isLate ? late[0] : flow[chunk.direction]
    let status = head.status
    let isSuccess = status / 100 == 2
    if status == 101 || (request?.isConnect == true && isSuccess) {
      if head.length == 0 { half.desynchronize() } else { half.leaveHTTP() }
      return true
    }
    if status < 200 {
      if head.length == 0 { half.desynchronize() } else { half.endMessage() }
      return false
    }
    // A late response decides nothing about what the other direction is doing now.
    if !isLate, let request, request.isConnect || request.isUpgrade {
      let other = flow[chunk.direction.opposite]
      // The server kept to HTTP/1: more requests may follow.
      if other.phase == .awaitingResponse { other.stayInHTTP() }
    }
    if head.length == 0 {
      half.desynchronize()
      return false
    }
    if status == 204 || status == 304 || request?.isHead == true {
      half.endMessage()
      return false
    }
    half.trustBody(request != nil)
    half.readBody(of: head)
    return false
  }
}

// MARK: - Late chunks

extension MessageReader {
  /// Prepares for a late chunk; false when no head is to be looked for in it.
  mutating func beginLate(_ chunk: Chunk, _ payload: RawSpan) -> Bool {
    guard HeadLooks.beginsLikeHead(payload), half(chunk).phase != .tunnel else { return false }
    late[0].value = MessageHalf()
    late[0].start(atBoundary: true)
    return true
  }

  /// Reads the next whole head of a late chunk, with the body before it; false when there is none.
  mutating func readLateHead(
    _ chunk: Chunk, _ payload: RawSpan, _ reading: inout ChunkReading, into head: inout MessageHead
  ) -> Bool {
    let half = late[0]
    if half.phase == .body, half.remaining <= UInt64(payload.byteCount &- reading.offset) {
      reading.offset &+= Int(half.remaining)
      let rest = half.remaining
      half.passBody(rest)
    }
    let offset = reading.offset
    guard offset < payload.byteCount, half.phase == .boundary,
      HeadParser.parse(payload.slice(offset, payload.byteCount), into: &head) == .complete
    else { return false }
    reading.headOffset = offset
    reading.headStart = chunk.sequence &+ UInt32(offset)
    reading.isInStep = false
    reading.offset = offset &+ head.length
    return accept(head, chunk, half, &reading)
  }
}
