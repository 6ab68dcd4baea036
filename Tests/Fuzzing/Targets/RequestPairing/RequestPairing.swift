// SPDX-License-Identifier: Apache-2.0

@testable import Exchanges
import Randomness
import Support

/// The stage of pairing alone, against a plain array of requests: order, expiry, eviction and matches are the same.
enum RequestPairing: FuzzTarget {
  private static let capacity = 12

  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<200).map { _ in
      (0..<Int.random(in: 8..<150, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
  }

  /// A request that waits.
  private struct Waiting {
    var index: RequestIndex
    var request: PendingRequest
  }

  /// The reference: all that wait, in the order of their arrival.
  private struct Reference {
    var waiting: [Waiting] = []

    /// Those of a flow in the order of the stream, as they were put there.
    var order: [Int: [Waiting]] = [:]

    mutating func add(_ new: Waiting) {
      waiting.append(new)
      var list = order[new.request.key.flow.offset] ?? []
      let place = list.lastIndex {
        SequenceNumber.distance($0.request.headStart, from: new.request.headStart) <= 0
      }
      list.insert(new, at: place.map { $0 + 1 } ?? 0)
      order[new.request.key.flow.offset] = list
    }

    mutating func remove(_ index: RequestIndex) {
      guard let gone = waiting.first(where: { $0.index == index }) else {
        expect(false, "what ends waits")
        return
      }
      waiting.removeAll { $0.index == index }
      order[gone.request.key.flow.offset]?.removeAll { $0.index == index }
    }

    func isTooEarly(_ response: ResponseStart, _ request: PendingRequest) -> Bool {
      (response.hasAcknowledgement
        && SequenceNumber.distance(response.acknowledgement, from: request.headStart) <= 0)
        || (request.hasAcknowledgement
          && SequenceNumber.distance(response.sequence, from: request.acknowledgement) < 0)
    }

    func match(_ response: ResponseStart) -> ResponseMatch {
      let list = (order[response.key.flow.offset] ?? []).filter { $0.request.key == response.key }
      guard let first = list.first else { return .unasked }
      if isTooEarly(response, first.request) {
        // What a client acknowledges does not go back: the numbers of a first one were a guess.
        guard list.count > 1, list[1].request.hasAcknowledgement,
          list[1].request.acknowledgement == response.sequence, !isTooEarly(response, list[1].request)
        else { return .tooEarly }
        return .overtook(first.index)
      }
      if !response.isInStep, list.count > 1, list[1].request.hasAcknowledgement,
        list[1].request.acknowledgement != first.request.acknowledgement,
        !isTooEarly(response, list[1].request)
      {
        return .overtook(first.index)
      }
      return .answers(first.index)
    }
  }

  static func test(_ input: RawSpan) {
    var script = Script(input)
    var run = Run()
    while !script.isOver {
      let choice = script.byte()
      let key = ExchangeKey(
        flow: FlowIndex(offset: Int(choice >> 2) % 3),
        stream: choice & 0x80 == 0 ? 0 : UInt32(script.byte() & 3))
      run.clock &+= UInt64(script.byte())
      switch choice & 3 {
      case 0, 1: run.ask(key, &script)
      case 2: run.respond(key, &script)
      default: run.expire(&script)
      }
      run.check(key.flow)
    }
  }

  /// Both, and the time.
  private struct Run: ~Copyable {
    private var pairing: Exchanges.RequestPairing
    private var reference = Reference()
    var clock: UInt64 = 5_000

    init() {
      var limits = ExchangeLimits()
      (limits.flows, limits.pendingRequests, limits.timeout) = (3, capacity, 1_000)
      pairing = Exchanges.RequestPairing(limits: limits)
    }

    private func number(_ script: inout Script) -> UInt32 {
      script.byte() & 31 == 0 ? script.number32() : 0xffff_ffc0 &+ UInt32(script.byte() & 127)
    }

    mutating func ask(_ key: ExchangeKey, _ script: inout Script) {
      let start = number(&script)
      let request = PendingRequest(
        key: key, headStart: start, headEnd: start &+ 20, acknowledgement: number(&script),
        hasAcknowledgement: script.byte() & 7 != 0,
        answer: AnsweredRequest(isHead: script.flag(), isConnect: false, isUpgrade: false),
        time: clock &- UInt64(script.byte()), clock: clock)
      if let evicted = pairing.nextToEvict {
        expect(reference.waiting.count == capacity, "only a full table evicts")
        expect(evicted == reference.waiting[0].index, "the oldest request makes room")
        pairing.remove(evicted)
        reference.remove(evicted)
      }
      guard let added = pairing.add(request, isAnswered: true) else {
        expect(false, "there is room")
        return
      }
      expect(!reference.waiting.contains { $0.index == added }, "an index is free before it is used again")
      reference.add(Waiting(index: added, request: request))
      if script.flag() { pairing.expectResponse(to: added, bodyLength: UInt64(script.byte())) }
    }

    mutating func respond(_ key: ExchangeKey, _ script: inout Script) {
      let response = ResponseStart(
        key: key, sequence: number(&script), acknowledgement: number(&script),
        hasAcknowledgement: script.byte() & 7 != 0, isInStep: script.flag())
      let match = pairing.match(response)
      expect(match == reference.match(response), "a response is the same to both: \(match)")
      switch match {
      case .answers(let request):
        let time = clock &+ UInt64(script.byte()) &- 100
        let asked = reference.waiting.first { $0.index == request }?.request
        let answer = pairing.answer(to: request, at: time)
        expect(answer.answered.isHead == asked?.answer.isHead, "the answer is the request's own")
        expect(
          answer.latency == asked.map { time > $0.time ? time - $0.time : 0 }, "no latency is below zero")
        pairing.remove(request)
        reference.remove(request)
      case .overtook(let request):
        pairing.remove(request)
        reference.remove(request)
      case .tooEarly, .unsent, .unasked: break
      }
    }

    mutating func expire(_ script: inout Script) {
      while let expired = pairing.expired(at: clock) {
        expect(reference.waiting[0].index == expired, "the oldest request expires first")
        expect(reference.waiting[0].request.clock &+ 1_000 <= clock, "its time is over")
        pairing.remove(expired)
        reference.remove(expired)
      }
      let now = clock
      expect(
        reference.waiting.allSatisfy { $0.request.clock &+ 1_000 > now }, "all whose time is over are gone")
      let numbers = (number(&script), number(&script))
      if let found = pairing.expectedRequest(sequence: numbers.0, acknowledgement: numbers.1) {
        let request = reference.waiting.first { $0.index == found }?.request
        expect(request?.acknowledgement == numbers.0, "what is expected waits for these numbers")
      }
    }

    /// Both know the same of a flow.
    mutating func check(_ flow: FlowIndex) {
      let list = reference.order[flow.offset], oldest = pairing.oldest, first = pairing.first(of: flow)
      expect(oldest == reference.waiting.first?.index, "the oldest request is the same")
      expect(first == list?.first?.index, "the first request of a flow is the same")
      let hint = pairing.hint(for: flow), last = list?.last?.request
      expect(hint.isWaiting == (last != nil), "the hint knows whether requests wait")
      if let last {
        expect(hint.lastAcknowledgement == last.acknowledgement, "the hint is the last request's")
      }
    }
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  RequestPairing.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe RequestPairing.run(bytes, count)
}
