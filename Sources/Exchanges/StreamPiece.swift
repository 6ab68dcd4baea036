// SPDX-License-Identifier: Apache-2.0

import Capture

/// A run of one direction's bytes that is being read: a segment, or what is left of one.
struct StreamPiece: BitwiseCopyable {
  var flow: Int32
  var isForward: Bool
  var kind: Segment.Kind
  var hasAcknowledgement: Bool
  var sequence: UInt32
  var acknowledgement: UInt32
  /// Bytes on the wire; fewer may have been captured.
  var length: UInt32
  /// Capture time, nanoseconds since 1970.
  var time: UInt64

  var end: UInt32 { sequence &+ length }

  /// The piece without its first `count` bytes.
  func dropping(_ count: UInt32) -> StreamPiece {
    var rest = self
    rest.sequence = sequence &+ count
    rest.length = length &- count
    // What remains does not begin where the segment did.
    if rest.kind == .start { rest.kind = .continuation }
    return rest
  }
}

/// What reading a piece came to; it decides the one class of the ledger that the segment falls in.
struct PieceOutcome {
  /// Heads that ended in the piece.
  var heads = 0
  /// A part of a head was stored, not its end.
  var hasPartialHead = false
  var isUnparseable = false
  var isLookalike = false
}
