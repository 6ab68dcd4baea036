// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System

/// Reads the heads of chunks that came after reading had continued without them: they count, but decide nothing
/// about what is read of their direction.
struct LateHeads: ~Copyable {
  /// What they are read into, instead of their direction.
  private var state = FixedArray<Int, MessageHalf>(zeroed: 1)
  private let isStreams: Bool

  init(isStreams: Bool) { self.isStreams = isStreams }

  /// Stands for the direction of the chunk being read.
  var half: ElementRef<MessageHalf> { state[0] }

  /// Prepares for a late chunk; false when no head is to be looked for in it.
  mutating func begin(_ payload: RawSpan, of flow: ElementRef<MessageFlow>, _ direction: Direction) -> Bool {
    guard HeadLooks.beginsLikeHead(payload), flow[direction].phase != .tunnel,
      flow[direction].phase != .frames
    else { return false }
    state[0].value = MessageHalf()
    state[0].start(atBoundary: true)
    return true
  }

  /// Reads the next head of a late chunk, with the body before it; false when there is none. A head without its end counts
  /// where the chunk's numbers may be a guess.
  mutating func read(
    _ chunk: Chunk, _ payload: RawSpan, of flow: ElementRef<MessageFlow>, _ reading: inout ChunkReading,
    into head: inout MessageHead
  ) -> Bool {
    let half = state[0]
    if half.phase == .body, half.remaining <= UInt64(payload.byteCount &- reading.offset) {
      reading.offset &+= Int(half.remaining)
      let rest = half.remaining
      half.passBody(rest)
    }
    let offset = reading.offset
    guard offset < payload.byteCount, half.phase == .boundary else { return false }
    let bytes = payload.slice(offset, payload.byteCount)
    // The preface of HTTP/2 has the form of a head.
    guard HeadStart.verdict(bytes) != .http2 else { return false }
    let isWhole: Bool
    switch HeadParser.parse(bytes, into: &head) {
    case .complete: isWhole = true
    // What may be a guess moves nothing on, so that a head's rest is not looked for.
    case .incomplete where reading.isDoubtful && HeadParser.hasStartLine(head): isWhole = false
    case .incomplete, .invalid: return false
    }
    reading.headOffset = offset
    reading.headStart = chunk.sequence &+ UInt32(offset)
    reading.isInStep = false
    reading.offset = isWhole ? offset &+ head.length : payload.byteCount
    if !isWhole { head.length = 0 }
    return flow.accept(head, chunk, half, &reading, isStreams: isStreams)
  }
}
