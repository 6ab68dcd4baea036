// SPDX-License-Identifier: Apache-2.0

import Capture

/// The distance of segments' numbers from their stream, and what of the held ones confirms them.
extension StreamAssembler {
  /// Bytes between two segments that may both be right: more are not in flight where a window is not scaled
  /// (RFC 7323, section 2.2).
  private static var plausibleDistance: Int32 { 65_535 }

  /// Whether a chunk lies far beyond what was read of its direction.
  func isFarAhead(_ chunk: Chunk) -> Bool {
    guard let position = position(of: chunk.flow, chunk.direction) else { return false }
    return SequenceNumber.distance(chunk.sequence, from: position) > Self.plausibleDistance
  }

  /// Whether a sequence number lies more than a MiB before the next byte of its direction, or after the `unread` bytes
  /// that may follow it: further than what is sent again, or was lost.
  func isElsewhere(_ flow: FlowIndex, _ direction: Direction, _ sequence: UInt32, unread: UInt32) -> Bool {
    guard let position = position(of: flow, direction) else { return false }
    let distance = Int64(SequenceNumber.distance(sequence, from: position))
    return distance < -(1 << 20) || distance > Int64(unread) + (1 << 20)
  }

  /// Whether a chunk ends far before the next byte of its direction.
  func isLongPast(_ chunk: Chunk) -> Bool {
    guard let position = position(of: chunk.flow, chunk.direction) else { return false }
    return SequenceNumber.distance(chunk.end, from: position) < -Self.plausibleDistance
  }

  /// Whether two of a direction's held segments follow one another.
  func isConfirmed(_ flow: FlowIndex, _ direction: Direction) -> Bool {
    var next = firstHeld(flow, direction)
    while let index = next, let after = held(after: index) {
      let chunk = held(index).chunk, following = held(after).chunk
      if following.isFirst, following.sequence == chunk.end { return true }
      next = after
    }
    return false
  }

  /// Whether a direction holds a head that ends at `acknowledgement`. What passes whole does not count: it may only have
  /// been overtaken by its acknowledgement.
  func holdsHead(_ flow: FlowIndex, _ direction: Direction, endingAt acknowledgement: UInt32) -> Bool {
    var next = firstHeld(flow, direction)
    while let index = next {
      let chunk = held(index).chunk
      if chunk.end == acknowledgement, chunk.kind != .stream { return true }
      next = held(after: index)
    }
    return false
  }
}
