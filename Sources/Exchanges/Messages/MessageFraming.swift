// SPDX-License-Identifier: Apache-2.0

import HTTP1
import System

/// Where a message ends, and so where the next head may begin (RFC 9112, section 6.3).
extension ElementRef<MessageHalf> {
  /// Decides what follows a request's head.
  @inline(__always)
  func follow(request head: MessageHead, isStreams: Bool) {
    if head.length == 0 { return desynchronize() }
    if head.method.isConnect { return awaitResponse() }
    trustBody(true)
    switch head.framing {
    case .unspecified: if head.upgrade && isStreams { awaitResponse() } else { endMessage() }
    case .length: beginBody(length: head.contentLength)
    case .chunked: beginChunks()
    // A server answers these with an error and closes (section 6.3, rules 4 and 5).
    case .untilClose, .unknown: desynchronize()
    }
  }

  /// Begins the body of a response that has one.
  @inline(__always)
  func readBody(of head: MessageHead) {
    switch head.framing {
    case .length: beginBody(length: head.contentLength)
    case .chunked: beginChunks()
    case .unspecified, .untilClose: readUntilClose()
    case .unknown: desynchronize()
    }
  }

  /// Reads a chunked body from `offset` on in a segment's bytes, of which `length` were on the wire; returns where it
  /// ends or continues.
  func readChunks(_ payload: RawSpan, from offset: Int, length: Int) -> Int {
    let captured = min(payload.byteCount, length)
    if offset < captured {
      switch self.chunks.consume(payload.slice(0, captured), from: offset) {
      case .ended(let end):
        endMessage()
        return end
      case .broken:
        desynchronize()
        return offset == 0 ? 0 : length
      case .needsMore: break
      }
    }
    let missing = length &- max(offset, captured)
    if missing > 0, !self.chunks.skip(UInt64(missing)) { desynchronize() }
    return length
  }
}
