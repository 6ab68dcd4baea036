// SPDX-License-Identifier: Apache-2.0

import HTTP2
import System

/// Responses, and the ends of streams.
///
/// An exchange is over with its stream (END_STREAM of the server), since what follows the response's head may still make
/// it a failure: a reset, or for gRPC the status in the trailers. Its latency is up to the head. What is a failure by its
/// status, and a tunnel, is over at once.
extension FrameConnection {
  /// What a server's header block is: an interim or final response, or trailers; nil when it says nothing.
  func response(_ block: HeaderBlock, _ list: HeaderList, at time: UInt64) -> FrameStep? {
    guard block.outcome == .decoded else { return .resync(lose(block)) }
    let status = BlockStatus(list)
    guard let state = streams.find(block.stream) else {
      // Of a request that began before the watch or in a gap; not of one that is over.
      let isOver = block.stream >= firstStream && block.stream <= lastStream
      guard case .known(let status) = status, !isOver, block.stream & 1 == 1 else { return nil }
      return .unmatched(status: status)
    }
    switch status {
    case .absent:
      // Trailers; or those of a response whose head was lost.
      return block.endsStream ? .ended(end(state, trailers: list)) : nil
    case .unknown where block.endsStream:
      // Trailers, or a whole response: what it is cannot be known without a head before it.
      return .ended(end(state, trailers: list))
    case .known(let status) where status < 200:
      return .interim(status: status, request: state.request.index)
    case .known, .unknown: break
    }
    var response = StreamResponse(isSecond: state.hasResponse)
    state.hasResponse = true
    if case .known(let known) = status { state.status = known } else { state.status = 0 }
    state.responseTime = time
    noteCall(state, list)
    response.isTunnel = state.isConnect && state.status / 100 == 2
    let outcome = ExchangeOutcome.of(status: state.status)
    if block.endsStream {
      response.ended = end(state, trailers: list)
    } else if state.isConnect || (outcome == .failure && state.call == .no) {
      response.ended = settleAtOnce(state, outcome, list)
    }
    return .response(response)
  }

  /// A side gives a stream up; nil when no exchange is over with it.
  func reset(_ stream: UInt32, _ code: ErrorCode?, from sender: FrameSender) -> EndedStream? {
    guard let state = streams.find(stream) else { return nil }
    let isServers = sender == .server
    // A code of nil is one that was not seen.
    let isFailure = isServers && code != nil && code != .noError
    guard state.hasResponse else { return abort(state, isFailure: isFailure, isClients: !isServers) }
    let outcome = ExchangeOutcome.of(status: state.status, call: .none, isReset: isFailure)
    if outcome == .failure { return settle(state, .failure) }
    switch state.call {
    case .no: return settle(state, isServers && code == nil ? .unknown : outcome)
    // Its final status is the one in the trailers, and the client gave it up before.
    case .yes where !isServers: return abort(state, isFailure: false, isClients: true)
    // The response is over without a status.
    case .yes where code != nil:
      return settle(state, .of(status: state.status, call: .missing, isReset: false), call: .missing)
    case .yes, .unknown: return settle(state, .unknown)
    }
  }

  /// The server says which streams it answers: those above it end, as their clients ask again elsewhere.
  func leaveOut(above last: UInt32) {
    // The number only falls; a server sends one or two.
    guard last < lastAnswered, goAways < 8 else { return }
    lastAnswered = last
    guard last < lastStream else { return }
    goAways &+= 1
    endingSlot = 0
  }

  /// Ends the next exchange that the server leaves out; nil when there is none.
  func nextLeftOut() -> EndedStream? {
    guard var slot = endingSlot else { return nil }
    while slot < streams.capacity {
      let state = streams.slot(slot)
      if state.stream > lastAnswered, state.stream & 1 == 1, !state.hasResponse {
        // Another stream may move up to this slot.
        endingSlot = slot
        return abort(state, isFailure: false)
      }
      slot &+= 1
    }
    endingSlot = nil
    return nil
  }

  /// Ends the exchange of a request that is given up; nil when no stream has it.
  func giveUp(_ request: RequestIndex, on stream: UInt32) -> EndedStream? {
    guard let state = streams.find(stream), state.request.index == request else { return nil }
    return giveUp(state)
  }

  /// Ends an exchange that is given up: with its final status it was answered.
  func giveUp(_ state: ElementRef<StreamState>) -> EndedStream {
    state.hasResponse ? settle(state, outcomeSoFar(state)) : abort(state, isFailure: false)
  }

  /// Whether a stream is a call that has been answered and is still under way.
  func isUnderWay(_ stream: UInt32) -> Bool {
    guard let state = streams.find(stream) else { return false }
    return state.hasResponse && state.call != .no
  }

  /// A response is over: with trailers, or with its head or DATA.
  func end(_ state: ElementRef<StreamState>, trailers: HeaderList?) -> EndedStream {
    let call = callStatus(state, trailers)
    return settle(
      state, ExchangeOutcome.of(status: state.status, call: call, isReset: false), call: call.mark)
  }
}

