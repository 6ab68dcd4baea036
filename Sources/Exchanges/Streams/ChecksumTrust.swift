// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import Text

/// The rule for which wrong checksums show that a receiver has dropped the segment.
///
/// Not every network fills checksums in: a virtual card may leave those of its own machine as they are, and a card
/// that puts segments together keeps the first one's. So a wrong one is believed only from an address that has sent right
/// ones, more than there may be by chance, and no longer once receivers have acknowledged what should have been dropped.
///
/// One of 65,536 values of the field is right. A first segment that has it comes from a host that fills checksums in, but
/// for one address in 65,536; after wrong ones it takes more of them:
///
///     wrong before it │ 0 │ 1 to 31 │ 32 to 1,023 │ more
///     right           │ 1 │ 2       │ 3           │ 8
///
/// So a stranger who knows a connection's numbers comes too late: its SYN, or the answer to it, was seen before his.
///
/// A partial checksum, which is left to a card, comes in from virtual cards alone: from an address that is known to fill
/// checksums in, and has never left one, it is as wrong as another.
struct ChecksumTrust: ~Copyable {
  /// Acknowledged heads after which checksums mean nothing here.
  private static let proofs = 3
  /// Right checksums after which an address is one that fills them in, whatever was wrong before; also the mark of one
  /// that is known to.
  private static let enough: UInt64 = 8
  /// The bits of a slot that count right checksums; the one that tells that some were partial; those that count wrong ones.
  private static let rightMask: UInt64 = 15
  private static let partialBit: UInt64 = 16
  private static let wrongMask: UInt64 = 0xffe0
  private static let oneWrong: UInt64 = 32
  private static let noteMask: UInt64 = 0xffff
  private static let sourceBits: UInt64 = 10

  private let secrets: FlowSecrets
  /// The addresses whose checksums were looked at, as hashes with what is noted in the lowest bits, direct-mapped.
  private var sources = FixedArray<Int, UInt64>(zeroed: 1 << 10)
  private var acknowledged = 0

  init(secrets: FlowSecrets) { self.secrets = secrets }

  /// Whether receivers take what has a wrong checksum.
  private var isOver: Bool { acknowledged >= Self.proofs }

  private func hash(_ source: Endpoint) -> UInt64 {
    NameHash.fold(source.high ^ secrets.aHigh, source.low ^ secrets.aLow) & ~Self.noteMask
  }

  private static func slot(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash &>> (64 &- sourceBits)) }

  /// Notes what a segment's checksum says of its sender; whether its receiver drops the segment.
  @inline(__always)
  mutating func isDropped(_ segment: borrowing Segment) -> Bool {
    switch segment.checksum {
    case .unknown: return false
    case .right:
      // A host that leaves all else to its card completes the resets of no connection itself (tcp_v4_send_reset).
      if !segment.flags.isReset { noteRight(from: segment.source) }
    case .partial:
      if believesPartialWrong(from: segment.source, isInbound: segment.direction.isInbound) { return true }
    case .wrong: if believesWrong(from: segment.source) { return true }
    }
    return segment.flags.lacksAcknowledgement
  }

  /// What is noted of an address, under its hash.
  @inline(__always)
  private func notes(_ hash: UInt64) -> UInt64 {
    let found = sources[Self.slot(hash)].value
    return found & ~Self.noteMask == hash ? found : hash
  }

  private mutating func noteRight(from source: Endpoint) {
    let hash = hash(source)
    addRight(hash, notes(hash))
  }

  /// Notes a partial checksum; whether it is believed to be wrong: what goes out is still to be completed.
  private mutating func believesPartialWrong(from source: Endpoint, isInbound: Bool) -> Bool {
    let hash = hash(source), notes = notes(hash)
    if isInbound, notes & (Self.rightMask | Self.partialBit) == Self.enough { return !isOver }
    addRight(hash, notes | Self.partialBit)
    return false
  }

  /// Notes a wrong checksum; whether it is believed to be wrong.
  private mutating func believesWrong(from source: Endpoint) -> Bool {
    let hash = hash(source), notes = notes(hash)
    if notes & Self.rightMask == Self.enough { return !isOver }
    let isFull = notes & Self.wrongMask == Self.wrongMask
    sources[Self.slot(hash)].value = isFull ? notes : notes &+ Self.oneWrong
    return false
  }

  /// Adds one that is right, or partial, to what is noted.
  private mutating func addRight(_ hash: UInt64, _ notes: UInt64) {
    let right = notes & Self.rightMask
    var notes = notes
    if right < Self.enough {
      let isBeyondChance = notes & Self.wrongMask < Self.wrongBefore(right) &* Self.oneWrong
      notes = isBeyondChance ? notes & ~Self.rightMask | Self.enough : notes &+ 1
    }
    sources[Self.slot(hash)].value = notes
  }

  /// Wrong checksums from which on another right one, after that many, may be by chance.
  private static func wrongBefore(_ right: UInt64) -> UInt64 {
    switch right {
    case 0: 1
    case 1: 32
    case 2: 1_024
    default: 0
    }
  }

  /// Notes that a receiver has acknowledged a head that was left out, and just that.
  mutating func noteAcknowledged() { acknowledged &+= 1 }

  /// Notes that a head that was left out was a stranger's: the true one came.
  mutating func noteRefuted() { acknowledged = isOver ? acknowledged : 0 }

  /// Notes that an address leaves checksums to its card, though it has sent right ones: its receiver takes what has a
  /// partial one.
  mutating func notePartial(from source: Endpoint) {
    let hash = hash(source)
    addRight(hash, notes(hash) | Self.partialBit)
  }
}
