// SPDX-License-Identifier: Apache-2.0
internal import Capture
internal import CHTTPFilter

/// Goes through a ring's records a little ahead of its reader, and says whose segments come, so that what is known of
/// their connections is in the caches by the time they are delivered.
///
/// It believes nothing and changes nothing: the reader looks at each record itself.
struct RingScout {
  /// Records that it is ahead of the reader: two make time for two loads, one after the other.
  private static let distance = 2
  /// Bytes of a record that are asked for before it is looked at: its header and that of the segment.
  private static let wanted: UInt64 = 128

  private let end: UInt64
  private var position: UInt64
  /// Records that were looked at, and the reader's moves.
  private var looked = 0
  private var passed = 0

  init(from position: UInt64, to end: UInt64) { (self.position, self.end) = (position, end) }

  /// Looks at the records up to two after the reader's, which has moved on by one since the last call.
  @inline(__always)
  mutating func look(_ ring: RingMemory, _ ahead: (UpcomingSegment) -> Void) {
    while looked <= passed &+ Self.distance, step(ring, ahead) {}
    passed &+= 1
  }

  /// Looks at the next record; false when there is none yet.
  @inline(__always)
  private mutating func step(_ ring: RingMemory, _ ahead: (UpcomingSegment) -> Void) -> Bool {
    guard position < end else { return false }
    let header = ring.header(at: position)
    guard header & RingHeader.busy == 0 else { return false }
    let size = UInt64(header & RingHeader.length)
    guard size &+ RingHeader.size <= end &- position else {
      position = end
      return false
    }
    if header & RingHeader.discarded == 0, let segment = ring.upcoming(at: position, size: Int(size)) {
      ahead(segment)
    }
    position &+= RingHeader.span(size)
    looked &+= 1
    ring.prefetch(from: position, to: min(position &+ Self.wanted, end))
    return true
  }
}
