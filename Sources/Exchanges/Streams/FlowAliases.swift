// SPDX-License-Identifier: Apache-2.0

import Capture

/// A flow and one of its directions.
typealias FlowLocation = (flow: FlowIndex, direction: Direction)

/// Connections that are seen under two pairs of addresses: the segments of one flow, the alias, belong to another.
///
/// What a flow is an alias of is kept with the flows, which come with each call; only what segments are recognised
/// by is its own.
struct FlowAliases: ~Copyable {
  private var translation: AddressTranslation

  init(seed: UInt64) { translation = AddressTranslation(seed: seed) }

  /// Notes a request of a flow; true when its response may come under other addresses.
  mutating func noteRequest(_ flow: FlowIndex, in flows: borrowing FlowTable, at clock: UInt64) -> Bool {
    guard flows[flow].isFresh || clock < translation.unaskedUntil else { return false }
    flows[flow].standing = .asked
    return true
  }

  /// Notes a response under addresses that have asked nothing: requests are looked for until `time`.
  mutating func noteResponse(until time: UInt64) { translation.expectRequests(until: time) }

  /// Where the segments of a flow belong that is known under other addresses; nil when it is not.
  ///
  /// An alias whose flow is gone, or has become an alias itself, is forgotten.
  func resolve(_ place: FlowLocation, in flows: borrowing FlowTable) -> FlowLocation? {
    guard let main = main(of: place, in: flows) else { return nil }
    guard flows[main.flow].hash == flows[place.flow].partnerHash, !flows[main.flow].isAlias else {
      flows[place.flow].standing = .fresh
      return nil
    }
    return main
  }

  /// Where a flow's segments belong, by what is noted of it; nil when it is known under no other addresses.
  func main(of place: FlowLocation, in flows: borrowing FlowTable) -> FlowLocation? {
    let own = flows[place.flow]
    guard own.isAlias, let flow = own.partner.index else { return nil }
    return (flow, own.isReversed ? place.direction.opposite : place.direction)
  }

  /// Where the latest alias of a flow is, if it is still one; nil when there is none.
  @inline(__always)
  func alias(of place: FlowLocation, in flows: borrowing FlowTable) -> FlowLocation? {
    let own = flows[place.flow]
    guard !own.isAlias, let flow = own.partner.index else { return nil }
    guard flows[flow].hash == own.partnerHash, flows[flow].isAlias, flows[flow].partner.index == place.flow
    else {
      return nil
    }
    return (flow, flows[flow].isReversed ? place.direction.opposite : place.direction)
  }

  /// Whether a segment of an alias fits where its connection stands: ports are used again, after a while by another
  /// client. `firstHeld` is the sequence number of what is held there first, `isAsking` tells that requests wait there.
  func fits(_ segment: borrowing Segment, _ half: ElementRef<StreamHalf>, firstHeld: UInt32?, isAsking: Bool)
    -> Bool
  {
    if segment.flags.isOpening {
      // A SYN is the one of that connection, come late, or another connection's.
      guard let first = half.isKnown ? half.next : firstHeld else {
        return false
      }
      let distance = SequenceNumber.distance(first, from: segment.sequence)
      return distance >= 0 && distance < 1 << 20
    }
    if segment.payloadLength == 0 || isAsking { return true }
    if segment.kind == .stream, half.next == segment.sequence { return true }
    return half.received.contains(segment.sequence, segment.sequence &+ segment.payloadLength)
  }

  /// Where the same segment was seen a moment ago under other addresses; nil when it was not, and then it is
  /// remembered for the next sighting.
  mutating func earlierSighting(
    _ segment: borrowing Segment, _ payload: RawSpan, in place: FlowLocation, of flows: borrowing FlowTable
  ) -> FlowLocation? {
    let sighting = translation.sighting(segment, payload, in: place, flowHash: flows[place.flow].hash)
    if let found = translation.earlier(sighting), let flow = found.flow.index, flow != place.flow,
      flows[flow].hash == found.flowHash, !flows[flow].isAlias
    {
      return (flow, found.direction)
    }
    if flows[place.flow].isFresh { translation.note(sighting) }
    return nil
  }

  /// Makes a flow's segments another one's from now on, and hands over what it holds; true when the other one
  /// also takes what is known of the direction, such as its SYN, since it lacks that.
  func join(
    _ place: FlowLocation, to other: FlowLocation, in flows: inout FlowTable,
    holding order: inout StreamOrder,
    at clock: UInt64
  ) -> Bool {
    let own = flows[place.flow]
    own.standing = .alias
    own.partner = PackedIndex(other.flow)
    own.partnerHash = flows[other.flow].hash
    own.isReversed = place.direction != other.direction
    let main = flows[other.flow]
    main.partner = PackedIndex(place.flow)
    main.partnerHash = own.hash
    if own.hasHeld {
      order.moveHeld(of: place.flow, to: other.flow, in: &flows, at: clock)
    }
    let half = own[place.direction], old = flows[other.flow][other.direction]
    guard !old.isKnown, half.isKnown else { return false }
    (half.held, half.heldCount) = (old.held, old.heldCount)
    old.value = half.value
    half.value = StreamHalf()
    return true
  }
}

extension ElementRef<StreamFlow> {
  /// Whether a request was seen under the flow's addresses: then its segments are its own.
  @inline(__always)
  var hasAsked: Bool {
    if case .asked = self.standing { true } else { false }
  }

  /// Whether nobody has asked under the flow's addresses, nor is it known under others.
  var isFresh: Bool {
    if case .fresh = self.standing { true } else { false }
  }

  var isAlias: Bool {
    if case .alias = self.standing { true } else { false }
  }
}
