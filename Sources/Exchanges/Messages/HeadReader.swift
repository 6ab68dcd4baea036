// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import HTTP2
import System
import Text

/// Reads the heads of messages out of chunks, and keeps those that come in several.
///
/// Which direction of a flow a head belongs to comes with each call; only the bytes kept are its own.
struct HeadReader: ~Copyable {
  private var store: HeadStore
  private let isStreams: Bool

  init(store: consuming HeadStore, isStreams: Bool) {
    self.store = store
    self.isStreams = isStreams
  }

  /// Whether all that follows a chunk comes too: bodies are captured, not heads alone.
  @inline(__always)
  private func isWhole(_ chunk: Chunk) -> Bool { isStreams || chunk.kind == .stream }

  /// Whether a chunk's bytes may be the first of its direction: at depth auto no SYN says which are.
  @inline(__always)
  private func mayBeFirst(_ chunk: Chunk, _ half: ElementRef<MessageHalf>) -> Bool {
    isStreams ? half.phase == .boundary : chunk.kind == .stream
  }

  /// The number of heads in the making.
  var stored: Int { store.used }

  /// The pool whose bytes are those of a stored head just read.
  func pool(of stored: StoredHead) -> BlockPool { store.pool(of: stored) }

  /// Reads the head that the search has found, or continues it.
  mutating func read(
    _ chunk: Chunk, _ payload: RawSpan, of flow: ElementRef<MessageFlow>, _ reading: inout ChunkReading,
    into head: inout MessageHead
  ) -> ReadingStep {
    let half = flow[chunk.direction]
    if half.phase == .head { return resume(chunk, payload, of: flow, &reading, into: &head) }
    let length = Int(chunk.length), captured = payload.byteCount, offset = reading.offset
    reading.offset = length
    guard offset < captured else {
      // The rest was not captured, so nobody knows where the next head begins.
      reading.isCutAtBoundary = true
      half.desynchronize()
      return .none
    }
    let bytes = payload.slice(offset, captured)
    reading.headOffset = offset
    reading.headStart = chunk.sequence &+ UInt32(offset)
    reading.isInStep = half.phase == .boundary
    switch HeadStart.verdict(bytes) {
    case .http2: return readPreface(chunk, bytes, of: flow, half, &reading)
    case .none where mayBeFirst(chunk, half) && !flow.hasHead && !reading.isLate:
      if isStreams, flow.isResponding(chunk.direction), ConnectionPreface.isServers(bytes) {
        return .preface(isClient: false)
      }
      let header = ProxyHeader.length(bytes)
      if header > 0 {
        // A proxy's header before a connection's first bytes is none of its client's.
        reading.offset = offset &+ header
        half.endMessage()
        return .proxyHeader
      }
    default: break
    }
    switch HeadParser.parse(bytes, into: &head) {
    case .complete:
      reading.offset = offset &+ head.length
      return flow.accept(head, chunk, half, &reading, isStreams: isWhole(chunk)) ? .head : .none
    case .incomplete:
      return begin(chunk, bytes, of: flow, &reading, isCut: captured < length, into: &head)
    case .invalid:
      if reading.isInStep { return .stray }
      reading.outcome.isUnparseable = true
      half.desynchronize()
      return .none
    }
  }

  /// Reads HTTP/2's preface where a head would begin; apart, since it comes once a connection.
  @inline(never)
  private func readPreface(
    _ chunk: Chunk, _ bytes: RawSpan, of flow: ElementRef<MessageFlow>, _ half: ElementRef<MessageHalf>,
    _ reading: inout ChunkReading
  ) -> ReadingStep {
    // At depth auto the first piece of a preface that comes in pieces shows that its connection passes whole.
    let isPiece = chunk.kind == .stream && bytes.byteCount < ConnectionPreface.length
    if !flow.hasHead, !reading.isLate,
      half.phase == .boundary || isPiece || ConnectionPreface.isClients(bytes)
    {
      return .preface(isClient: true)
    }
    // Not as a connection's first bytes: servers answer with an error.
    reading.outcome.isUnparseable = true
    half.desynchronize()
    return .none
  }

  /// Keeps the first bytes of a head, or accepts it by its start line where its rest does not come; apart, since most
  /// heads come whole.
  ///
  /// - Parameter isCut: whether the chunk was captured in part.
  @inline(never)
  private mutating func begin(
    _ chunk: Chunk, _ bytes: RawSpan, of flow: ElementRef<MessageFlow>, _ reading: inout ChunkReading,
    isCut: Bool, into head: inout MessageHead
  ) -> ReadingStep {
    let half = flow[chunk.direction]
    if HeadLooks.isEmptyLines(bytes) { return .none }
    // A server sends status lines alone, so the beginning of any other line is none of a head's.
    if reading.isInStep, flow.isResponding(chunk.direction), !StatusLine.mayBegin(bytes) { return .stray }
    if !isCut, isWhole(chunk) || head.kind.isRequest || !HeadParser.hasStartLine(head) {
      let owner = HeadOwner(flow: chunk.flow, direction: chunk.direction, isAnswered: flow.hasAnswer)
      if let stored = store.begin(bytes, of: owner) {
        let segments: Int32 = chunk.isFirst && reading.outcome.heads == 0 ? 1 : 0
        half.beginHead(stored, at: reading.headStart, isInStep: reading.isInStep, segments: segments)
        reading.outcome.hasPartialHead = true
        return .none
      }
      if mayEvict(for: bytes.byteCount, owner, &reading) {
        reading.offset = reading.headOffset
        return .noRoom
      }
    }
    return acceptStartLine(&head, chunk, of: flow, &reading) ? .head : .none
  }

