// SPDX-License-Identifier: Apache-2.0

/// A source that can leave out bytes which nobody looks at, where that saves it work.
package protocol BodySource: SegmentSource {
  /// Bytes that the sender of a segment, which has been read up to its sequence number, sends next and of which none is
  /// looked at: the rest of a body or a frame; 0 where a head may begin or where that is not known.
  var bodyAhead: ((borrowing Segment) -> UInt64)? { get set }
}
