// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System
import Text

/// The first segments of connections, by which a connection is recognised under other addresses: address
/// translation (NAT) changes addresses and ports, but keeps sequence and acknowledgement numbers.
///
/// A table of fixed size, direct-mapped: a later entry takes an earlier one's place. What is found is
/// compared in full, so that a wrong match needs the same two random 32-bit numbers in two connections.
struct AddressTranslation: ~Copyable {
  /// The first segment of a connection's first request.
  struct Sighting: BitwiseCopyable {
    var sequence: UInt32
    var acknowledgement: UInt32
    var length: UInt32
    var interface: UInt32
    var network: UInt32
    /// Of the payload's first and last bytes.
    var fingerprint: UInt64
    var time: UInt64
    var flowHash: UInt64
    /// None in an empty entry.
    var flow: PackedIndex<FlowIndex>
    var crossing: UInt8
    var isIPv4: Bool
    /// The last 32 bits of both addresses: of an IPv6 address that stands for an IPv4 one, that (RFC 6052).
    var sourceEnd: UInt32
    var destinationEnd: UInt32
    var direction: Direction
  }

  private static let bits = 10
  /// Nanoseconds within which the second sighting of a packet follows the first.
  private static let window: UInt64 = 1_000_000_000

  private var sightings = FixedArray<Int, Sighting>(zeroed: 1 << Self.bits)
  private let seed: UInt64
  /// Responses came whose requests go by other addresses: until then (capture time) all are expected.
  private(set) var unaskedUntil: UInt64 = 0

  init(seed: UInt64) { self.seed = seed }

  /// Notes that a response came to a flow that has asked nothing: requests are looked for until `time`.
  mutating func expectRequests(until time: UInt64) { unaskedUntil = time }

  /// Remembers a segment.
  mutating func note(_ sighting: Sighting) {
    sightings[NumberHash.slot(sighting.sequence, sighting.acknowledgement, bits: Self.bits)].value = sighting
  }

  /// The same packet as seen before: the same bytes at the same numbers a moment ago, at another
  /// interface, in another virtual network, on its way out, or translated to the other family (NAT64); nil when there is none.
  func earlier(_ sighting: Sighting) -> Sighting? {
    let slot = NumberHash.slot(sighting.sequence, sighting.acknowledgement, bits: Self.bits)
    let found = sightings[slot].value
    guard !found.flow.isNone, found.sequence == sighting.sequence,
      found.acknowledgement == sighting.acknowledgement, found.length == sighting.length,
      found.fingerprint == sighting.fingerprint, sighting.time &- found.time <= Self.window,
      found.interface != sighting.interface || found.crossing != sighting.crossing
        || found.network != sighting.network || Self.isTranslated(found, sighting)
    else { return nil }
    return found
  }

  /// Whether one of two sightings has the other's addresses in the other family: a server of IPv4 has an IPv6 address that
  /// ends with its own (RFC 6146, section 3.5; RFC 6052, section 2.1).
  private static func isTranslated(_ one: Sighting, _ other: Sighting) -> Bool {
    one.isIPv4 != other.isIPv4
      && (one.sourceEnd == other.sourceEnd || one.destinationEnd == other.destinationEnd)
  }

  /// What a segment is recognised by; `flowHash` is that of the flow it came to.
  func sighting(
    _ segment: borrowing Segment, _ payload: RawSpan, in place: (flow: FlowIndex, direction: Direction),
    flowHash: UInt64
  ) -> Sighting {
    let count = payload.byteCount, part = min(count, 64)
    let fingerprint = NameHash.fold(
      NameHash.hash(payload.slice(0, part), seed: seed),
      NameHash.hash(payload.slice(count &- part, count), seed: seed ^ 0x5899_65cc_7537_4cc3))
    return Sighting(
      sequence: segment.sequence, acknowledgement: segment.acknowledgement, length: segment.payloadLength,
      interface: segment.interface, network: segment.network, fingerprint: fingerprint, time: segment.time,
      flowHash: flowHash,
      flow: PackedIndex(place.flow), crossing: segment.direction.rawValue, isIPv4: segment.source.isIPv4,
      sourceEnd: UInt32(truncatingIfNeeded: segment.source.low),
      destinationEnd: UInt32(truncatingIfNeeded: segment.destination.low), direction: place.direction)
  }
}

/// The slot of a pair of TCP numbers in a direct-mapped table of 2^bits entries.
enum NumberHash {
  @inline(__always)
  static func slot(_ a: UInt32, _ b: UInt32, bits: Int) -> Int {
    Int(
      truncatingIfNeeded: ((UInt64(a) << 32 | UInt64(b)) &* 0x9e37_79b9_7f4a_7c15) &>> (64 &- UInt64(bits)))
  }
}
