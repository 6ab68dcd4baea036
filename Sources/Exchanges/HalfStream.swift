// SPDX-License-Identifier: Apache-2.0

import HTTP1

/// One direction of a flow: what has been read of it, and where its next head may begin.
struct HalfStream: BitwiseCopyable {
  /// Where reading stands.
  enum Phase: BitwiseCopyable {
    /// Inside something unknown: a head is looked for at the start of segments only.
    case lost
    /// A head may begin here, by the rules of the message before it or of the connection's start.
    case boundary
    /// Inside a head whose first bytes are in `headBlock`.
    case head
    /// Inside a body of known length: `remaining` bytes are to come.
    case body
    /// Inside a chunked body.
    case chunked
    /// Inside a body that ends with the connection.
    case untilClose
    /// Behind a request for CONNECT or an upgrade: its response decides what follows.
    case awaiting
    /// No longer HTTP/1.
    case tunnel
  }

  var phase = Phase.lost
  /// `next` means something.
  var isKnown = false
  /// The SYN was seen, with `synNext` as the first byte's number.
  var sawSyn = false
  /// No bytes are missing between the last message and `next`.
  var isContiguous = false
  /// The body's length may be wrong: the request, which may have been HEAD, was not seen.
  var isBodyUncertain = false
  /// This direction no longer waits for the other one: it was not seen in time.
  var isAlone = false
  /// `headBlock` is one of the large blocks.
  var isHeadLarge = false
  /// Sequence number of the next byte to read.
  var next: UInt32 = 0
  var synNext: UInt32 = 0
  /// Body bytes to come, in phase `body`.
  var remaining: UInt64 = 0
  var chunks = ChunkedBody()
  var coverage = Coverage()
  /// The block with the bytes of an unfinished head, -1 for none.
  var headBlock: Int32 = -1
  var headSize: Int32 = 0
  /// Segments counted as `continuations` for the unfinished head.
  var headSegments: Int32 = 0
  var headStart: UInt32 = 0
  /// The first of the segments held back, by sequence number; -1 for none.
  var held: Int32 = -1
  var heldCount: Int32 = 0

  /// Sequence number of the first byte behind the current body of known length.
  var bodyEnd: UInt32 { next &+ UInt32(truncatingIfNeeded: remaining) }
}
