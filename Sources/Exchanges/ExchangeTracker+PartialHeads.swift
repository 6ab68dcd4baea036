// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System

/// Heads that come in more than one segment: their bytes are kept until the head ends.
extension ExchangeTracker {
  /// Keeps the beginning of a head; returns where reading goes on.
  mutating func beginHead(
    _ piece: StreamPiece, _ bytes: RawSpan, _ offset: Int, _ isInStep: Bool, _ half: Place<HalfStream>,
    _ outcome: inout PieceOutcome
  ) -> Int {
    let isLarge = bytes.byteCount > smallHeads.blockSize
    // Not by a reference to either pool: that would be counted.
    guard bytes.byteCount <= (isLarge ? largeHeads.blockSize : smallHeads.blockSize),
      let block = isLarge ? largeHeads.take() : smallHeads.take()
    else {
      return cutHead(piece, bytes, offset, isInStep, half, &outcome)
    }
    half.phase = .head
    half.headBlock = block
    half.isHeadLarge = isLarge
    half.isContiguous = isInStep
    half.headSize = Int32(
      isLarge ? largeHeads.write(bytes, to: block, at: 0) : smallHeads.write(bytes, to: block, at: 0))
    half.headStart = piece.sequence &+ UInt32(offset)
    half.headSegments = outcome.heads == 0 ? 1 : 0
    outcome.hasPartialHead = true
    return Int(piece.length)
  }

  /// Goes on with a head in the making; returns where reading goes on.
  mutating func continueHead(
    _ piece: StreamPiece, _ payload: RawSpan, _ offset: Int, _ half: Place<HalfStream>,
    _ outcome: inout PieceOutcome
  ) -> Int {
    let length = Int(piece.length), captured = min(payload.byteCount, length)
    let old = Int(half.headSize)
    guard offset < captured, makeRoom(captured &- offset, half) else {
      endHead(piece, half, &outcome)
      return length
    }
    let pool = half.isHeadLarge ? largeHeads : smallHeads
    let block = half.headBlock
    let written = pool.write(payload.slice(offset, captured), to: block, at: old)
    half.headSize = Int32(old &+ written)
    let bytes = pool.bytes(of: block, count: old &+ written)
    let end = ByteScan.headEnd(in: bytes, from: max(0, old &- 2))
    var head = MessageHead()
    let verdict = end >= 0 || old < 128 ? HeadParser.parse(bytes, into: &head) : .incomplete
    switch verdict {
    case .complete:
      let headEnd = head.length
      let isInStep = half.isContiguous
      let start = half.headStart
      release(half)
      half.phase = .boundary
      half.headSegments = 0
      deliver(head, bytes, piece, start, isInStep, half, &outcome)
      return offset &+ headEnd &- old
    case .invalid:
      release(half)
      half.phase = .lost
      half.headSegments = 0
      outcome.isUnparseable = true
      return length
    case .incomplete:
      outcome.hasPartialHead = true
      if outcome.heads == 0 { half.headSegments &+= 1 }
      let isFull = old &+ written == HeadParser.maximumLength
      if captured < length || isFull
        || (!isStreams && !head.kind.isRequest && HeadParser.hasStartLine(head))
      {
        endHead(piece, half, &outcome)
      }
      return length
    }
  }

  /// Ends a head whose rest will not come: it counts by its start line, if that is whole.
  mutating func endHead(_ flow: Int32, _ isForward: Bool) {
    guard flows[flow][isForward].phase == .head else { return }
    let half = flows[flow][isForward]
    let piece = StreamPiece(
      flow: flow, isForward: isForward, kind: .continuation, hasAcknowledgement: false,
      sequence: half.next, acknowledgement: 0, length: 0, time: flows[flow].lastSeen)
    var outcome = PieceOutcome()
    let segments = half.headSegments
    endHead(piece, half, &outcome)
    if outcome.heads > 0 {
      // No segment is at hand to be the head's: the last one that carried a part of it is.
      if segments > 0 {
        counters.continuations &-= 1
        counters.headSegments &+= 1
      } else {
        counters.pipelinedHeads &+= 1
      }
    }
  }

  private mutating func endHead(
    _ piece: StreamPiece, _ half: Place<HalfStream>, _ outcome: inout PieceOutcome
  ) {
    let pool = half.isHeadLarge ? largeHeads : smallHeads
    let bytes = pool.bytes(of: half.headBlock, count: Int(half.headSize))
    var head = MessageHead()
    let verdict = HeadParser.parse(bytes, into: &head)
    let start = half.headStart
    release(half)
    half.phase = .lost
    half.headSegments = 0
    if verdict != .invalid, HeadParser.hasStartLine(head) {
      head.length = 0
      deliver(head, bytes, piece, start, half.isContiguous, half, &outcome)
    }
    half.phase = .lost
  }

  /// Delivers a head for whose bytes there is no room by its start line.
  private mutating func cutHead(
    _ piece: StreamPiece, _ bytes: RawSpan, _ offset: Int, _ isInStep: Bool, _ half: Place<HalfStream>,
    _ outcome: inout PieceOutcome
  ) -> Int {
    var head = MessageHead()
    if HeadParser.parse(bytes, into: &head) == .incomplete, HeadParser.hasStartLine(head) {
      head.length = 0
      deliver(head, bytes, piece, piece.sequence &+ UInt32(offset), isInStep, half, &outcome)
    }
    half.phase = .lost
    return Int(piece.length)
  }

  /// Moves a head to a large block when the small one cannot take `count` bytes more.
  private mutating func makeRoom(_ count: Int, _ half: Place<HalfStream>) -> Bool {
    let size = Int(half.headSize)
    if half.isHeadLarge { return size < largeHeads.blockSize }
    if size &+ count <= smallHeads.blockSize { return true }
    guard let block = largeHeads.take() else { return false }
    _ = largeHeads.write(smallHeads.bytes(of: half.headBlock, count: size), to: block, at: 0)
    smallHeads.give(half.headBlock)
    half.headBlock = block
    half.isHeadLarge = true
    return true
  }

  /// Gives the block of a head back. Its bytes stay readable until the next head takes the block.
  private mutating func release(_ half: Place<HalfStream>) {
    guard half.headBlock >= 0 else { return }
    (half.isHeadLarge ? largeHeads : smallHeads).give(half.headBlock)
    half.headBlock = -1
    half.headSize = 0
  }
}
