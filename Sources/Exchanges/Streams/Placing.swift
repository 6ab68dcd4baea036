// SPDX-License-Identifier: Apache-2.0

import Capture

/// The relation of a SYN to its flow.
enum Opening: BitwiseCopyable { case known, first, another }

/// A direction that continues at its first held chunk, without the bytes before it.
struct Resumption: BitwiseCopyable {
  /// Nothing had been read of the direction.
  var isFirst: Bool
  /// The sequence number at which reading had stopped, and the number of bytes missing from there.
  var position: UInt32
  var missing: UInt32
}

/// The order of a connection as it moves on.
extension ElementRef<StreamFlow> {
  /// Marks a chunk's bytes as read.
  @inline(__always)
  func advance(past chunk: Chunk) {
    let half = self[chunk.direction]
    half.next = chunk.end
    half.received.add(chunk.sequence, chunk.end)
    self[chunk.direction.opposite].isAlone = false
  }

  /// Continues at a chunk after bytes that were not delivered; the first `known` of them count as read.
  func jump(to chunk: Chunk, known: UInt32) {
    let half = self[chunk.direction]
    if known > 0 { half.received.add(half.next, half.next &+ known) }
    half.next = chunk.sequence
  }

  /// Finds where a segment stands for which there is no room to wait; after a gap, it is at the next byte.
  func placeAtOnce(_ chunk: Chunk) -> Placement {
    let half = self[chunk.direction]
    guard half.isKnown else {
      half.begin(at: chunk.sequence)
      return .first
    }
    if half.received.contains(chunk.sequence, chunk.end) { return .duplicate }
    let gap = SequenceNumber.distance(chunk.sequence, from: half.next)
    if gap > 0 {
      half.next = chunk.sequence
      return .gap(UInt32(gap))
    }
    if gap == 0 { return .next }
    return SequenceNumber.distance(chunk.end, from: half.next) > 0 ? .overlap(half.overlap(chunk)) : .late
  }
}

extension ElementRef<StreamHalf> {
  /// What a SYN with `start` as its stream's first number is: one seen before, or come late; the first one; or
  /// another connection's, before which the flow must be reset.
  func opening(at start: UInt32) -> Opening {
    if self.sawSyn, self.synNext == start { return .known }
    guard self.isKnown || self.sawSyn else { return .first }
    if !self.sawSyn, !self.received.isEmpty {
      let distance = SequenceNumber.distance(self.received.start, from: start)
      if distance >= 0, distance < 1 << 30 {
        self.sawSyn = true
        self.synNext = start
        return .known
      }
    }
    return .another
  }
}
