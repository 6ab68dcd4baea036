// SPDX-License-Identifier: Apache-2.0

/// The numbers of a response by which its request is found.
struct ResponseStart: BitwiseCopyable {
  var key: ExchangeKey
  /// The sequence number of the head's first byte.
  var sequence: UInt32
  var acknowledgement: UInt32
  var hasAcknowledgement: Bool
  /// No bytes of its direction are missing before it, so that no response can have been missed.
  var isInStep: Bool
  /// The number after the last byte that its client may have sent; nil when that is not known.
  var lastSent: UInt32?
}

/// The relation of a response to the requests that wait.
enum ResponseMatch: Equatable {
  /// It answers this request.
  case answers(RequestIndex)
  /// This request was answered in a gap before the response: end it, and ask again.
  case overtook(RequestIndex)
  /// It was sent before the request that waits for one: it answers an earlier one.
  case tooEarly
  /// It acknowledges what its client has not sent: it answers nothing.
  case unsent
  /// No request waits.
  case unasked
}

/// The pairing stage: requests that wait, by flow and stream, and the responses that they get.
///
/// Responses are tied to requests by sequence and acknowledgement numbers; pipelined requests are answered
/// in order (RFC 9112, section 9.3.2). It reads no byte and knows no flow but by its index.
struct RequestPairing: ~Copyable {
  /// Bytes of a client that may have gone by unrecognised, where not all is delivered.
  private static let unrecognised: Int32 = 4_096

  private var pending: PendingRequests
  private var expected = ExpectedResponses()
  private let timeout: UInt64

  init(limits: ExchangeLimits) {
    pending = PendingRequests(
      capacity: limits.pendingRequests, perFlow: limits.pendingPerFlow, flows: limits.flows)
    timeout = limits.timeout
  }

  /// Asks for a flow's requests ahead of their use.
  @inline(__always)
  func prefetch(_ flow: FlowIndex) { pending.prefetch(flow) }

  /// The request that must be ended before another one is added; nil while there is room.
  var nextToEvict: RequestIndex? { pending.isFull ? pending.oldest : nil }

  /// The request that has waited for longest, if for the time limit at least; else nil.
  @inline(__always)
  func expired(at clock: UInt64) -> RequestIndex? {
    guard let oldest = pending.oldest, pending[oldest].clock &+ timeout <= clock else { return nil }
    return oldest
  }

  /// The request that has waited for longest; nil when none waits.
  var oldest: RequestIndex? { pending.oldest }

  /// The request that waits next to longest after another one; nil when none does.
  func newer(_ request: RequestIndex) -> RequestIndex? { pending.newer(request) }

  /// Capture time at which the first request will run out; nil when none waits.
  var nextTimeout: UInt64? { pending.oldest.map { pending[$0].clock &+ timeout } }

  /// Capture time of the head of the request that has waited for longest; nil when none waits.
  var oldestTime: UInt64? { pending.oldest.map { pending[$0].clock } }

  /// Capture time of the head of a request, as the clock was when it was read.
  func readTime(of request: RequestIndex) -> UInt64 { pending[request].clock }

  /// Capture time at which a request runs out.
  func timeout(of request: RequestIndex) -> UInt64 { pending[request].clock &+ timeout }

  /// The number of the first byte that answers a flow's latest request; nil when that is not known.
  func expectedPosition(of flow: FlowIndex) -> UInt32? {
    guard let last = pending.last(of: flow), pending[last].hasAcknowledgement else { return nil }
    return pending[last].acknowledgement
  }

  /// The first request of a flow that waits; nil when none does.
  func first(of flow: FlowIndex) -> RequestIndex? { pending.first(of: flow) }

  /// The flow and the stream of a request that waits.
  @inline(__always)
  func key(of request: RequestIndex) -> ExchangeKey { pending[request].key }

  /// Makes a request of its flow one of a stream, where its response comes after an upgrade.
  mutating func move(_ request: RequestIndex, toStream stream: UInt32) {
    pending[request].key.stream = stream
  }

  /// Gives a request that is under way its whole time again.
  mutating func renew(_ request: RequestIndex, at clock: UInt64) { pending.renew(request, at: clock) }

  /// The sequence number at which the response to a flow's first waiting request begins at the earliest.
  func expectedStart(of flow: FlowIndex) -> UInt32? {
    guard let first = pending.first(of: flow), pending[first].hasAcknowledgement else { return nil }
    return pending[first].acknowledgement
  }

  /// Whether several requests of a flow wait.
  func hasSeveral(of flow: FlowIndex) -> Bool {
    guard let first = pending.first(of: flow) else { return false }
    return pending.after(first) != nil
  }

  /// The flow of a request that waits.
  func flow(of request: RequestIndex) -> FlowIndex { pending[request].key.flow }

  /// What the reading of a flow must know, without the other direction's position.
  func hint(for flow: FlowIndex) -> PairingHint {
    var hint = PairingHint()
    if let last = pending.last(of: flow) {
      hint.isWaiting = true
      hint.lastAcknowledgement = pending[last].acknowledgement
      hint.hasLastAcknowledgement = pending[last].hasAcknowledgement
    }
    return hint
  }

