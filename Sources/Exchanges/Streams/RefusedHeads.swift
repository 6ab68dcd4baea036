// SPDX-License-Identifier: Apache-2.0

import Capture
import System

/// Heads that were left out as their receivers drop them, until it shows whether they do.
///
/// Not every wrong checksum is wrong where the segment was sent: a host leaves those of its data to its card and completes
/// those of its handshake, a trace was edited. The receiver knows: once it has acknowledged the head's bytes, or their sender
/// has sent on after them, and no others were seen with these numbers, the head is the true one. A stranger's has the true
/// one's numbers, which comes by before it is acknowledged.
///
/// One slot for each connection, direct-mapped: there are few, and a flood of strangers' may overwrite them.
struct RefusedHeads: ~Copyable {
  /// A head that was left out, in the slot of its connection.
  struct Refused: BitwiseCopyable {
    /// 0 in an empty slot.
    var hash: UInt64 = 0
    var isForward = false
    var count: Int32 = 0
    var segment = Segment(
      time: 0, source: Endpoint(ipv4: 0, port: 0), destination: Endpoint(ipv4: 0, port: 0), sequence: 0,
      acknowledgement: 0, payloadLength: 0, flags: [], kind: .start)

    var end: UInt32 { segment.sequence &+ segment.payloadLength }
  }

  /// A head that is no longer kept, its bytes until the next one is.
  struct Head {
    var segment: Segment
    let direction: Direction
    let block: BlockIndex
    let count: Int
  }

  /// What a segment says of its connection's head that was left out.
  enum Evidence: BitwiseCopyable {
    /// Nothing.
    case none
    /// Its bytes, or others, came with its numbers: it was a stranger's.
    case refuted
    /// Its receiver has it. `isExact` tells that it acknowledged just the head.
    case confirmed(isExact: Bool)
  }

  private static let capacity = 64
  /// Bytes of a body, after the head, after which a segment says nothing of it any longer.
  private static let farthest: Int32 = 1 << 30

  private var slots = FixedArray<Int, Refused>(capacity: RefusedHeads.capacity)
  /// Their bytes, a block for each slot; a class, so that one can be read while the tracker changes.
  let bytes = BlockPool(blocks: RefusedHeads.capacity, of: Segment.longestVerified)
  /// Heads that are kept.
  private(set) var used = 0

  init() {
    slots.fill(with: Refused())
    // Each slot has the block of its number for good.
    for _ in 0..<Self.capacity { _ = bytes.take() }
  }

  private static func slot(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (capacity &- 1) }

  /// Whether a head of the connection is kept.
  @inline(__always)
  func has(_ hash: UInt64) -> Bool { used > 0 && slots[Self.slot(hash)].hash == hash }

  /// Keeps a head; false where it was not kept, as the same one is already or it is too long. `isReplacing` tells that
  /// another one has lost its slot.
  mutating func keep(
    _ hash: UInt64, _ direction: Direction, _ segment: borrowing Segment, _ payload: RawSpan,
    isReplacing: inout Bool
  ) -> Bool {
    let slot = Self.slot(hash), found = slots[slot].value
    let isWhole = payload.byteCount == Int(segment.payloadLength)
    let sequence = segment.sequence
    let isKept = found.hash == hash && found.segment.sequence == sequence
    guard hash != 0, isWhole, !isKept, payload.byteCount <= bytes.blockSize else { return false }
    isReplacing = found.hash != 0
    if !isReplacing { used &+= 1 }
    _ = bytes.write(payload, to: BlockIndex(offset: slot), at: 0)
    slots[slot].value = Refused(
      hash: hash, isForward: direction == .forward, count: Int32(payload.byteCount), segment: copy segment)
    return true
  }

  /// What a segment that its receiver takes says of its connection's head.
  func evidence(_ hash: UInt64, _ direction: Direction, _ segment: borrowing Segment) -> Evidence {
    let found = slots[Self.slot(hash)].value
    if found.isForward != (direction == .forward) {
      guard segment.flags.isAcknowledging else { return .none }
      let beyond = SequenceNumber.distance(segment.acknowledgement, from: found.end)
      return beyond >= 0 && beyond < Self.farthest ? .confirmed(isExact: beyond == 0) : .none
    }
    let beyond = SequenceNumber.distance(segment.sequence, from: found.end)
    if beyond >= 0, beyond < Self.farthest {
      if segment.flags.isOpening { return .refuted }
      return .confirmed(isExact: false)
    }
    // One that shares none of its numbers may be another stranger's, and says nothing.
    let end = segment.sequence &+ segment.payloadLength
    return beyond < 0 && SequenceNumber.distance(end, from: found.segment.sequence) > 0 ? .refuted : .none
  }

  /// Takes a connection's head out: its segment, and its bytes' place.
  mutating func take(_ hash: UInt64) -> Head {
    let slot = Self.slot(hash), found = slots[slot].value
    slots[slot].value = Refused()
    used &-= 1
    return Head(
      segment: found.segment, direction: found.isForward ? .forward : .backward,
      block: BlockIndex(offset: slot),
      count: Int(found.count))
  }

  /// Forgets all; how many there were.
  mutating func removeAll() -> Int {
    let count = used
    slots.fill(with: Refused())
    used = 0
    return count
  }
}
