// SPDX-License-Identifier: Apache-2.0

import Capture
import Exchanges
import HTTP1
import System
import Randomness
import Text
import Support

/// Segments in any order, with any numbers, whole or cut, at either depth: after each of them every segment is
/// in one class, every head in one place, and every request has one end.
enum FlowMachine: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<300).map { _ in
      var bytes = [UInt8.random(in: 0...3, using: &random)]
      for _ in 0..<Int.random(in: 2..<40, using: &random) {
        bytes += (0..<5).map { _ in UInt8.random(in: 0...255, using: &random) }
      }
      return bytes
    }
  }

  /// What is sent: put together, these go through every phase.
  private static let texts: [[UInt8]] = [
    "GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /h HTTP/1.1\r\nHost: b\r\n\r\n",
    "POST /p HTTP/1.1\r\nContent-Length: 12\r\n\r\n",
    "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "CONNECT x:443 HTTP/1.1\r\n\r\n",
    "GET /u HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /par",
    "t HTTP/1.1\r\n",
    "Host: c\r\n", "\r\n", "G", "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 101 Switching\r\n\r\n", "HTTP/1.1 204 No\r\n\r\n",
    "HTTP/1.1 404 Not\r\nContent-Length: 3\r\n\r\nabc",
    "HTTP/1.1 5", "00 No\r\n\r\n", "5\r\nabcde\r\n", "0\r\n\r\n", "twelve bytes", "GET /no HTTP/1.1\r\n\r\n",
    "zz", "BAD LINE\r\n\r\n",
  ].map { Array($0.utf8) }

  private static var limits: ExchangeLimits {
    var limits = ExchangeLimits()
    (limits.flows, limits.pendingRequests, limits.smallHeads, limits.largeHeads) = (2, 3, 2, 1)
    (limits.heldSegments, limits.heldPerDirection) = (6, 4)
    return limits
  }

  static func test(_ input: RawSpan) {
    var script = Script(input)
    let depth: CaptureDepth = script.flag() ? .streams : .heads
    var tracker = ExchangeTracker(limits: limits, depth: depth, seed: 7)
    var book = Book()
    var next: [UInt32] = [1_000, 5_000, 0xffff_ff00, 0x7fff_ffe0, 9, 0x8000_0000]
    var time: UInt64 = 1_000_000_000_000, sent: UInt64 = 0
    while !script.isOver, sent < 400 {
      let choice = script.byte(), how = script.byte()
      let port = UInt16(40_000) + UInt16(choice % 3), isClient = choice & 4 == 0
      let place = 2 * Int(choice % 3) + (isClient ? 0 : 1)
      var payload = texts[Int(script.byte()) % texts.count]
      if choice & 8 != 0 { payload += texts[Int(script.byte()) % texts.count] }
      if choice & 0xf0 == 0xf0 { payload = [] }
      if choice & 0xf0 == 0xe0 { payload += [UInt8](repeating: 120, count: 500 * Int(script.byte())) }
      // In order, a bit before or behind, or anywhere.
      var sequence = next[place]
      switch how & 15 {
      case 0: sequence = script.number32()
      case 1: sequence &-= UInt32(script.byte())
      case 2, 3: sequence &+= UInt32(script.byte())
      default: break
      }
      var length = UInt32(payload.count)
      if how & 0x30 == 0x30 { length &+= UInt32(script.byte()) << (how & 0x40 == 0 ? 0 : 16) }
      let flags: [UInt8] = [24, 24, 24, 24, 24, 24, 2, 18, 17, 4, 0, 16, 24, 24, 25, 8]
      time = script.flag() ? time &+ UInt64(script.byte()) << 28 : time &+ 1_000_000
      let client = Endpoint(ipv4: 1, port: port), server = Endpoint(ipv4: 2, port: 80)
      let segment = Segment(
        time: time, source: isClient ? client : server, destination: isClient ? server : client,
        sequence: sequence,
        acknowledgement: script.flag() ? next[place ^ 1] : next[place ^ 1] &+ UInt32(script.byte()),
        payloadLength: length, flags: Segment.Flags(rawValue: flags[Int(how >> 4)]),
        kind: kind(payload, depth),
        interface: UInt32(script.byte() & 1))
      tracker.process(segment, payload.span.bytes)
      sent += 1
      book.read(&tracker)
      if SequenceNumber.distance(sequence &+ length, from: next[place]) > 0 {
        next[place] = sequence &+ length
      }
      check(tracker.counters, sent, isFinal: false)
    }
    tracker.finish()
    book.read(&tracker)
    check(tracker.counters, sent, isFinal: true)
    book.check(tracker.counters)
  }

  /// As a backend marks it.
  private static func kind(_ payload: [UInt8], _ depth: CaptureDepth) -> Segment.Kind {
    if depth == .streams { return .stream }
    return HeadStart.verdict(payload.span.bytes) == .none ? .continuation : .start
  }

  private static func check(_ c: ExchangeCounters, _ sent: UInt64, isFinal: Bool) {
    let classes = [
      c.headSegments, c.continuations, c.duplicates, c.unparseable, c.falseHeads, c.otherSegments,
    ]
    expect(classes.allSatisfy { $0 <= sent }, "no class is below zero: \(c)")
    expect(c.delivered == classes.reduce(0, +), "each segment is in one class: \(c)")
    expect(c.requests + c.responses == c.headSegments + c.pipelinedHeads, "each head has a place: \(c)")
    expect(
      c.responses == c.exchanges + c.unmatchedResponses + c.interim + c.unsettledResponses + c.openResponses,
      "each response is something: \(c)")
    expect(isFinal ? c.delivered == sent : c.delivered <= sent, "no segment is lost: \(c), \(sent) sent")
    expect(c.exchanges + c.unanswered <= c.requests, "no request ends twice: \(c)")
    if isFinal { expect(c.openResponses == 0, "each response has an end: \(c)") }
  }

  /// The events, request by request.
  private struct Book {
    private var isOpen: [RequestIndex: Bool] = [:]
    private var requests: UInt64 = 0, answered: UInt64 = 0, unanswered: UInt64 = 0, inFlight: UInt64 = 0

    mutating func read(_ tracker: inout ExchangeTracker) {
      for index in 0..<tracker.batch.count {
        let event = tracker.batch[index]
        for range in [event.site, event.section, event.methodName] where range.count > 0 {
          let name = tracker.batch.names.bytes(start: Int(range.start), count: Int(range.count))
          expectName(name.array, "name")
        }
        switch event.kind {
        case .request:
          requests += 1
          expect(event.site.count > 0, "a request has a site")
          guard let exchange = event.exchange else { continue }
          expect(isOpen[exchange] != true, "a place is free before it is used again")
          isOpen[exchange] = true
        case .answered:
          answered += 1
          guard let exchange = event.exchange else {
            expect(false, "what is answered was asked")
            continue
          }
          expect(isOpen[exchange] == true, "what is answered was asked")
          isOpen[exchange] = false
        case .aborted, .timedOut, .unknown, .inFlight:
          if event.kind == .inFlight { inFlight += 1 } else { unanswered += 1 }
          guard let exchange = event.exchange else { continue }
          expect(isOpen[exchange] == true, "what is given up was asked")
          isOpen[exchange] = false
        case .unmatchedResponse, .interim: break
        }
      }
      tracker.batch.clear()
    }

    /// At the end, when each request has one.
    func check(_ c: ExchangeCounters) {
      expect(c.inFlight == inFlight, "each request has an end: \(c)")
      expect(
        c.requests == requests && c.exchanges == answered && c.unanswered == unanswered,
        "events are counted")
    }
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  FlowMachine.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe FlowMachine.run(bytes, count)
}