  /// Adds a request to its flow, in the order of the stream; nil when there is no room at all.
  ///
  /// - Parameter isAnswered: whether the flow has been answered before.
  @inline(__always)
  mutating func add(_ request: PendingRequest, isAnswered: Bool = false) -> RequestIndex? {
    pending.add(request, isAnswered: isAnswered)
  }

  /// Whether a response can be the request's: its flow had room for it.
  @inline(__always)
  func mayBeAnswered(_ request: RequestIndex) -> Bool { pending[request].isQueued }

  /// Finds what a response is to the requests that wait; changes nothing.
  @inline(__always)
  mutating func match(_ response: ResponseStart) -> ResponseMatch {
    guard let first = pending.first(of: response.key) else { return .unasked }
    if isTooEarly(response, for: first) {
      return isExpectedByNext(response, after: first) ? .overtook(first) : .tooEarly
    }
    // TCP drops what acknowledges bytes that were not sent (RFC 9293, section 3.10.7.4): a stranger's guess.
    if let last = response.lastSent, response.hasAcknowledgement,
      SequenceNumber.distance(response.acknowledgement, from: last) > Self.unrecognised
    {
      return .unsent
    }
    // With a gap before it, responses may have been missed: a request whose successor was sent when
    // the client had already received more has been answered in that gap.
    if !response.isInStep, let next = pending.after(first), pending[next].hasAcknowledgement,
      pending[next].acknowledgement != pending[first].acknowledgement, !isTooEarly(response, for: next)
    {
      return .overtook(first)
    }
    return .answers(first)
  }

  /// Whether a response that is too early for a request begins just where the next one expects its own. What a client
  /// acknowledges does not go back, so that the numbers of the first one are a stranger's guess.
  @inline(never)
  private func isExpectedByNext(_ response: ResponseStart, after first: RequestIndex) -> Bool {
    guard let next = pending.after(first), pending[next].hasAcknowledgement,
      pending[next].acknowledgement == response.sequence
    else { return false }
    return !isTooEarly(response, for: next)
  }

  /// What a response to a request must know of it, and the nanoseconds from its head to a response's at `time`.
  @inline(__always)
  func answer(to request: RequestIndex, at time: UInt64) -> (answered: AnsweredRequest, latency: UInt64) {
    let asked = pending[request].time
    return (pending[request].answer, time > asked ? time &- asked : 0)
  }

  /// Whether the sender of `acknowledgement` had the whole head of a request.
  func wasReceived(_ request: RequestIndex, acknowledgement: UInt32) -> Bool {
    SequenceNumber.distance(acknowledgement, from: pending[request].headEnd) >= 0
  }

  /// Forgets a request, which has ended.
  @inline(__always)
  mutating func remove(_ request: RequestIndex) { pending.remove(request) }

  /// Notes which numbers a request's response will carry, should it come under other addresses.
  mutating func expectResponse(to request: RequestIndex, bodyLength: UInt64) {
    let waiting = pending[request]
    guard waiting.hasAcknowledgement else { return }
    // A server acknowledges the body too before it answers, as a rule; with 100 (Continue), the head.
    let flow = waiting.key.flow
    expected.note(request, of: flow, sequence: waiting.acknowledgement, acknowledgement: waiting.headEnd)
    guard bodyLength > 0, bodyLength < 1 << 30 else { return }
    expected.note(
      request, of: flow, sequence: waiting.acknowledgement,
      acknowledgement: waiting.headEnd &+ UInt32(truncatingIfNeeded: bodyLength))
  }

  /// The waiting request of any flow that a response with these numbers answers; nil when there is none.
  func expectedRequest(sequence: UInt32, acknowledgement: UInt32) -> RequestIndex? {
    guard let request = expected.request(sequence: sequence, acknowledgement: acknowledgement)?.request,
      pending[request].isWaiting, pending[request].acknowledgement == sequence,
      SequenceNumber.distance(acknowledgement, from: pending[request].headEnd) >= 0
    else { return nil }
    return request
  }

  /// The flow whose request expected a response with these numbers, also when it has it by now; nil when there was
  /// none. The flow may have given way to another one.
  func expectingFlow(sequence: UInt32, acknowledgement: UInt32) -> FlowIndex? {
    expected.request(sequence: sequence, acknowledgement: acknowledgement)?.flow
  }

  /// Whether a response was sent before its sender had the request, or lies before what the client had
  /// received when it asked.
  @inline(__always)
  private func isTooEarly(_ response: ResponseStart, for index: RequestIndex) -> Bool {
    let request = pending[index]
    if response.hasAcknowledgement,
      SequenceNumber.distance(response.acknowledgement, from: request.headStart) <= 0
    {
      return true
    }
    return request.hasAcknowledgement
      && SequenceNumber.distance(response.sequence, from: request.acknowledgement) < 0
  }
}
