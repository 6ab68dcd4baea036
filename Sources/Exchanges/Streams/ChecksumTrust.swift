// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import Text

/// Which wrong checksums tell that a receiver has dropped the segment.
///
/// Not every network fills checksums in: a virtual card may leave those of its own machine as they are, and a card
/// that puts segments together keeps the first one's. So a wrong one is believed only from an address that has sent several
/// right ones (a single one may be by chance), and no longer once receivers have acknowledged what should have been dropped.
struct ChecksumTrust: ~Copyable {
  /// A head that was left out, by its connection.
  struct Refused: BitwiseCopyable {
    /// 0 in an empty slot.
    var hash: UInt64
    var end: UInt32
    var isForward: Bool
  }

  /// Acknowledged heads after which checksums mean nothing here.
  private static let proofs = 3
  /// Right checksums after which an address is one that fills them in.
  static let enough: UInt64 = 8
  /// The bits of a slot that count them.
  private static let countMask: UInt64 = 15
  private static let sourceBits: UInt64 = 10
  private static let refusedSlots = 64

  private let secrets: FlowSecrets
  /// The addresses that have sent right checksums, as hashes with their number in the lowest bits, direct-mapped.
  private var sources = FixedArray<Int, UInt64>(zeroed: 1 << 10)
  private var refused = FixedArray<Int, Refused>(zeroed: ChecksumTrust.refusedSlots)
  private var acknowledged = 0
  /// Whether something was left out that a receiver may acknowledge.
  private(set) var isWatching = false

  init(secrets: FlowSecrets) { self.secrets = secrets }

  /// Whether receivers take what has a wrong checksum.
  private var isOver: Bool { acknowledged >= Self.proofs }

  private func hash(_ source: Endpoint) -> UInt64 {
    NameHash.fold(source.high ^ secrets.aHigh, source.low ^ secrets.aLow) & ~Self.countMask
  }

  private static func slot(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash &>> (64 &- sourceBits)) }

  /// Notes a right checksum.
  mutating func noteRight(from source: Endpoint) {
    let hash = hash(source), slot = Self.slot(hash), found = sources[slot].value
    if found & ~Self.countMask != hash {
      sources[slot].value = hash | 1
    } else if found & Self.countMask < Self.enough {
      sources[slot].value = found &+ 1
    }
  }

  /// Whether a wrong checksum from an address is believed to be wrong.
  func isBelieved(from source: Endpoint) -> Bool {
    let hash = hash(source)
    return !isOver && sources[Self.slot(hash)].value == hash | Self.enough
  }

  /// Notes that a head was left out, where the next one of its connection may begin.
  mutating func refuse(_ hash: UInt64, _ direction: Direction, endingAt end: UInt32) {
    isWatching = true
    refused[Int(truncatingIfNeeded: hash) & (Self.refusedSlots &- 1)].value = Refused(
      hash: hash, end: end, isForward: direction == .forward)
  }

  /// Notes a segment with a payload of a connection of which a head may have been left out: of the other side, whether
  /// it acknowledges that head; of the same side, that the true one came.
  mutating func see(_ hash: UInt64, _ direction: Direction, _ segment: borrowing Segment) {
    let slot = Int(truncatingIfNeeded: hash) & (Self.refusedSlots &- 1), found = refused[slot].value
    guard found.hash == hash else { return }
    if found.isForward == (direction == .forward) {
      acknowledged = isOver ? acknowledged : 0
    } else if segment.flags.isAcknowledging, segment.acknowledgement == found.end {
      acknowledged &+= 1
    } else {
      return
    }
    refused[slot].value = Refused(hash: 0, end: 0, isForward: false)
  }
}
