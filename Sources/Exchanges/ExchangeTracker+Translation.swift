// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System

/// Connections seen under two pairs of addresses, as on a gateway that translates them: their segments
/// are read as one connection's, so that each byte counts once and responses find their requests.
extension ExchangeTracker {
  /// The flow and direction that a segment belongs to; called for flows that have asked nothing.
  ///
  /// A flow joins another one by the exact numbers of its first request, seen a moment ago elsewhere, or
  /// of a response that the other one waits for and has not seen. It leaves with its next SYN.
  mutating func home(
    _ flow: Int32, _ isForward: Bool, _ segment: borrowing Segment, _ payload: RawSpan
  ) -> (flow: Int32, isForward: Bool) {
    let isOpening = segment.flags.isOpening
    if flows[flow].standing == .twin {
      let twin = flows[flow].twin
      if flows[twin].hash != flows[flow].twinHash || flows[twin].standing == .twin {
        flows[flow].standing = .fresh
      } else {
        let direction = isForward != flows[flow].isTwinReversed
        if isOpening ? isItsOpening(twin, direction, segment.sequence) : isKnownPart(twin, direction, segment)
        {
          flows.use(twin)
          return (twin, direction)
        }
        if isOpening { flows[flow].standing = .fresh }
      }
    }
    guard !isOpening, !payload.isEmpty, segment.flags.isAcknowledging else { return (flow, isForward) }
    let isResponse = payload.byteCount >= 5 && payload.big32(0) == 0x4854_5450 && payload.byte(4) == 0x2f
    if isResponse {
      unaskedUntil = clock &+ limits.answerTimeout
      let place = expectedRequest(segment.sequence, segment.acknowledgement)
      if place >= 0 {
        let asker = pending[place].flow
        if asker != flow { join(flow, isForward, asker, flows[asker].requests == .backward) }
      }
    } else {
      let sighting = sighting(segment, payload, flow, isForward)
      if let found = translations.earlier(sighting), found.flow &- 1 != flow,
        flows[found.flow &- 1].hash == found.flowHash, flows[found.flow &- 1].standing != .twin
      {
        join(flow, isForward, found.flow &- 1, found.isForward)
      } else if flows[flow].standing == .fresh {
        translations.note(sighting)
      }
    }
    guard flows[flow].standing == .twin else { return (flow, isForward) }
    flows.use(flows[flow].twin)
    return (flows[flow].twin, isForward != flows[flow].isTwinReversed)
  }

  /// Notes which numbers a request's response will carry, where somebody may ask for them.
  mutating func expectResponse(to place: Int32, on flow: Int32, bodyLength: UInt64) {
    guard flows[flow].standing == .fresh || clock < unaskedUntil else { return }
    flows[flow].standing = .asked
    guard place >= 0, pending[place].hasAcknowledgement else { return }
    let request = pending[place]
    // A server acknowledges the body too before it answers, as a rule; with 100 (Continue), the head.
    translations.expect(place, sequence: request.acknowledgement, acknowledgement: request.headEnd)
    guard bodyLength > 0, bodyLength < 1 << 30 else { return }
    translations.expect(
      place, sequence: request.acknowledgement,
      acknowledgement: request.headEnd &+ UInt32(truncatingIfNeeded: bodyLength))
  }

  /// The waiting request of another address pair that a response with these numbers answers; -1 when
  /// there is none.
  mutating func expectedRequest(_ sequence: UInt32, _ acknowledgement: UInt32) -> Int32 {
    let place = translations.request(sequence: sequence, acknowledgement: acknowledgement)
    guard place >= 0, pending.isWaiting(place), pending[place].acknowledgement == sequence,
      SequenceNumber.distance(acknowledgement, from: pending[place].headEnd) >= 0
    else { return -1 }
    let asker = pending[place].flow
    // What was seen of its own responses must not contradict.
    let answers = flows[asker][flows[asker].requests == .backward]
    return answers.isKnown && answers.next != sequence ? -1 : place
  }

