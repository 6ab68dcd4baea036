// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System

/// Bytes behind the point reached that were never read: reading had gone on without them.
extension ExchangeTracker {
  /// Counts the whole heads in a late segment; the direction's state stays as it is.
  mutating func readLate(_ piece: StreamPiece, _ payload: RawSpan) {
    var outcome = readLateHeads(piece, payload)
    if outcome.heads == 0, piece.kind == .start { outcome.isUnparseable = true }
    classify(outcome)
    flows[piece.flow][piece.isForward].coverage.add(piece.sequence, piece.end)
  }

  /// Reads heads with their bodies as far as they lie in the piece.
  mutating func readLateHeads(_ piece: StreamPiece, _ payload: RawSpan) -> PieceOutcome {
    var outcome = PieceOutcome()
    guard beginsLikeHead(payload), flows[piece.flow][piece.isForward].phase != .tunnel else { return outcome }
    let half = lateHalf.place(0)
    half.value = HalfStream()
    half.isKnown = true
    half.phase = .boundary
    var offset = 0
    while offset < payload.byteCount, half.phase == .boundary {
      var head = MessageHead()
      let bytes = payload.slice(offset, payload.byteCount)
      guard HeadParser.parse(bytes, into: &head) == .complete else { break }
      let before = flows[piece.flow][!piece.isForward].phase
      deliver(head, bytes, piece, piece.sequence &+ UInt32(offset), false, half, &outcome)
      // A late head decides nothing about what the other direction is doing now.
      // But a head of its own that was ended on the way has no bytes to go on with.
      let isEnded = before == .head && flows[piece.flow][!piece.isForward].headBlock < 0
      flows[piece.flow][!piece.isForward].phase = isEnded ? .lost : before
      offset &+= head.length
      if half.phase == .body, half.remaining <= UInt64(payload.byteCount &- offset) {
        offset &+= Int(half.remaining)
        half.phase = .boundary
      }
    }
    return outcome
  }
}
