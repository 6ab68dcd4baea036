// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System

/// What bytes that were not delivered mean to the reading of a direction.
extension ElementRef<MessageFlow> {
  /// Continues after bytes that will not come: they may have been body. A head in the making has been ended.
  func skip(_ gap: UInt64, _ direction: Direction) {
    let half = self[direction]
    switch half.phase {
    case .body where half.remaining >= gap: half.passBody(gap)
    case .chunked:
      var chunks = half.chunks
      if chunks.skip(gap) { half.chunks = chunks } else { half.desynchronize() }
    case .untilClose, .tunnel, .frames: break
    case .body, .boundary, .desynchronized, .awaitingResponse, .head: half.desynchronize()
    }
  }

  /// Decides what a gap before a chunk means, where gaps are normal: the kernel passes no bodies.
  func passGap(of gap: UInt32, before chunk: Chunk, _ hint: PairingHint) -> GapMeaning {
    let half = self[chunk.direction]
    switch half.phase {
    case .body:
      // A head-like line inside a body is body.
      if UInt64(gap) < half.remaining {
        guard chunk.kind == .start, isAskedAgain(chunk, hint) else {
          return .isBody(looksLikeHead: chunk.kind == .start)
        }
        break
      }
      let rest = half.remaining
      half.passBody(rest)
      if UInt64(gap) > rest { half.desynchronize() }
      return .endsBody(UInt32(truncatingIfNeeded: rest))
    case .head:
      guard chunk.kind == .continuation else { return .endsHead }
      return gap < UInt32(HeadParser.maximumLength) ? .insideHead : .beyondHead
    case .tunnel, .frames: return .isBody(looksLikeHead: false)
    case .chunked, .untilClose:
      guard chunk.kind == .start else { return .isBody(looksLikeHead: false) }
      if !mayStartHead(chunk, hint) { return .isBody(looksLikeHead: true) }
    case .boundary, .desynchronized, .awaitingResponse:
      guard chunk.kind == .start else { return .isBody(looksLikeHead: false) }
    }
    half.desynchronize()
    return .unknown
  }

  /// Whether nothing that was read explains a gap before a chunk: a head was due, or continued, where it begins.
  ///
  /// - Parameter isWaiting: chunks of the direction are held, which this one may continue.
  func isUnexplained(_ gap: UInt32, before chunk: Chunk, isWaiting: Bool) -> Bool {
    let half = self[chunk.direction]
    switch half.phase {
    case .boundary: return chunk.kind == .start || isWaiting
    case .body:
      return !half.isBodyUncertain && UInt64(gap) > half.remaining && (chunk.kind == .start || isWaiting)
    // What continues it waits by itself.
    case .head: return chunk.kind != .continuation
    default: return false
    }
  }

  /// Whether the hint is needed to read a chunk: a body is being read that may be over, and its length unknown or
  /// wrong, or a response is looked for.
  @inline(__always)
  func needsHint(_ chunk: Chunk, _ payload: RawSpan) -> Bool {
    switch self[chunk.direction].phase {
    case .untilClose, .chunked: true
    case .body:
      self[chunk.direction].isBodyUncertain || (payload.byteCount > 0 && payload.byte(0) == UInt8(ascii: "H"))
    case .desynchronized: payload.byteCount > 0 && payload.byte(0) == UInt8(ascii: "H")
    default: false
    }
  }

  /// Whether a head may begin here although a body without a known length is being read.
  ///
  /// A response that nobody waits for is body; so is a request sent before the answer to the one
  /// whose body this is.
  func mayStartHead(_ chunk: Chunk, _ hint: PairingHint) -> Bool {
    if isResponding(chunk.direction) {
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