  /// Continues a head in the making; apart, since it refers to a pool, which is counted.
  @inline(never)
  private mutating func resume(
    _ chunk: Chunk, _ payload: RawSpan, of flow: ElementRef<MessageFlow>, _ reading: inout ChunkReading,
    into head: inout MessageHead
  ) -> ReadingStep {
    let half = flow[chunk.direction]
    let length = Int(chunk.length), captured = min(payload.byteCount, length), offset = reading.offset
    reading.offset = length
    let old = Int(half.stored.count)
    guard offset < captured, store.append(payload.slice(offset, captured), to: half.member(\.stored)) else {
      let owner = HeadOwner(flow: chunk.flow, direction: chunk.direction, isAnswered: flow.hasAnswer)
      if offset < captured, mayEvict(for: old &+ captured &- offset, owner, &reading) {
        reading.offset = offset
        return .noRoom
      }
      return cut(chunk, of: flow, &reading, into: &head) ? .storedHead : .none
    }
    let stored = half.stored
    guard let block = stored.block.index else { return .none }
    let pool = store.pool(of: stored)
    let bytes = pool.bytes(of: block, count: Int(stored.count))
    // The preface came in pieces: as a head it would be whole with its first empty line.
    if old < 18, stored.count >= 18, !flow.hasHead, half.isHeadInStep,
      HeadStart.verdict(bytes) == .http2
    {
      noteStored(half, &reading)
      half.endHead(isWhole: true)
      reading.offset = offset &+ min(Int(stored.count), ConnectionPreface.length) &- old
      return .storedPreface
    }
    let end = ByteScan.headEnd(in: bytes, from: max(0, old &- 2))
    switch end >= 0 || old < 128 ? HeadParser.parse(bytes, into: &head) : .incomplete {
    case .complete:
      noteStored(half, &reading)
      half.endHead(isWhole: true)
      reading.offset = offset &+ head.length &- old
      return flow.accept(head, chunk, half, &reading, isStreams: isWhole(chunk)) ? .storedHead : .none
    case .invalid:
      noteStored(half, &reading)
      half.endHead(isWhole: false)
      reading.outcome.isUnparseable = true
      return .none
    case .incomplete:
      reading.outcome.hasPartialHead = true
      if chunk.isFirst, reading.outcome.heads == 0 { half.headSegments &+= 1 }
      let isFull = Int(stored.count) == HeadParser.maximumLength
      let isOver = !isWhole(chunk) && !head.kind.isRequest && HeadParser.hasStartLine(head)
      guard captured < length || isFull || isOver else { return .none }
      return cut(chunk, of: flow, &reading, into: &head) ? .storedHead : .none
    }
  }

  /// Finds the head that gives way to one of `count` bytes; false when none does. Once a chunk, lest it begin again.
  private func mayEvict(for count: Int, _ owner: HeadOwner, _ reading: inout ChunkReading) -> Bool {
    guard !reading.hasEvicted, let found = store.nextToEvict(for: count, isAnswered: owner.isAnswered) else {
      return false
    }
    reading.hasEvicted = true
    reading.evicted = found
    return true
  }

  /// Notes that a stored head is now one of another connection.
  mutating func move(_ stored: StoredHead, to owner: HeadOwner) { store.move(stored, to: owner) }

  /// Ends a head whose rest will not come: it counts by its start line, if that is whole. True for a head that counts.
  mutating func cut(
    _ chunk: Chunk, of flow: ElementRef<MessageFlow>, _ reading: inout ChunkReading,
    into head: inout MessageHead
  ) -> Bool {
    let half = flow[chunk.direction]
    let stored = half.stored
    guard half.phase == .head, let block = stored.block.index else { return false }
    head = MessageHead()
    let pool = store.pool(of: stored)
    let verdict = HeadParser.parse(pool.bytes(of: block, count: Int(stored.count)), into: &head)
    noteStored(half, &reading)
    half.endHead(isWhole: false)
    guard verdict != .invalid, HeadParser.hasStartLine(head) else { return false }
    head.length = 0
    return flow.accept(head, chunk, half, &reading, isStreams: isWhole(chunk))
  }

  /// Takes a head without its end into account by its start line, if that is whole.
  private mutating func acceptStartLine(
    _ head: inout MessageHead, _ chunk: Chunk, of flow: ElementRef<MessageFlow>, _ reading: inout ChunkReading
  ) -> Bool {
    let half = flow[chunk.direction]
    if HeadParser.hasStartLine(head) {
      head.length = 0
      return flow.accept(head, chunk, half, &reading, isStreams: isWhole(chunk))
    }
    half.desynchronize()
    return false
  }

  /// Notes where the head in the making lies, whose block is given back.
  private mutating func noteStored(_ half: ElementRef<MessageHalf>, _ reading: inout ChunkReading) {
    reading.stored = half.stored
    reading.headStart = half.headStart
    reading.isInStep = half.isHeadInStep
    store.release(reading.stored)
  }
}
