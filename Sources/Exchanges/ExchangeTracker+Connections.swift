// SPDX-License-Identifier: Apache-2.0

import Capture

/// A connection's life: its SYN, its FIN or RST, the place that it gives to another one.
extension ExchangeTracker {
  mutating func makeFlow(_ key: FlowKey, hash: UInt64) -> FlowIndex? {
    if let flow = streams.nextToEvict {
      finish(flow, requests: .unknown)
      if !streams.isClosed(flow) { counters.evictedFlows &+= 1 }
      streams.remove(flow)
    }
    guard let flow = streams.insert(key, hash: hash) else { return nil }
    streams.see(flow, at: clock)
    messages.reset(flow)
    clients.forget(flow)
    return flow
  }

  /// A SYN was seen: this direction's stream begins at its number.
  ///
  /// The SYN of another connection ends this one only with the answer to it, or with data at its number: anybody
  /// can send a SYN, and what follows it shows whether somebody meant it.
  mutating func open(_ flow: FlowIndex, _ direction: Direction, _ segment: borrowing Segment) {
    let start = segment.sequence, isAnswer = segment.flags.isAcknowledging
    switch streams.opening(flow, direction, at: start) {
    case .known: return
    case .first:
      // An answer to what the other side did not begin with is another connection's, or a guess.
      if isAnswer, !answersOpening(flow, direction, segment) {
        return streams.announce(flow, direction, at: start)
      }
    case .another:
      guard isAnswer, let asked = streams.announced(flow, direction.opposite),
        asked == segment.acknowledgement
      else { return streams.announce(flow, direction, at: start) }
      restart(flow)
      begin(flow, direction.opposite, at: asked, isAnswer: false)
    }
    begin(flow, direction, at: start, isAnswer: isAnswer)
  }

  /// Whether a SYN's answer acknowledges about where the other side, as far as that is known, has begun; and begins about
  /// where a request of that side that waits expects its response. A server that keeps no state of a handshake (SYN
  /// cookies) may answer a second SYN by another number, of which the client knows nothing.
  private func answersOpening(_ flow: FlowIndex, _ direction: Direction, _ segment: borrowing Segment) -> Bool
  {
    if let position = streams.position(of: flow, direction.opposite),
      !Self.isSoon(position, after: segment.acknowledgement)
    {
      return false
    }
    guard messages.requestDirection(of: flow) == direction.opposite,
      let expected = pairing.expectedPosition(of: flow)
    else { return true }
    return Self.isSoon(expected, after: segment.sequence)
  }

  /// No more is sent before the answer to a SYN than a window takes that is not scaled (RFC 7323, section 2.2).
  private static func isSoon(_ position: UInt32, after start: UInt32) -> Bool {
    (0...65_535).contains(SequenceNumber.distance(position, from: start))
  }

  /// Data came in a flow for which a SYN of another connection was seen: data at its number begins that one.
  mutating func confirm(_ flow: FlowIndex, _ direction: Direction, _ sequence: UInt32) {
    guard let start = streams.announced(flow, direction), start == sequence,
      streams.position(of: flow, direction) != sequence
    else { return }
    let answer = streams.announced(flow, direction.opposite)
    restart(flow)
    begin(flow, direction, at: start, isAnswer: false)
    if let answer { begin(flow, direction.opposite, at: answer, isAnswer: true) }
  }

  /// Data came in a flow that both sides have closed: it was sent again, or belongs, far from that, to another
  /// connection of the same ports, whose SYN did not pass.
  @inline(never)
  mutating func reopen(_ flow: FlowIndex, _ direction: Direction, _ segment: borrowing Segment) {
    if !streams.isStreams, messages.requestDirection(of: flow) == direction,
      streams.isElsewhere(
        flow, direction, segment.sequence, unread: messages.unread(flow, direction))
    {
      restart(flow)
    }
    streams.setClosed(flow, false)
  }

  /// Another connection takes the place of a flow's.
  private mutating func restart(_ flow: FlowIndex) {
    finish(flow, requests: .unknown)
    streams.reset(flow)
    messages.reset(flow)
    clients.forget(flow)
  }

  mutating func begin(_ flow: FlowIndex, _ direction: Direction, at start: UInt32, isAnswer: Bool) {
    streams.open(flow, direction, at: start)
    messages.open(flow, direction, isAnswer: isAnswer)
  }

  /// A FIN or RST was seen. A client's FIN is a half-close: it waits for its responses (RFC 9112, section 9.6).
  mutating func close(_ flow: FlowIndex, _ direction: Direction, _ segment: borrowing Segment) {
    let isReset = segment.flags.isReset
    if !isReset { streams.finish(flow, direction, at: segment.sequence &+ segment.payloadLength) }
    if segment.endsBoth { return closeBoth(flow, direction, segment) }
    let isServer = messages.requestDirection(of: flow) != direction
    guard pairing.first(of: flow) != nil else {
      if !streams.isClosed(flow), completesClose(flow, direction, segment) { streams.setClosed(flow, true) }
      return
    }
    let closing = Closing(
      direction: direction, isReset: isReset, position: segment.sequence &+ segment.payloadLength,
      expected: isServer ? pairing.expectedPosition(of: flow) : nil)
    guard isReset || isServer else { return }
    // Numbers that the direction cannot have come to are a stranger's.
    guard streams.mayEnd(flow, by: closing, unread: messages.unread(flow, direction)) else { return }
    streams.close(flow, by: closing)
  }

