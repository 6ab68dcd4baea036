// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System

/// The state machine of one direction: heads, bodies and what lies between, byte by byte in order.
extension ExchangeTracker {
  /// Reads a piece that begins at the direction's next byte.
  mutating func read(_ piece: StreamPiece, _ payload: RawSpan) -> PieceOutcome {
    let half = flows[piece.flow][piece.isForward]
    var outcome = PieceOutcome()
    let length = Int(piece.length)
    var offset = 0
    while offset < length {
      switch half.phase {
      case .boundary:
        offset = readHead(piece, payload, offset, half, &outcome)
      case .lost:
        let mayBegin = offset == 0 && (piece.kind == .start || beginsLikeHead(payload))
        offset = mayBegin ? readHead(piece, payload, 0, half, &outcome) : length
      case .head:
        offset = continueHead(piece, payload, offset, half, &outcome)
      case .body:
        if half.isBodyUncertain, offset == 0, beginsLikeStatus(payload) {
          half.phase = .lost
          continue
        }
        if offset == 0, isLookalike(piece, payload) { outcome.isLookalike = true }
        let count = min(half.remaining, UInt64(length &- offset))
        half.remaining &-= count
        offset &+= Int(count)
        if half.remaining == 0 { half.phase = .boundary }
      case .chunked:
        if offset == 0, isLookalike(piece, payload) { outcome.isLookalike = true }
        offset = readChunks(payload, offset, length, half)
      case .untilClose:
        if offset == 0, beginsLikeHead(payload) {
          if mayStartHead(piece, half) {
            half.phase = .lost
            continue
          }
          outcome.isLookalike = true
        }
        offset = length
      case .awaiting:
        // What the response will decide about came too early to tell: it is not read.
        if offset == 0, !isStreams { half.phase = .lost } else { offset = length }
      case .tunnel:
        offset = length
      }
    }
    return outcome
  }

  /// Reads the head at `offset`; returns where reading goes on.
  private mutating func readHead(
    _ piece: StreamPiece, _ payload: RawSpan, _ offset: Int, _ half: Place<HalfStream>,
    _ outcome: inout PieceOutcome
  ) -> Int {
    let length = Int(piece.length), captured = payload.byteCount
    guard offset < captured else {
      // The rest was not captured, so nobody knows where the next head begins.
      half.phase = .lost
      return length
    }
    let bytes = payload.slice(offset, captured)
    let isInStep = half.phase == .boundary
    if HeadStart.verdict(bytes) == .http2 {
      counters.http2 &+= 1
      leavesHTTP(piece, half)
      return length
    }
    var head = MessageHead()
    switch HeadParser.parse(bytes, into: &head) {
    case .complete:
      deliver(head, bytes, piece, piece.sequence &+ UInt32(offset), isInStep, half, &outcome)
      return offset &+ head.length
    case .incomplete:
      if isEmptyLines(bytes) { return length }
      let isCut = captured < length
      if isCut || (!isStreams && !head.kind.isRequest && HeadParser.hasStartLine(head)) {
        if HeadParser.hasStartLine(head) {
          head.length = 0
          deliver(head, bytes, piece, piece.sequence &+ UInt32(offset), isInStep, half, &outcome)
        }
        half.phase = .lost
        return length
      }
      return beginHead(piece, bytes, offset, isInStep, half, &outcome)
    case .invalid:
      outcome.isUnparseable = true
      half.phase = .lost
      return length
    }
  }

  private func readChunks(
    _ payload: RawSpan, _ offset: Int, _ length: Int, _ half: Place<HalfStream>
  ) -> Int {
    let captured = min(payload.byteCount, length)
    if offset < captured {
      switch half.chunks.consume(payload.slice(0, captured), from: offset) {
      case .ended(let end):
        half.phase = .boundary
        return end
      case .broken:
        half.phase = .lost
        return offset == 0 ? 0 : length
      case .needsMore: break
      }
    }
    let missing = length &- max(offset, captured)
    if missing > 0, !half.chunks.skip(UInt64(missing)) { half.phase = .lost }
    return length
  }

  /// Whether a segment that begins inside a body begins like a head.
  private func isLookalike(_ piece: StreamPiece, _ payload: RawSpan) -> Bool {
    // An empty line may precede a head, but in the midst of a body it is a body's.
    let isLine = payload.byteCount > 0 && payload.byte(0) == 0x0d
    return piece.kind == .start || (piece.kind == .stream && !isLine && beginsLikeHead(payload))
  }

  /// Whether a segment begins with a registered method and a space, or with `HTTP/`.
  func beginsLikeHead(_ bytes: RawSpan) -> Bool {
    switch HeadStart.verdict(bytes) {
    case .request, .response, .http2: true
    case .requestPrefix, .responsePrefix, .none: false
    }
  }

  private func beginsLikeStatus(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= 12, bytes.big32(0) == 0x4854_5450 else { return false }
    var head = MessageHead()
    return HeadParser.parse(bytes, into: &head) != .invalid && !head.kind.isRequest && head.status != 0
  }

  private func isEmptyLines(_ bytes: RawSpan) -> Bool {
    for offset in 0..<bytes.byteCount {
      let byte = bytes.byte(offset)
      if byte != 0x0d, byte != 0x0a { return false }
    }
    return true
  }

  /// The connection carries something else from here on, both ways.
  mutating func leavesHTTP(_ piece: StreamPiece, _ half: Place<HalfStream>) {
    half.phase = .tunnel
    endHead(piece.flow, !piece.isForward)
    flows[piece.flow][!piece.isForward].phase = .tunnel
  }
}
