// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System

/// Where a segment stands in its stream: in order, seen before, ahead of a gap, or behind one.
extension ExchangeTracker {
  /// Reads a segment's payload now, or holds it, or counts it as seen.
  mutating func arrive(_ piece: StreamPiece, _ payload: RawSpan) {
    let bytes = payload.byteCount > Int(piece.length) ? payload.slice(0, Int(piece.length)) : payload
    let half = flows[piece.flow][piece.isForward]
    guard half.isKnown else {
      if isStreams, hold(piece, bytes) { return }
      begin(piece)
      take(piece, bytes)
      return
    }
    if half.coverage.contains(piece.sequence, piece.end) {
      classifyDuplicate()
      return
    }
    let gap = SequenceNumber.distance(piece.sequence, from: half.next)
    if gap > 0 {
      if isStreams { ahead(piece, bytes, half) } else { jump(piece, bytes, half, UInt32(gap)) }
    } else if gap == 0 {
      if isStreams, half.phase == .awaiting || mustWait(piece, half), hold(piece, bytes) { return }
      take(piece, bytes)
    } else if SequenceNumber.distance(piece.end, from: half.next) > 0 {
      let seen = overlap(piece, half)
      let rest = piece.dropping(seen)
      if isStreams, half.phase == .awaiting || mustWait(rest, half), hold(piece, bytes) { return }
      take(rest, bytes.slice(min(Int(seen), bytes.byteCount), bytes.byteCount))
    } else {
      readLate(piece, bytes)
    }
  }

  /// Starts reading a direction of which nothing is known at this piece.
  mutating func begin(_ piece: StreamPiece) {
    flows[piece.flow][piece.isForward].isKnown = true
    flows[piece.flow][piece.isForward].next = piece.sequence
    flows[piece.flow][piece.isForward].phase = .lost
  }

  /// Reads a piece that begins at the next byte.
  mutating func take(_ piece: StreamPiece, _ bytes: RawSpan) {
    classify(read(piece, bytes))
    advanceHalf(piece)
  }

  /// Marks a piece's bytes as read.
  mutating func advanceHalf(_ piece: StreamPiece) {
    flows[piece.flow][piece.isForward].next = piece.end
    flows[piece.flow][piece.isForward].coverage.add(piece.sequence, piece.end)
    flows[piece.flow][!piece.isForward].isAlone = false
  }

  /// How many bytes at the beginning of a piece that reaches behind the next byte have been read.
  ///
  /// No TCP sends data with the SYN's own number, but programs that make captures do; the byte there is
  /// data, then. A probe whether the other end lives (RFC 9293, section 3.8.4) is one byte long at most.
  func overlap(_ piece: StreamPiece, _ half: Place<HalfStream>) -> UInt32 {
    let seen = half.next &- piece.sequence
    let isAtSyn = seen == 1 && half.sawSyn && half.next == half.synNext && piece.length > 1
    return isAtSyn ? 0 : seen
  }

  /// Whether a response must wait until the request that it acknowledges has been read.
  ///
  /// Without it, a response read too early would not know whether it answers a HEAD.
  @inline(__always)
  mutating func mustWait(_ piece: StreamPiece, _ half: Place<HalfStream>) -> Bool {
    guard piece.hasAcknowledgement, !half.isAlone else { return false }
    // Where nobody has asked anything yet, only a response would have to wait.
    let flow = flows[piece.flow]
    guard half.phase != .tunnel, flow.requests == .unknown || !flow.mayRequest(piece.isForward) else {
      return false
    }
    return isBehind(piece)
  }

  /// Whether the other direction has been read less far than this piece acknowledges.
  @inline(__always)
  private mutating func isBehind(_ piece: StreamPiece) -> Bool {
    let other = flows[piece.flow][!piece.isForward]
    return !other.isKnown || SequenceNumber.distance(piece.acknowledgement, from: other.next) > 0
  }

  /// Depth `streams`: a segment ahead of missing bytes waits for them, unless nothing depends on it.
  private mutating func ahead(_ piece: StreamPiece, _ bytes: RawSpan, _ half: Place<HalfStream>) {
    if half.phase == .tunnel {
      classify(PieceOutcome())
      advanceHalf(piece)
      return
    }
    if hold(piece, bytes) { return }
    giveUpWaiting(piece.flow)
    arriveWithoutHolding(piece, bytes)
  }