  /// The second side's FIN came, after another one that was not delivered since all was answered: a request that waits
  /// all the same has lost its answer.
  @inline(never)
  private mutating func closeBoth(_ flow: FlowIndex, _ direction: Direction, _ segment: borrowing Segment) {
    // What is held may be the answer.
    if streams.hasHeld(flow) { return }
    if pairing.first(of: flow) != nil {
      let closing = Closing(
        direction: direction, isReset: false, position: segment.sequence &+ segment.payloadLength)
      // As for any end: numbers that the direction cannot have come to are a stranger's.
      guard streams.mayEnd(flow, by: closing, unread: messages.unread(flow, direction)) else { return }
      finish(flow, requests: endWithoutAnswer(flow, direction, segment))
    }
    // Else nothing is lost by a stranger's: what is asked next begins a connection of its own.
    streams.setClosed(flow, true)
  }

  /// How a request ends whose answer was not read when both sides have closed, the `direction` as the second one: where the
  /// server has sent nothing at all, a stranger's answer has misled the filter; else the answer was lost.
  private mutating func endWithoutAnswer(
    _ flow: FlowIndex, _ direction: Direction, _ segment: borrowing Segment
  ) -> RequestEnd {
    let isClient = messages.requestDirection(of: flow) == direction
    // A client's FIN acknowledges the server's, which has a number of its own.
    let end = isClient ? segment.acknowledgement &- 1 : segment.sequence
    guard pairing.expectedStart(of: flow) == end else { return .unknown }
    return isClient ? .aborted : .clientClosed
  }

  /// Whether a connection of which no request waits is closed by a segment: by a reset, or as the second side's FIN.
  private func completesClose(
    _ flow: FlowIndex, _ direction: Direction, _ segment: borrowing Segment
  ) -> Bool {
    if streams.hasHeld(flow) { return false }
    if segment.flags.isReset {
      let reset = Closing(
        direction: direction, isReset: true, position: segment.sequence &+ segment.payloadLength)
      if streams.position(of: flow, direction) == reset.position { return true }
      return !streams.isStreams && streams.mayEnd(flow, by: reset, unread: messages.unread(flow, direction))
    }
    return streams.isHalfClosed(flow, .forward, unread: messages.unread(flow, .forward))
      && streams.isHalfClosed(flow, .backward, unread: messages.unread(flow, .backward))
  }

  /// Ends the requests of a connection that is over, once all before its end has been read.
  mutating func settleEnd(_ flow: FlowIndex, _ direction: Direction, _ segment: borrowing Segment) {
    guard let closing = streams.closing(of: flow) else { return }
    var acknowledgement: UInt32?
    if direction != closing.direction, segment.flags.isAcknowledging {
      acknowledgement = segment.acknowledgement
    }
    var connection = streams.end(of: flow, acknowledgement: acknowledgement)
    if streams.isWaiting(flow), connection == .unseen || closing.isReset && connection == .reached {
      // Nothing is sent again after a reset, nor what was received: what is held is all there is.
      while streams.isWaiting(flow) { giveUpWaiting(flow) }
      if closing.isReset, connection == .unseen {
        streams.close(flow, by: closing)
        connection = streams.end(of: flow, acknowledgement: nil)
      }
    }
    let end: RequestEnd
    switch connection {
    case .open, .missing: return
    case .reached:
      end = isClosedByClient(flow, closing) ? .clientClosed : .aborted
    case .unseen: end = .unknown
    }
    endHead(flow, closing.direction)
    while let request = pairing.first(of: flow) { self.end(request, as: end) }
  }

  /// Whether the side that asks has closed a connection that is over, by a reset or before it was.
  private func isClosedByClient(_ flow: FlowIndex, _ closing: Closing) -> Bool {
    guard let client = messages.requestDirection(of: flow) else { return false }
    return closing.isReset && closing.direction == client
      || streams.isHalfClosed(flow, client, unread: messages.unread(flow, client))
  }

  /// Decides everything that waits on one flow, whose requests end so.
  mutating func finish(_ flow: FlowIndex, requests end: RequestEnd) {
    if streams.isWaiting(flow) { giveUpWaiting(flow) }
    let dropped = streams.dropHeld(flow)
    counters.delivered &+= dropped
    counters.otherSegments &+= dropped
    endHead(flow, .forward)
    endHead(flow, .backward)
    while let request = pairing.first(of: flow) { self.end(request, as: end) }
    frames.end(flow)
  }
}
