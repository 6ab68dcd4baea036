// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1

/// Where the next head of a direction begins: bodies are passed over, false heads are noted.
extension ElementRef<MessageFlow> {
  /// Passes over a chunk's bytes as far as the next head may begin or continues; false at the chunk's end.
  ///
  /// - Parameter isStreams: everything was copied from the connection's beginning on.
  func passToHead(
    _ chunk: Chunk, _ payload: RawSpan, _ reading: inout ChunkReading, isStreams: Bool
  ) -> Bool {
    let half = self[chunk.direction]
    let length = Int(chunk.length)
    var offset = reading.offset
    while offset < length {
      switch half.phase {
      case .boundary, .head:
        reading.offset = offset
        return true
      case .desynchronized:
        // At depth auto a direction that passes whole from here on is most likely between two messages.
        let isHead =
          !isStreams && chunk.kind == .stream
          && (HeadLooks.mayBeginHead(payload) || !self.hasHead && ProxyHeader.mayBegin(payload))
          // The first piece of an answer, after bytes that were none.
          || isAskedAgain(chunk, reading.hint) && StatusLine.mayBegin(payload)
        if offset == 0, isHead || chunk.kind == .start || HeadLooks.beginsLikeHead(payload) {
          reading.offset = 0
          return true
        }
        return false
      case .body:
        if offset == 0, endBody(before: chunk, payload, reading.hint) { continue }
        if offset == 0, HeadLooks.isFalseHead(chunk, payload) { reading.outcome.isFalseHead = true }
        let count = min(half.remaining, UInt64(length &- offset))
        half.passBody(count)
        offset &+= Int(count)
      case .chunked:
        if offset == 0, endBody(before: chunk, payload, reading.hint) { continue }
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
        guard offset == 0, !isStreams, chunk.kind != .stream else { return false }
        half.desynchronize()
      case .tunnel, .frames: return false
      }
    }
    return false
  }
}
