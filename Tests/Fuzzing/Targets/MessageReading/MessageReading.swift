// SPDX-License-Identifier: Apache-2.0

import Capture
@testable import Exchanges
import HTTP1
import Randomness
import Support

/// The stage of messages alone: known messages, in chunks of any size, give their heads where they
/// stand; and whatever texts, gaps and answers come, no head is longer than its chunk and no block is lost.
enum MessageReading: FuzzTarget {
  private static let flow = FlowIndex(offset: 0)

  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<200).map { _ in
      (0..<Int.random(in: 8..<120, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
  }

  /// The stage, where its directions stand, and what it has read.
  private struct Reader: ~Copyable {
    var messages: MessageReader
    var next: [UInt32] = [0xffff_ff00, 5_000]
    var starts: [UInt32] = []
    var isAnsweringHead = false
    var isConnect = false
    var isUnasked = false

    init(isStreams: Bool, _ limits: ExchangeLimits) {
      messages = MessageReader(limits: limits, isStreams: isStreams)
      messages.open(flow, .forward, isAnswer: false)
      messages.open(flow, .backward, isAnswer: true)
    }

    func chunk(_ direction: Direction, _ length: Int, _ kind: Segment.Kind) -> Chunk {
      Chunk(
        flow: flow, direction: direction, kind: kind, hasAcknowledgement: true,
        sequence: next[direction == .forward ? 0 : 1], acknowledgement: next[direction == .forward ? 1 : 0],
        length: UInt32(length), time: 1)
    }

    mutating func read(_ direction: Direction, _ payload: RawSpan, length: Int, _ kind: Segment.Kind) {
      let chunk = chunk(direction, length, kind)
      var reading = ChunkReading()
      if messages.needsHint(chunk, payload) { reading.hint.isWaiting = !isUnasked }
      var before = -1, turns = 0, isFound = false
      while messages.findHead(chunk, payload, &reading) {
        turns += 1
        expect(turns <= length + 2, "each turn reads something")
        expect(reading.offset >= before, "reading continues")
        before = reading.offset
        var head = MessageHead()
        switch messages.readHead(chunk, payload, &reading, into: &head) {
        case .none, .proxyHeader: break
        case .stray:
          reading.hint.isWaiting = !isUnasked
          messages.passStray(chunk, payload, &reading)
          expect(reading.offset > before, "stray bytes are passed over")
          expect(!isFound, "what was found after stray bytes is a status line")
          isFound = reading.offset < length
          continue
        case .preface, .storedPreface: leave(chunk)
        case .noRoom:
          expect(reading.evicted.flow == flow, "what gives way is a head of this connection")
          end(reading.evicted.direction)
        case .head:
          expect(head.length <= length - reading.headOffset, "a head ends in its chunk")
          take(head, chunk, reading)
        case .storedHead:
          expect(Int(reading.stored.count) >= head.length, "a stored head is whole")
          take(head, chunk, reading)
        }
        isFound = false
        expect(reading.offset <= length, "reading ends with the chunk")
      }
      expect(reading.outcome.heads <= turns, "a turn gives one head at most")
      next[direction == .forward ? 0 : 1] &+= UInt32(length)
      let isInHead = [Direction.forward, .backward].filter { messages.isInHead(flow, $0) }.count
      expect(messages.storedHeads == isInHead, "a block belongs to a head in the making")
    }

    mutating func end(_ direction: Direction) {
      var reading = ChunkReading()
      var head = MessageHead()
      let chunk = chunk(direction, 0, .continuation)
      if messages.cutHead(chunk, &reading, into: &head) { take(head, chunk, reading) }
      expect(!messages.isInHead(flow, direction), "a head that was cut is over")
    }

    private mutating func take(_ head: MessageHead, _ chunk: Chunk, _ reading: ChunkReading) {
      starts.append(reading.headStart)
      // A request turns the roles where the opener has sent no HTTP.
      expect(
        (messages.requestDirection(of: flow) == chunk.direction) == head.kind.isRequest,
        "each direction has its kind of heads")
      guard !head.kind.isRequest else { return }
      let answered = AnsweredRequest(isHead: isAnsweringHead, isConnect: isConnect, isUpgrade: isConnect)
      if messages.follow(head, answering: isUnasked ? nil : answered, chunk, isLate: reading.isLate) {
        leave(chunk)
      }
    }

    private mutating func leave(_ chunk: Chunk) {
      end(chunk.direction.opposite)
      messages.leaveHTTP(flow, chunk.direction.opposite)
    }
  }

  static func test(_ input: RawSpan) {
    var script = Script(input)
    var limits = ExchangeLimits()
    (limits.flows, limits.smallHeads, limits.largeHeads) = (1, 3, 1)
    if script.flag() { readTruth(&script, limits) } else { readAnything(&script, limits) }
  }

  /// Messages one after the other, in chunks of a few sizes.
  private static func readTruth(_ script: inout Script, _ limits: ExchangeLimits) {
    var reader = Reader(isStreams: true, limits)
    let direction: Direction = script.flag() ? .forward : .backward
    var text: [UInt8] = [], starts: [UInt32] = []
    let base = reader.next[direction == .forward ? 0 : 1]
    for _ in 0..<script.below(6) + 1 {
      starts.append(base &+ UInt32(text.count))
      let line =
        direction == .forward ? "POST /p HTTP/1.1\r\nHost: h\r\n" : "HTTP/1.1 200 OK\r\nServer: s\r\n"
      let body = direction == .forward ? "HTTP/1.1 500 Decoy\r\n\r\n" : "GET /decoy HTTP/1.1\r\n\r\n"
      switch script.byte() & 3 {
      case 0: text += Array((line + "Content-Length: 0\r\n\r\n").utf8)
      case 1: text += Array((line + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)").utf8)
      case 2:
        let size = String(body.utf8.count, radix: 16)
        text += Array((line + "Transfer-Encoding: chunked\r\n\r\n\(size);x\r\n\(body)\r\n0\r\n\r\n").utf8)
      default:
        let cookie = String(repeating: "c", count: script.below(3_000))
        text += Array((line + "Cookie: \(cookie)\r\nContent-Length: 1\r\n\r\nx").utf8)
      }
    }
    let sizes = (0..<3).map { _ in script.below(script.flag() ? 40 : 3_000) + 1 }
    var offset = 0, count = 0
    while offset < text.count {
      let part = Array(text[offset..<min(offset + sizes[count % 3], text.count)])
      reader.read(direction, part.span.bytes, length: part.count, .stream)
      offset += part.count
      count += 1
    }
    expect(reader.starts == starts, "heads are where they are: \(starts), \(reader.starts)")
  }

  /// Texts, cuts, gaps and answers in any order.
  private static func readAnything(_ script: inout Script, _ limits: ExchangeLimits) {
    let isStreams = script.flag()
    var reader = Reader(isStreams: isStreams, limits)
    var random = SeededGenerator(seed: script.number64())
    var turns = 0
    while !script.isOver, turns < 60 {
      turns += 1
      let choice = script.byte(), direction: Direction = choice & 1 == 0 ? .forward : .backward
      reader.isAnsweringHead = choice & 2 != 0
      reader.isConnect = choice & 12 == 12
      reader.isUnasked = choice & 0x30 == 0x30
      if choice & 0xc0 == 0xc0 {
        let gap = UInt32(script.byte()) + 1
        if reader.messages.isInHead(flow, direction) { reader.end(direction) }
        reader.messages.skip(flow, direction, UInt64(gap))
        reader.next[direction == .forward ? 0 : 1] &+= gap
        if script.flag() { reader.messages.giveUpResponse(flow, direction) }
        continue
      }
      var text: [UInt8]
      switch script.byte() & 7 {
      case 0, 1: text = Messages.request(&random) + Array("\r\n".utf8)
      case 2, 3: text = Messages.response(&random) + Array("\r\n".utf8)
      case 4: text = Messages.chunks(&random)
      case 5: text = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
      default: text = script.take(Int(script.byte() & 31))
      }
      if choice & 0xc0 == 0x40 { text = Array(text.prefix(script.below(text.count + 1))) }
      guard !text.isEmpty else { continue }
      let length = script.byte() & 15 == 0 ? text.count + Int(script.byte()) : text.count
      let begins = HeadStart.verdict(text.span.bytes) != .none
      let kind: Segment.Kind = isStreams ? .stream : begins ? .start : .continuation
      if !isStreams, script.byte() & 3 == 0 {
        gap(before: reader.chunk(direction, length, kind), UInt32(script.byte()) + 1, &reader)
      }
      reader.read(direction, text.span.bytes, length: length, kind)
    }
    reader.end(.forward)
    reader.end(.backward)
    expect(reader.messages.storedHeads == 0, "no block is lost")
  }

  private static func gap(before chunk: Chunk, _ gap: UInt32, _ reader: inout Reader) {
    if case .endsHead = reader.messages.passGap(of: gap, before: chunk, PairingHint()) {
      reader.end(chunk.direction)
    }
    reader.next[chunk.direction == .forward ? 0 : 1] &+= gap
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  MessageReading.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe MessageReading.run(bytes, count)
}
