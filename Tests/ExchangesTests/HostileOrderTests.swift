// SPDX-License-Identifier: Apache-2.0
import System
import Capture
import Exchanges
import HTTP1
import Randomness
import Testing

/// Segments with any numbers, whole or cut, in any order, at either depth: whatever comes, each segment is in
/// one class, each head in one place, and each request has one end.
@Suite struct HostileOrderTests {
  /// Put together, these go through every phase of a direction.
  static let texts: [[UInt8]] = [
    "GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /h HTTP/1.1\r\nHost: b\r\n\r\n", "G", "\r\n", "Host: c\r\n",
    "POST /p HTTP/1.1\r\nContent-Length: 12\r\n\r\n", "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "CONNECT x:443 HTTP/1.1\r\n\r\n", "GET /u HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", "GET /par",
    "t HTTP/1.1\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 101 Switching\r\n\r\n", "HTTP/1.1 204 No\r\n\r\n",
    "HTTP/1.1 5",
    "HTTP/1.1 404 Not\r\nContent-Length: 3\r\n\r\nabc", "00 No\r\n\r\n", "5\r\nabcde\r\n", "0\r\n\r\n",
    "twelve bytes",
    "GET /no HTTP/1.1\r\n\r\n", "zz", "BAD LINE\r\n\r\n",
  ].map { Array($0.utf8) }

  static var limits: ExchangeLimits {
    var limits = ExchangeLimits()
    (limits.flows, limits.pendingRequests, limits.smallHeads, limits.largeHeads) = (2, 3, 2, 1)
    (limits.heldSegments, limits.heldPerDirection) = (8, 4)
    return limits
  }

  /// Where the six directions of three connections stand, and the capture clock.
  struct RandomSegments {
    var next: [UInt32] = [1_000, 5_000, 0xffff_ff00, 0x7fff_ffe0, 9, 0x8000_0000]
    var time: UInt64 = 1_000_000_000_000

    mutating func segment(_ depth: CaptureDepth, _ random: inout SeededGenerator) -> (Segment, [UInt8]) {
      func chance(_ of: Int) -> Bool { Int.random(in: 0..<of, using: &random) == 0 }
      let connection = Int.random(in: 0..<3, using: &random), isClient = Bool.random(using: &random)
      let place = 2 * connection + (isClient ? 0 : 1)
      var payload: [UInt8] = []
      for _ in 0..<Int.random(in: 1...2, using: &random) {
        payload += texts.randomElement(using: &random) ?? []
      }
      if chance(8) { payload = [] }
      if chance(12) { payload += [UInt8](repeating: 120, count: Int.random(in: 0..<70_000, using: &random)) }
      // In order mostly, else a bit before or behind, or anywhere.
      var sequence = next[place]
      if chance(4) { sequence &+= UInt32.random(in: 0..<200, using: &random) }
      if chance(6) { sequence &-= UInt32.random(in: 0..<200, using: &random) }
      if chance(30) { sequence = UInt32.random(in: .min ... .max, using: &random) }
      let cut = chance(10) ? UInt32.random(in: 0..<5_000, using: &random) : 0
      let flags: [UInt8] = [24, 24, 24, 24, 24, 24, 2, 18, 17, 4, 0, 16]
      time &+= chance(10) ? UInt64.random(in: 0..<20_000_000_000, using: &random) : 1_000_000
      let client = Endpoint(ipv4: 1, port: UInt16(40_000 + connection)), server = Endpoint(ipv4: 2, port: 80)
      let isStart = HeadStart.verdict(payload.rawSpan) != .none
      let segment = Segment(
        time: time, source: isClient ? client : server, destination: isClient ? server : client,
        sequence: sequence, acknowledgement: next[place ^ 1] &+ (chance(3) ? 40 : 0),
        payloadLength: UInt32(payload.count) + cut,
        flags: Segment.Flags(rawValue: flags.randomElement(using: &random) ?? 24),
        kind: depth == .streams ? .stream : isStart ? .start : .continuation,
        interface: UInt32.random(in: 0...1, using: &random))
      if SequenceNumber.distance(sequence &+ segment.payloadLength, from: next[place]) > 0 {
        next[place] = sequence &+ segment.payloadLength
      }
      return (segment, payload)
    }

    private var texts: [[UInt8]] { HostileOrderTests.texts }
  }

  static func isBalanced(_ c: ExchangeCounters, sent: UInt64) -> Bool {
    let classes = [
      c.headSegments, c.continuations, c.duplicates, c.unparseable, c.falseHeads, c.otherSegments,
    ]
    return classes.allSatisfy { $0 <= sent } && c.delivered == classes.reduce(0, +) && c.delivered <= sent
      && c.requests + c.responses == c.headSegments + c.pipelinedHeads
      && c.responses == c.exchanges + c.unmatchedResponses + c.interim
      && c.exchanges + c.unanswered <= c.requests
  }

  @Test(arguments: [CaptureDepth.streams, .heads], 0..<60)
  func `whatever comes, the ledger is balanced and each request has one end`(depth: CaptureDepth, seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed) &+ 40_000)
    var traffic = RandomSegments()
    var tracker = ExchangeTracker(limits: Self.limits, depth: depth, seed: 7)
    var open: Set<RequestIndex?> = []
    var sent: UInt64 = 0, waiting: UInt64 = 0, twice = 0
    func read() {
      for index in 0..<tracker.batch.count {
        let event = tracker.batch[index]
        switch event.kind {
        case .request where event.exchange != nil: if !open.insert(event.exchange).inserted { twice += 1 }
        case .answered: if open.remove(event.exchange) == nil { twice += 1 }
        case .inFlight: waiting += open.remove(event.exchange) == nil ? 0 : 1
        case .aborted, .timedOut, .unknown: if open.remove(event.exchange) == nil { twice += 1 }
        default: break
        }
      }
      tracker.batch.clear()
    }
    while sent < 250 {
      let (segment, payload) = traffic.segment(depth, &random)
      tracker.process(segment, payload.rawSpan)
      sent += 1
      read()
      guard Self.isBalanced(tracker.counters, sent: sent) else {
        Issue.record("seed \(seed), segment \(sent): \(tracker.counters)")
        return
      }
    }
    tracker.finish()
    read()
    let c = tracker.counters
    #expect(Self.isBalanced(c, sent: sent) && c.delivered == sent, "seed \(seed): \(c)")
    #expect(c.inFlight == waiting && open.isEmpty && twice == 0, "seed \(seed): \(c)")
  }
}
