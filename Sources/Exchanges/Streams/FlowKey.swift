// SPDX-License-Identifier: Apache-2.0

package import Capture
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
  /// The virtual networks: their tenants may have the same addresses. A connection that is seen in several, or in one by
  /// one of its directions alone, is known under another key's flow (`FlowAliases`).
  var network: UInt32 = 0

  /// The key of a segment's connection, and the segment's direction there.
  @inline(__always)
  static func of(_ segment: borrowing Segment) -> (key: FlowKey, direction: Direction) {
    of(segment.source, segment.destination, network: segment.network)
  }

  /// The key of a connection between two ends, and the direction from the first of them.
  @inline(__always)
  static func of(
    _ source: Endpoint, _ destination: Endpoint, network: UInt32
  ) -> (key: FlowKey, direction: Direction) {
    let isForward =
      source.high != destination.high
      ? source.high < destination.high
      : source.low != destination.low ? source.low < destination.low : source.port <= destination.port
    let a = isForward ? source : destination
    let b = isForward ? destination : source
    return (
      FlowKey(
        aHigh: a.high, aLow: a.low, bHigh: b.high, bLow: b.low,
        ports: UInt32(a.port) << 16 | UInt32(b.port), network: network),
      isForward ? .forward : .backward
    )
  }

  /// A keyed hash; who does not know the secrets cannot aim at one bucket. No operand is public: a product with a
  /// number that an address can be made to cancel would not depend on anything else.
  func hash(_ secrets: FlowSecrets) -> UInt64 {
    let a = NameHash.fold(aHigh ^ secrets.aHigh, bHigh ^ secrets.bHigh)
    let b = NameHash.fold(aLow ^ secrets.aLow, bLow ^ secrets.bLow)
    return NameHash.fold(a ^ (UInt64(network) << 32 | UInt64(ports)) ^ secrets.ports, b ^ secrets.rest)
  }
}

/// The keys of the hash of connections: a number for each operand, made of one seed.
package struct FlowSecrets: BitwiseCopyable, Sendable {
  let aHigh: UInt64
  let aLow: UInt64
  let bHigh: UInt64
  let bLow: UInt64
  let ports: UInt64
  let rest: UInt64

  package init(seed: UInt64) {
    var state = seed
    aHigh = Self.next(&state)
    aLow = Self.next(&state)
    bHigh = Self.next(&state)
    bLow = Self.next(&state)
    ports = Self.next(&state)
    rest = Self.next(&state)
  }

  /// The keyed hash of a connection by its ends, in this order.
  package func hash(_ a: Endpoint, _ b: Endpoint) -> UInt64 {
    FlowKey(
      aHigh: a.high, aLow: a.low, bHigh: b.high, bLow: b.low, ports: UInt32(a.port) << 16 | UInt32(b.port)
    ).hash(self)
  }

  /// SplitMix64, one step.
  private static func next(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = (state ^ (state &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed &>> 31)
  }
}
