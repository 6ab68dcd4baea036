// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1

/// Where a connection can be recognised again under other addresses: address translation (NAT) changes
/// addresses and ports, but keeps sequence and acknowledgement numbers.
///
/// Two tables of fixed size, direct-mapped: a later entry takes an earlier one's place. What is found is
/// compared in full, so that a wrong match needs the same two random 32-bit numbers in two connections.
struct TranslationIndex: ~Copyable {
  /// The first segment of a connection's first request.
  struct Sighting: BitwiseCopyable {
    var sequence: UInt32
    var acknowledgement: UInt32
    var length: UInt32
    var interface: UInt32
    /// Of the payload's first and last bytes.
    var fingerprint: UInt64
    var time: UInt64
    var flowHash: UInt64
    /// The flow's place and one; 0 for an empty entry.
    var flow: Int32
    var direction: UInt8
    var isForward: Bool
  }

  /// The numbers that the response to a waiting request will carry.
  struct Expected: BitwiseCopyable {
    var sequence: UInt32
    var acknowledgement: UInt32
    /// The request's place and one; 0 for an empty entry.
    var request: Int32
  }

  private static let sightingBits: UInt64 = 10
  private static let expectedBits: UInt64 = 13
  /// Nanoseconds within which the second sighting of a packet follows the first.
  private static let window: UInt64 = 1_000_000_000

  private var sightings = Slab<Sighting>(zeroed: 1 << Int(Self.sightingBits))
  private var expected = Slab<Expected>(zeroed: 1 << Int(Self.expectedBits))

  @inline(__always)
  private static func slot(_ a: UInt32, _ b: UInt32, _ bits: UInt64) -> Int {
    Int(truncatingIfNeeded: ((UInt64(a) << 32 | UInt64(b)) &* 0x9e37_79b9_7f4a_7c15) &>> (64 &- bits))
  }

  /// Remembers a segment.
  mutating func note(_ sighting: Sighting) {
    sightings[Self.slot(sighting.sequence, sighting.acknowledgement, Self.sightingBits)] = sighting
  }

  /// The same packet as seen before: the same bytes at the same numbers a moment ago, at another
  /// interface or on its way out; nil when there is none.
  func earlier(_ sighting: Sighting) -> Sighting? {
    let found = sightings[Self.slot(sighting.sequence, sighting.acknowledgement, Self.sightingBits)]
    guard found.flow > 0, found.sequence == sighting.sequence,
      found.acknowledgement == sighting.acknowledgement, found.length == sighting.length,
      found.fingerprint == sighting.fingerprint, sighting.time &- found.time <= Self.window,
      found.interface != sighting.interface || found.direction != sighting.direction
    else { return nil }
    return found
  }

  /// Remembers which numbers the response to the request at `place` will carry.
  mutating func expect(_ place: Int32, sequence: UInt32, acknowledgement: UInt32) {
    expected[Self.slot(sequence, acknowledgement, Self.expectedBits)] = Expected(
      sequence: sequence, acknowledgement: acknowledgement, request: place &+ 1)
  }

  /// The request that expected a response with these numbers; -1 when there was none. It may have been
  /// answered since.
  func request(sequence: UInt32, acknowledgement: UInt32) -> Int32 {
    let found = expected[Self.slot(sequence, acknowledgement, Self.expectedBits)]
    guard found.sequence == sequence, found.acknowledgement == acknowledgement else { return -1 }
    return found.request &- 1
  }
}