  /// Reads a piece for which there is no room to wait.
  mutating func arriveWithoutHolding(_ piece: StreamPiece, _ bytes: RawSpan) {
    if !flows[piece.flow][piece.isForward].isKnown { begin(piece) }
    let half = flows[piece.flow][piece.isForward]
    if half.coverage.contains(piece.sequence, piece.end) {
      classifyDuplicate()
      return
    }
    let gap = SequenceNumber.distance(piece.sequence, from: half.next)
    if gap > 0 { skip(piece.flow, piece.isForward, to: piece.sequence) }
    if gap >= 0 {
      take(piece, bytes)
    } else if SequenceNumber.distance(piece.end, from: half.next) > 0 {
      let seen = overlap(piece, half)
      take(piece.dropping(seen), bytes.slice(min(Int(seen), bytes.byteCount), bytes.byteCount))
    } else {
      readLate(piece, bytes)
    }
  }

  /// Goes on behind bytes that will not come: they may have been body; a head in the making is over.
  mutating func skip(_ flow: Int32, _ isForward: Bool, to sequence: UInt32) {
    let gap = UInt64(sequence &- flows[flow][isForward].next)
    counters.skippedBytes &+= gap
    if flows[flow][isForward].phase == .head { endHead(flow, isForward) }
    switch flows[flow][isForward].phase {
    case .body where flows[flow][isForward].remaining >= gap:
      flows[flow][isForward].remaining &-= gap
      if flows[flow][isForward].remaining == 0 { flows[flow][isForward].phase = .boundary }
    case .chunked:
      var chunks = flows[flow][isForward].chunks
      if chunks.skip(gap) {
        flows[flow][isForward].chunks = chunks
      } else {
        flows[flow][isForward].phase = .lost
      }
    case .untilClose, .tunnel: break
    default: flows[flow][isForward].phase = .lost
    }
    flows[flow][isForward].next = sequence
  }

  /// Depth `heads`: a segment behind bytes that the kernel did not pass, body as a rule.
  private mutating func jump(_ piece: StreamPiece, _ bytes: RawSpan, _ half: Place<HalfStream>, _ gap: UInt32)
  {
    switch half.phase {
    case .body:
      if UInt64(gap) < half.remaining {
        // A head-like line inside a body is body.
        var outcome = PieceOutcome()
        outcome.isLookalike = piece.kind == .start
        classify(outcome)
        return
      }
      let isExact = UInt64(gap) == half.remaining
      flows[piece.flow][piece.isForward].coverage.add(half.next, half.bodyEnd)
      flows[piece.flow][piece.isForward].remaining = 0
      flows[piece.flow][piece.isForward].phase = isExact ? .boundary : .lost
    case .head:
      if piece.kind == .continuation, gap < UInt32(HeadParser.maximumLength), hold(piece, bytes) { return }
      if piece.kind == .continuation { return classify(PieceOutcome()) }
      endHead(piece.flow, piece.isForward)
      flows[piece.flow][piece.isForward].phase = .lost
    case .tunnel:
      return classify(PieceOutcome())
    case .chunked, .untilClose, .boundary, .lost, .awaiting:
      guard piece.kind == .start else { return classify(PieceOutcome()) }
      if half.phase == .chunked || half.phase == .untilClose, !mayStartHead(piece, half) {
        var outcome = PieceOutcome()
        outcome.isLookalike = true
        return classify(outcome)
      }
      flows[piece.flow][piece.isForward].phase = .lost
    }
    flows[piece.flow][piece.isForward].next = piece.sequence
    take(piece, bytes)
  }

  /// Whether a head may begin here although a body without a known length is being read.
  ///
  /// A response that nobody waits for is body; so is a request sent before the answer to the one
  /// whose body this is.
  mutating func mayStartHead(_ piece: StreamPiece, _ half: Place<HalfStream>) -> Bool {
    let flow = flows[piece.flow], other = flow[!piece.isForward]
    let first = flow.firstPending, last = flow.lastPending
    if flow.requests != .unknown, !flow.mayRequest(piece.isForward) {
      guard other.isKnown else { return true }
      if first >= 0 {
        // The client had read up to here when it asked again: the body was over by then.
        return !pending[last].hasAcknowledgement
          || SequenceNumber.distance(piece.sequence, from: pending[last].acknowledgement) >= 0
      }
      return piece.hasAcknowledgement && SequenceNumber.distance(piece.acknowledgement, from: other.next) > 0
    }
    guard last >= 0 else { return true }
    return piece.hasAcknowledgement && pending[last].acknowledgement != piece.acknowledgement
  }
}
