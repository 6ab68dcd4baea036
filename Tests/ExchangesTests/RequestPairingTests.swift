// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Exchanges

/// The stage of pairing alone: requests are added, responses are matched by their numbers.
@Suite struct RequestPairingTests {
  static let flow = FlowIndex(offset: 0)

  static func stage(requests: Int = 8) -> RequestPairing {
    var limits = ExchangeLimits()
    (limits.flows, limits.pendingRequests) = (4, requests)
    return RequestPairing(limits: limits)
  }

  static func request(
    _ start: UInt32, received: UInt32 = 5_000, flow: FlowIndex = flow, stream: UInt32 = 0, at time: UInt64 = 0
  ) -> PendingRequest {
    PendingRequest(
      key: ExchangeKey(flow: flow, stream: stream), headStart: start, headEnd: start &+ 50,
      acknowledgement: received, hasAcknowledgement: true,
      answer: AnsweredRequest(isHead: false, isConnect: false, isUpgrade: false), time: time, clock: time)
  }

  static func response(
    _ start: UInt32, to acknowledged: UInt32, isInStep: Bool = true, flow: FlowIndex = flow,
    stream: UInt32 = 0
  ) -> ResponseStart {
    ResponseStart(
      key: ExchangeKey(flow: flow, stream: stream), sequence: start, acknowledgement: acknowledged,
      hasAcknowledgement: true, isInStep: isInStep)
  }

  @Test func `pipelined requests are answered in order, each flow's by themselves`() {
    var pairing = Self.stage()
    let other = FlowIndex(offset: 1)
    guard let first = pairing.add(Self.request(1_000)), let second = pairing.add(Self.request(1_050)),
      let third = pairing.add(Self.request(1_000, flow: other))
    else {
      Issue.record("no room")
      return
    }
    let matches = [
      pairing.match(Self.response(5_000, to: 1_100)),
      pairing.match(Self.response(5_000, to: 1_100, flow: other)),
    ]
    #expect(matches == [.answers(first), .answers(third)])
    pairing.remove(first)
    let next = pairing.match(Self.response(5_100, to: 1_100))
    #expect(next == .answers(second))
    pairing.remove(second)
    let none = pairing.match(Self.response(5_200, to: 1_100))
    #expect(none == .unasked)
    #expect(pairing.first(of: Self.flow) == nil && pairing.oldest == third)
  }

  @Test func `a request that comes late stands where the stream has it`() {
    var pairing = Self.stage()
    let later = pairing.add(Self.request(2_000)), earlier = pairing.add(Self.request(0xffff_ff00))
    #expect(pairing.first(of: Self.flow) == earlier && pairing.oldest == later)
  }

  @Test func `a response that acknowledges what was not sent answers nothing`() {
    var pairing = Self.stage()
    let asked = pairing.add(Self.request(1_000, received: 5_000))
    var response = Self.response(5_000, to: 1_050)
    response.lastSent = 1_050
    let own = pairing.match(response)
    #expect(asked.map { own == .answers($0) } == true)
    for acknowledged in [UInt32(1_050 + 4_097), 1 << 30] {
      var forged = Self.response(5_000, to: acknowledged)
      forged.lastSent = 1_050
      let match = pairing.match(forged)
      #expect(match == .unsent)
    }
    // What went by unrecognised is not held against it.
    var near = Self.response(5_000, to: 1_050 + 4_096)
    near.lastSent = 1_050
    let match = pairing.match(near)
    #expect(match == own)
  }

  @Test func `a response sent before the request answers an earlier one`() {
    var pairing = Self.stage()
    _ = pairing.add(Self.request(1_000, received: 5_000))
    let unseen = pairing.match(Self.response(5_000, to: 1_000))
    let received = pairing.match(Self.response(4_900, to: 1_050))
    #expect(unseen == .tooEarly && received == .tooEarly)
  }

  @Test func `after a gap, a request whose successor knew more was answered in the gap`() {
    var pairing = Self.stage()
    let first = pairing.add(Self.request(1_000, received: 5_000))
    let second = pairing.add(Self.request(1_050, received: 5_100))
    let inStep = pairing.match(Self.response(5_100, to: 1_100))
    let afterGap = pairing.match(Self.response(5_100, to: 1_100, isInStep: false))
    #expect(first.map { inStep == .answers($0) && afterGap == .overtook($0) } == true)
    if let first { pairing.remove(first) }
    let again = pairing.match(Self.response(5_100, to: 1_100, isInStep: false))
    #expect(second.map { again == .answers($0) } == true)
  }

  @Test func `streams of one flow are answered in any order`() {
    var pairing = Self.stage()
    let one = pairing.add(Self.request(1_000, stream: 1)), three = pairing.add(Self.request(1_050, stream: 3))
    let last = pairing.match(Self.response(5_000, to: 1_100, stream: 3))
    #expect(three.map { last == .answers($0) } == true)
    if let three { pairing.remove(three) }
    let gone = pairing.match(Self.response(5_000, to: 1_100, stream: 3))
    let first = pairing.match(Self.response(5_000, to: 1_100, stream: 1))
    #expect(gone == .unasked && one.map { first == .answers($0) } == true)
  }

  @Test func `requests expire by the capture clock, the oldest first`() {
    var limits = ExchangeLimits()
    (limits.flows, limits.pendingRequests, limits.timeout) = (1, 2, 100)
    var pairing = RequestPairing(limits: limits)
    let first = pairing.add(Self.request(1_000, at: 10))
    #expect(pairing.nextToEvict == nil)
    let second = pairing.add(Self.request(1_050, at: 20))
    #expect(pairing.nextToEvict == first)
    #expect(pairing.expired(at: 109) == nil && pairing.expired(at: 110) == first)
    if let first { pairing.remove(first) }
    #expect(pairing.expired(at: 110) == nil && pairing.expired(at: 120) == second)
  }

  @Test func `a response under other addresses finds its request by the numbers`() {
    var pairing = Self.stage()
    guard let request = pairing.add(Self.request(1_000)) else {
      Issue.record("no room")
      return
    }
    pairing.expectResponse(to: request, bodyLength: 20)
    #expect(pairing.expectedRequest(sequence: 5_000, acknowledgement: 1_050) == request)
    #expect(pairing.expectedRequest(sequence: 5_000, acknowledgement: 1_070) == request)
    #expect(pairing.expectedRequest(sequence: 5_001, acknowledgement: 1_050) == nil)
    pairing.remove(request)
    #expect(pairing.expectedRequest(sequence: 5_000, acknowledgement: 1_050) == nil)
  }

  @Test func `the hint tells of the last request`() {
    var pairing = Self.stage()
    #expect(!pairing.hint(for: Self.flow).isWaiting)
    _ = pairing.add(Self.request(1_000, received: 5_000))
    _ = pairing.add(Self.request(1_050, received: 5_100))
    let hint = pairing.hint(for: Self.flow)
    #expect(hint.isWaiting && hint.hasLastAcknowledgement && hint.lastAcknowledgement == 5_100)
  }
}
