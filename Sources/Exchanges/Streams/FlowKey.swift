// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import Text

/// A TCP connection whichever way a segment goes: its two ends in a fixed order.
struct FlowKey: Equatable, BitwiseCopyable, Sendable {
  var aHigh: UInt64
  var aLow: UInt64
  var bHigh: UInt64
  var bLow: UInt64
  /// Port of a in the upper half, of b in the lower one.
  var ports: UInt32

  /// The key of a segment's connection, and the segment's direction there.
  @inline(__always)
  static func of(_ segment: borrowing Segment) -> (key: FlowKey, direction: Direction) {
    let source = segment.source, destination = segment.destination
    let isForward =
      source.high != destination.high
      ? source.high < destination.high
      : source.low != destination.low ? source.low < destination.low : source.port <= destination.port
    let a = isForward ? source : destination
    let b = isForward ? destination : source
    return (
      FlowKey(
        aHigh: a.high, aLow: a.low, bHigh: b.high, bLow: b.low,
        ports: UInt32(a.port) << 16 | UInt32(b.port)),
      isForward ? .forward : .backward
    )
  }

  /// A seeded hash; an attacker who does not know the seed cannot aim at one bucket.
  func hash(seed: UInt64) -> UInt64 {
    let a = NameHash.fold(aHigh ^ seed, bHigh ^ 0xe703_7ed1_a0b4_28db)
    let b = NameHash.fold(aLow ^ seed, bLow ^ 0x8ebc_6af0_9c88_c6e3)
    return NameHash.fold(a ^ UInt64(ports), b ^ 0x5899_65cc_7537_4cc3)
  }
}
