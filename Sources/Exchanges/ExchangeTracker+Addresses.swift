// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System

/// One connection under several pairs of addresses, as translation and bridges show it.
extension ExchangeTracker {
  /// The flow and direction that a segment belongs to; called for flows that have asked nothing.
  ///
  /// A flow joins another one by the exact numbers of its first request, seen a moment ago elsewhere, or
  /// of a response that the other one waits for and has not seen. It leaves with its next SYN.
  mutating func locate(
    _ place: FlowLocation, _ segment: borrowing Segment, _ payload: RawSpan
  ) -> FlowLocation {
    let isOpening = segment.flags.isOpening
    if let main = streams.resolve(place) {
      if streams.fits(segment, main, isAsking: pairing.first(of: main.flow) != nil) {
        streams.use(main.flow)
        return main
      }
      if isOpening { streams.dropAlias(place.flow) }
    }
    guard !isOpening, !payload.isEmpty, segment.flags.isAcknowledging else { return place }
    if payload.byteCount >= 5, HeadStart.verdict(payload) == .response, payload.byte(0) == UInt8(ascii: "H") {
      streams.noteResponse(until: clock &+ limits.translationPatience)
      let request = expectedRequest(sequence: segment.sequence, acknowledgement: segment.acknowledgement)
      if let request {
        join(place, toAskerOf: request)
      } else if streams.firstHeld(place.flow, place.direction.opposite) == nil,
        let answered = answeredAsker(of: segment), answered.flow != place.flow
      {
        // Only responses have these addresses: else it is a connection of its own, whatever its numbers.
        join(place, to: answered)
      }
    } else if let earlier = streams.earlierSighting(segment, payload, in: place) {
      join(place, to: earlier)
    }
    guard let main = streams.main(of: place) else { return place }
    streams.use(main.flow)
    return main
  }

  /// From now on a flow's segments are those of the flow that waits for a response here; returns that flow, nil when
  /// it is the same one.
  @discardableResult
  private mutating func join(
    _ place: FlowLocation, toAskerOf request: RequestIndex
  ) -> FlowIndex? {
    let asker = pairing.flow(of: request)
    guard asker != place.flow else { return nil }
    join(place, to: (asker, responseDirection(of: asker)))
    return asker
  }

  /// Where a response was seen before under other addresses: a bridge that translates shows it with those of both its
  /// sides and with some in between, of which one end stays. Nil when it was not.
  private func answeredAsker(of segment: borrowing Segment) -> FlowLocation? {
    guard
      let flow = pairing.expectingFlow(
        sequence: segment.sequence, acknowledgement: segment.acknowledgement), streams.hasAsked(flow)
    else { return nil }
    let asker = (flow: flow, direction: responseDirection(of: flow))
    let known = ends(flow, from: asker.direction)
    let (server, client) = (segment.source, segment.destination)
    guard known.to == client || known.from == server && known.to.port == client.port else { return nil }
    return streams.hasReceived(segment.sequence, length: segment.payloadLength, at: asker) ? asker : nil
  }

  private mutating func join(_ place: FlowLocation, to other: FlowLocation) {
    if streams.join(place, to: other, at: clock) {
      messages.move(place.flow, place.direction, to: other.flow, other.direction)
    }
  }

  /// The direction in which a flow is answered; while that is not known, backward.
  private func responseDirection(of flow: FlowIndex) -> Direction {
    messages.requestDirection(of: flow)?.opposite ?? .backward
  }

  /// The waiting request of any flow that a response with these numbers answers; nil when there is none.
  mutating func expectedRequest(sequence: UInt32, acknowledgement: UInt32) -> RequestIndex? {
    guard let request = pairing.expectedRequest(sequence: sequence, acknowledgement: acknowledgement)
    else { return nil }
    // What was seen of its own responses must not contradict.
    let asker = pairing.flow(of: request)
    let position = streams.position(of: asker, responseDirection(of: asker))
    return position == nil || position == sequence ? request : nil
  }

  /// Joins a flow whose first response has waited in vain for its request, when that came under other
  /// addresses meanwhile; returns the other flow.
  mutating func joinByHeldResponse(_ flow: FlowIndex) -> FlowIndex? {
    for direction in [Direction.forward, .backward] {
      var next = streams.firstHeld(flow, direction)
      // Any of the first few will do: an entry of the table may have given way to another one.
      var tries = 8
      while let held = next, tries > 0 {
        let chunk = streams.held(held).chunk
        next = streams.held(after: held)
        tries &-= 1
        guard chunk.hasAcknowledgement,
          let request = expectedRequest(sequence: chunk.sequence, acknowledgement: chunk.acknowledgement),
          let asker = join((flow, direction), toAskerOf: request)
        else { continue }
        return asker
      }
    }
    return nil
  }
}