extension FrameConnection {
  /// The status in a block.
  private enum BlockStatus {
    case known(UInt16), absent, unknown

    init(_ list: HeaderList) {
      if case .absent = list.find(.status) {
        self = .absent
      } else {
        self = StatusText.status(list.value(of: .status)).map { .known($0) } ?? .unknown
      }
    }
  }

  /// Notes a server's block that could not be read, its head or its trailers.
  private func lose(_ block: HeaderBlock) -> EndedStream? {
    guard let state = streams.find(block.stream) else { return nil }
    state.hasGap = true
    return block.endsStream ? settle(state, outcomeSoFar(state)) : nil
  }

  /// The outcome of an exchange whose end is not seen: by its status, but that of a call is in its trailers.
  private func outcomeSoFar(_ state: ElementRef<StreamState>) -> ExchangeOutcome {
    let byStatus = ExchangeOutcome.of(status: state.status)
    if byStatus == .failure { return .failure }
    // Of lost bytes nobody knows whether they ended the stream or reset it.
    let hasGap = state.hasGap || state.stream <= gapStream
    return state.call == .no && !hasGap ? byStatus : .unknown
  }

  /// Notes what a response's head says of whether the exchange is a gRPC call.
  private func noteCall(_ state: ElementRef<StreamState>, _ list: HeaderList) {
    let call = RequestBlock.call(list)
    switch (state.call, call) {
    // A call answered by something else lacks its status; what is known stays known.
    case (.yes, _), (_, .unknown): break
    case (.unknown, _): state.call = call
    case (.no, .yes): state.call = .yes
    case (.no, .no): break
    }
  }

  /// What is known of a gRPC call's status at the end of a response.
  private func callStatus(
    _ state: ElementRef<StreamState>, _ trailers: HeaderList?
  ) -> ExchangeOutcome.CallStatus {
    if state.call == .no { return .none }
    let isCall = state.call == .yes
    guard let trailers else { return isCall ? .missing : .unknown }
    switch trailers.find(.grpcStatus) {
    case .field:
      guard let status = GRPCStatus(trailers.value(of: .grpcStatus)) else { return .missing }
      return .code(status.code)
    case .absent: return isCall ? .missing : .unknown
    case .unknown:
      return trailers.value(of: .grpcMessage).byteCount > 0 ? .message : .unknown
    }
  }

  /// Ends an exchange that either side gave up before a final status; of a call, that in its trailers. With bytes lost
  /// since it was asked, nobody knows.
  /// - Parameters:
  ///   - isFailure: the server has reset the stream, by anything but NO_ERROR.
  ///   - isClients: the client has.
  private func abort(
    _ state: ElementRef<StreamState>, isFailure: Bool, isClients: Bool = false
  ) -> EndedStream {
    let hasGap = state.hasGap || state.stream <= gapStream
    var ended = finish(state, hasGap ? .unknown : .aborted, isFailure ? .failure : .success)
    ended.isClients = isClients
    return ended
  }

  /// Ends an exchange with an outcome.
  private func settle(
    _ state: ElementRef<StreamState>, _ outcome: ExchangeOutcome, call: CallMark = .none
  ) -> EndedStream {
    finish(state, state.hasResponse && outcome != .unknown ? .answered : .unknown, outcome, call)
  }

  /// Ends an exchange by its response's head: of the body that follows only what that announces is known.
  private func settleAtOnce(
    _ state: ElementRef<StreamState>, _ outcome: ExchangeOutcome, _ list: HeaderList
  ) -> EndedStream {
    let announced = state.isHead ? nil : Self.length(list.value(of: .contentLength))
    var ended = settle(state, outcome)
    ended.bodyBytes = announced ?? 0
    if announced == nil { ended.isBodyKnown = false }
    return ended
  }

  /// A number of bytes in decimal digits; nil for anything else, also for no text.
  private static func length(_ value: RawSpan) -> UInt64? {
    guard value.byteCount > 0, value.byteCount <= 18 else { return nil }
    var length: UInt64 = 0
    for offset in 0..<value.byteCount {
      let digit = value.byte(offset) &- 0x30
      guard digit < 10 else { return nil }
      length = length &* 10 &+ UInt64(digit)
    }
    return length
  }

  /// Forgets a stream and gives all that it says of its exchange.
  private func finish(
    _ state: ElementRef<StreamState>, _ end: EndedStream.End, _ outcome: ExchangeOutcome,
    _ call: CallMark = .none
  ) -> EndedStream {
    let last = state.value
    streams.remove(last.stream)
    return EndedStream(
      end: end, outcome: outcome, call: call, request: last.request, hasResponse: last.hasResponse,
      status: last.status,
      responseTime: last.responseTime, bodyBytes: last.bodyBytes,
      isBodyKnown: !last.isConnect && !last.isPadded && !last.hasGap && last.stream > gapStream)
  }
}