  /// Whether a segment fits where its flow has joined another one: ports are used again, after a while
  /// for somebody else.
  private mutating func isKnownPart(_ twin: Int32, _ isForward: Bool, _ segment: borrowing Segment) -> Bool {
    if segment.payloadLength == 0 || flows[twin].firstPending >= 0 { return true }
    let half = flows[twin][isForward]
    if segment.kind == .stream, half.next == segment.sequence { return true }
    return half.coverage.contains(segment.sequence, segment.sequence &+ segment.payloadLength)
  }

  /// Whether a SYN is the one of the connection joined, come late, and not another connection's.
  private mutating func isItsOpening(_ twin: Int32, _ isForward: Bool, _ start: UInt32) -> Bool {
    let half = flows[twin][isForward]
    guard half.isKnown || half.held >= 0 else { return false }
    let first = half.isKnown ? half.next : held[half.held].piece.sequence
    let distance = SequenceNumber.distance(first, from: start)
    return distance >= 0 && distance < 1 << 20
  }

  /// From now on this flow's segments are the other one's.
  private mutating func join(_ flow: Int32, _ isForward: Bool, _ twin: Int32, _ isTwinForward: Bool) {
    flows[flow].standing = .twin
    flows[flow].twin = twin
    flows[flow].twinHash = flows[twin].hash
    flows[flow].isTwinReversed = isForward != isTwinForward
    moveHeld(flow, to: twin)
    // What is known of this direction, such as its SYN, the other one may lack.
    let old = flows[twin][isTwinForward], half = flows[flow][isForward]
    if !old.isKnown, half.isKnown {
      (half.held, half.heldCount) = (old.held, old.heldCount)
      old.value = half.value
      half.value = HalfStream()
    }
  }

  /// Joins a flow whose first response has waited in vain for its request, when that came under other
  /// addresses meanwhile; returns the other flow, or -1.
  mutating func joinByHeldResponse(_ flow: Int32) -> Int32 {
    for isForward in [true, false] {
      var entry = flows[flow][isForward].held
      // Any of the first few will do: an entry of the table may have given way to another one.
      var tries = 8
      while entry >= 0, tries > 0 {
        let piece = held[entry].piece
        entry = held[entry].next
        tries &-= 1
        guard piece.hasAcknowledgement else { continue }
        let place = expectedRequest(piece.sequence, piece.acknowledgement)
        guard place >= 0, pending[place].flow != flow else { continue }
        let asker = pending[place].flow
        join(flow, isForward, asker, flows[asker].requests == .backward)
        return asker
      }
    }
    return -1
  }

  /// Hands the segments that wait in a flow on to the one that it has joined.
  private mutating func moveHeld(_ flow: Int32, to twin: Int32) {
    guard flows[flow].forward.held >= 0 || flows[flow].backward.held >= 0 else { return }
    stopWaiting(flow)
    for isForward in [true, false] {
      while flows[flow][isForward].held >= 0 {
        let place = flows[flow][isForward].held
        flows[flow][isForward].held = held[place].next
        flows[flow][isForward].heldCount &-= 1
        held[place].piece.flow = twin
        held[place].piece.isForward = isForward != flows[flow].isTwinReversed
        insertHeld(place, held[place].piece)
      }
    }
    startWaiting(twin)
  }

  private mutating func sighting(
    _ segment: borrowing Segment, _ payload: RawSpan, _ flow: Int32, _ isForward: Bool
  ) -> TranslationIndex.Sighting {
    let count = payload.byteCount, part = min(count, 64)
    let fingerprint = NameHash.fold(
      NameHash.hash(payload.slice(0, part), seed: seed),
      NameHash.hash(payload.slice(count &- part, count), seed: seed ^ 0x5899_65cc_7537_4cc3))
    return TranslationIndex.Sighting(
      sequence: segment.sequence, acknowledgement: segment.acknowledgement, length: segment.payloadLength,
      interface: segment.interface, fingerprint: fingerprint, time: segment.time,
      flowHash: flows[flow].hash, flow: flow &+ 1, direction: segment.direction.rawValue,
      isForward: isForward)
  }
}
