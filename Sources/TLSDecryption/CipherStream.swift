// SPDX-License-Identifier: Apache-2.0

import System
import TLSRecords

/// One direction of a connection: the order of its bytes, its records, its keys, and its text.
///
///     header ─▶ ready ─▶ body     (gathered, then decrypted) ──┐
///       ▲        │  └──▶ passing  (body of a message, or damaged)
///       └────────┴──────────────────────────────────────────────┘
///     searching: after lost bytes, until a record decrypts again        over: nothing more is read
final class CipherStream {
  enum Phase { case header, ready, body, passing, searching, over }
  /// The epoch that the keys in use are for.
  enum Stage { case hello, early, handshake, application }

  let isClient: Bool

  // Order.
  var isKnown = false
  /// The sequence number of the next byte to read.
  var next: UInt32 = 0
  /// The other direction has waited for this number in vain.
  var assumed: UInt32 = 0
  var hasAssumed = false
  var held = HeldSegments()
  /// A SYN of another connection was seen with this number.
  var announced: UInt32?
  var hasEnded = false

  // Records.
  var phase = Phase.header
  var header = RecordHeader(type: 0, version: 0, count: 0)
  /// Bytes of a header, a body or, while searching, of anything.
  var gathered: [UInt8] = []
  /// Bytes to come of the record that is passed over.
  var remaining = 0
  /// Bytes of that record were lost.
  var isDamaged = false
  /// The sequence number after the record in work.
  var recordEnd: UInt32 = 0

  // Searching.
  /// Where in the gathered bytes a record may begin.
  var searched = 0
  /// Bytes that were lost.
  var lost = 0
  /// Trials of a record with numbers and keys, since the connection began.
  var trials = 0

  // Keys.
  var stage = Stage.hello
  var protection: RecordProtection?
  var handshake = HandshakeReader()
  /// Records that do not decrypt are early data that the server does not accept.
  var skipsEarlyData = false
  var skippedRecords = 0

  // Text.
  /// The sequence number of the first byte of text, and of the next one.
  var first: UInt32 = 0
  var position: UInt32 = 0
  var acknowledgements = AcknowledgementMap()

  init(isClient: Bool) { self.isClient = isClient }

  /// Begins at a sequence number.
  func begin(at sequence: UInt32) {
    isKnown = true
    next = sequence
  }

  /// Whether another direction's segment that acknowledges up to `number` was sent after bytes that are yet to be read.
  func isBehind(_ number: UInt32) -> Bool {
    guard isKnown, phase != .over else { return false }
    let distance = SequenceArithmetic.distance(number, from: next)
    guard distance > 0, distance < 1 << 30 else { return false }
    return !(hasAssumed && SequenceArithmetic.distance(number, from: assumed) <= 0)
  }

  /// Reads no more of it.
  func stop() {
    phase = .over
    gathered = []
    held.removeAll()
    protection = nil
  }
}
