// SPDX-License-Identifier: Apache-2.0

import Capture
import Exchanges
import System
import Randomness
import Text
import Support

/// Conversations whose totals are known, in segments of any size, doubled and in any order: the totals are those
/// of the plain list that they were made from.
enum Conversation: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<200).map { _ in
      (0..<Int.random(in: 4..<80, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
  }

  /// One request and its answer, and what they count for.
  private struct Turn {
    var request: String
    var response: String
    var name: String
    var status: UInt16
  }

  /// Segments before they are in order.
  private struct Wire {
    var segments: [(Segment, [UInt8])] = []
    var time: UInt64 = 1_000_000_000_000
  }

  static func test(_ input: RawSpan) {
    var script = Script(input)
    var wire = Wire()
    var truth: [String: Int] = [:]
    for connection in 0..<script.below(3) + 1 {
      let turns = (0..<script.below(5)).map { turn($0, &script) }
      for turn in turns { truth["\(turn.name) \(turn.status)", default: 0] += 1 }
      send(turns, on: UInt16(40_001 + connection), &script, &wire)
    }
    var segments = wire.segments
    let isShuffled = script.flag()
    for segment in wire.segments where script.byte() & 7 == 0 { segments.append(segment) }
    if isShuffled {
      var random = SeededGenerator(seed: script.number64())
      segments.shuffle(using: &random)
    }
    expect(totals(segments) == truth, "the totals are the expected ones: \(truth), \(totals(segments))")
  }

  private static func turn(_ index: Int, _ script: inout Script) -> Turn {
    let path = "/p\(script.byte() & 3)"
    let decoy = script.flag() ? "GET /decoy HTTP/1.1\r\nHost: d\r\n\r\n" : "body"
    let isHead = script.byte() & 7 == 0
    var request = "\(isHead ? "HEAD" : "GET") \(path) HTTP/1.1\r\nHost: h\r\n\r\n"
    switch script.byte() & 3 {
    case 0 where !isHead:
      request = "POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: \(decoy.utf8.count)\r\n\r\n\(decoy)"
    case 1 where !isHead:
      let size = String(decoy.utf8.count, radix: 16)
      request =
        "PUT \(path) HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\n\(decoy)\r\n0\r\n\r\n"
    default: break
    }
    let answer = script.flag() ? "HTTP/1.1 500 Decoy\r\n\r\n" : "answer"
    var status: UInt16 = [200, 404, 503, 304, 204][script.below(5)]
    var response = ""
    if script.byte() & 7 == 0 { response = "HTTP/1.1 100 Continue\r\n\r\n" }
    if isHead || status == 304 || status == 204 {
      response += "HTTP/1.1 \(status) x\r\nContent-Length: 99\r\n\r\n"
    } else if script.flag() {
      response += "HTTP/1.1 \(status) x\r\nContent-Length: \(answer.utf8.count)\r\n\r\n\(answer)"
    } else {
      let size = String(answer.utf8.count, radix: 16)
      status = 200
      response += "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n\(size);e\r\n\(answer)\r\n0\r\n\r\n"
    }
    return Turn(request: request, response: response, name: "h \(path)", status: status)
  }

  /// A connection with its SYNs: turn by turn, or all requests before the first answer.
  private static func send(_ turns: [Turn], on port: UInt16, _ script: inout Script, _ wire: inout Wire) {
    // Connections with the same numbers and the same requests are one, seen twice on its way through a translation.
    var next: [UInt32] = [UInt32(port & 3) << 30 | script.number32() >> 2, script.number32()]
    let sizes = (0..<4).map { _ in script.below(60) + 1 }
    var count = 0
    func add(_ isClient: Bool, _ payload: [UInt8], _ flags: Segment.Flags) {
      let client = Endpoint(ipv4: 1, port: port), server = Endpoint(ipv4: 2, port: 80)
      let segment = Segment(
        time: wire.time, source: isClient ? client : server, destination: isClient ? server : client,
        sequence: next[isClient ? 0 : 1], acknowledgement: flags == .syn ? 0 : next[isClient ? 1 : 0],
        payloadLength: UInt32(payload.count), flags: flags, kind: .stream)
      wire.segments.append((segment, payload))
      wire.time += 1_000
      next[isClient ? 0 : 1] &+= UInt32(payload.count)
    }
    func write(_ isClient: Bool, _ text: String) {
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        let part = Array(rest.prefix(sizes[count % sizes.count]))
        rest = rest.dropFirst(part.count)
        add(isClient, part, [.ack, .psh])
        count += 1
      }
    }
    add(true, [], .syn)
    add(false, [], [.syn, .ack])
    if script.flag() {
      for turn in turns { write(true, turn.request) }
      for turn in turns { write(false, turn.response) }
    } else {
      for turn in turns {
        write(true, turn.request)
        write(false, turn.response)
      }
    }
    add(true, [], [.fin, .ack])
    add(false, [], [.fin, .ack])
  }

  /// What the tracker makes of segments, as names and statuses.
  private static func totals(_ segments: [(Segment, [UInt8])]) -> [String: Int] {
    var limits = ExchangeLimits()
    (limits.flows, limits.pendingRequests, limits.smallHeads, limits.largeHeads) = (8, 32, 16, 1)
    (limits.heldSegments, limits.heldPerDirection, limits.gapPatience) = (2_048, 1_024, 3_000_000_000)
    var tracker = ExchangeTracker(limits: limits, depth: .streams, seed: 7)
    var names: [RequestIndex?: String] = [:], totals: [String: Int] = [:]
    func read(_ batch: borrowing EventBatch) {
      for index in 0..<batch.count {
        let event = batch[index]
        func text(_ range: NameRange) -> String {
          let bytes = batch.names.bytes(start: Int(range.start), count: Int(range.count))
          return String(decoding: bytes.array, as: UTF8.self)
        }
        switch event.kind {
        case .request: names[event.exchange] = "\(text(event.site)) \(text(event.section))"
        case .answered: totals["\(names[event.exchange] ?? "?") \(event.status)", default: 0] += 1
        case .unmatchedResponse: totals["unmatched response \(event.status)", default: 0] += 1
        case .aborted, .timedOut, .unknown, .inFlight: totals["unanswered", default: 0] += 1
        case .interim: break
        }
      }
    }
    for (segment, payload) in segments {
      tracker.process(segment, payload.span.bytes)
      read(tracker.batch)
      tracker.batch.clear()
    }
    tracker.finish()
    read(tracker.batch)
    let c = tracker.counters
    expect(
      c.delivered == c.headSegments + c.continuations + c.duplicates + c.unparseable + c.falseHeads
        + c.otherSegments
        && c.delivered == UInt64(segments.count)
        && c.requests + c.responses == c.headSegments + c.pipelinedHeads,
      "the ledger is balanced: \(c)")
    expect(c.skippedBytes == 0, "nothing was skipped: \(c)")
    return totals
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  Conversation.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe Conversation.run(bytes, count)
}
