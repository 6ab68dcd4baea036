// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Glibc
import HTTP1
import System
import Testing

@testable import Exchanges

/// The stage of messages alone: chunks go in, heads come out; what pairing would say is given by value.
@Suite struct MessageReaderTests {
  static let flow = FlowIndex(offset: 0)

  /// One head that was read.
  struct Read: Equatable {
    var status: UInt16 = 0
    var start: UInt32
    var isInStep = true
    /// The bytes as the reader says they lie.
    var firstLine: String
  }

  /// A stage with one connection, and where its directions stand.
  struct Stage: ~Copyable {
    var messages: MessageReader
    var next: [UInt32] = [1_000, 5_000]
    var kind = Segment.Kind.stream
    var answered: AnsweredRequest? = AnsweredRequest(isHead: false, isConnect: false, isUpgrade: false)
    var hint = PairingHint()
    var reads: [Read] = []
    var outcome = ChunkOutcome()
    var hasLeft = false

    init(isStreams: Bool = true, limits: ExchangeLimits = .file) {
      messages = MessageReader(limits: limits, isStreams: isStreams)
      messages.open(flow, .forward, isAnswer: false)
      messages.open(flow, .backward, isAnswer: true)
    }

    func chunk(_ direction: Direction, _ length: Int) -> Chunk {
      Chunk(
        flow: flow, direction: direction, kind: kind, hasAcknowledgement: true,
        sequence: next[direction == .forward ? 0 : 1], acknowledgement: next[direction == .forward ? 1 : 0],
        length: UInt32(length), time: 1)
    }

    /// Reads a text; `captured` bytes of it, if not all.
    mutating func read(_ direction: Direction, _ text: String, captured: Int? = nil) {
      let bytes = Array(text.utf8)
      let chunk = chunk(direction, bytes.count)
      let payload = bytes.rawSpan.slice(0, captured ?? bytes.count)
      var reading = ChunkReading()
      reading.hint = hint
      while messages.findHead(chunk, payload, &reading) {
        var head = MessageHead()
        switch messages.readHead(chunk, payload, &reading, into: &head) {
        case .none, .proxyHeader: break
        case .stray: messages.passStray(chunk, payload, &reading)
        case .head: note(head, payload.slice(reading.headOffset, payload.byteCount), chunk, reading)
        case .storedHead:
          let pool = messages.storedBytes(reading.stored)
          note(head, pool.bytes(of: reading.stored.block, count: Int(reading.stored.count)), chunk, reading)
        case .preface:
          hasLeft = true
          messages.leaveHTTP(chunk.flow, chunk.direction)
        case .storedPreface: hasLeft = true
        case .noRoom: Issue.record("there is room for two heads")
        }
      }
      outcome = reading.outcome
      next[direction == .forward ? 0 : 1] &+= UInt32(bytes.count)
    }

    mutating func end(_ direction: Direction) {
      var reading = ChunkReading()
      var head = MessageHead()
      let chunk = chunk(direction, 0)
      guard messages.cutHead(chunk, &reading, into: &head) else { return }
      let pool = messages.storedBytes(reading.stored)
      note(head, pool.bytes(of: reading.stored.block, count: Int(reading.stored.count)), chunk, reading)
    }

    private mutating func note(
      _ head: MessageHead, _ bytes: RawSpan, _ chunk: Chunk, _ reading: ChunkReading
    ) {
      var line = ""
      for offset in 0..<bytes.byteCount {
        if bytes.byte(offset) == UInt8(ascii: "\r") { break }
        line.append(Character(UnicodeScalar(bytes.byte(offset))))
      }
      reads.append(
        Read(status: head.status, start: reading.headStart, isInStep: reading.isInStep, firstLine: line))
      guard !head.kind.isRequest else { return }
      if messages.follow(head, answering: answered, chunk, isLate: reading.isLate) {
        hasLeft = true
        messages.leaveHTTP(chunk.flow, chunk.direction.opposite)
      }
    }

    var lines: [String] { reads.map(\.firstLine) }
  }

  @Test(arguments: [1, 3, 7, 1_000])
  func `heads are found after bodies of every kind, in chunks of any size`(size: Int) {
    let requests =
      get("/a") + "POST /b HTTP/1.1\r\nContent-Length: 20\r\n\r\nGET /x HTTP/1.1\r\n\r\n1"
      + "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n" + get("/d")
    var stage = Stage()
    var rest = requests[...]
    while !rest.isEmpty {
      stage.read(.forward, String(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    #expect(
      stage.lines == ["GET /a HTTP/1.1", "POST /b HTTP/1.1", "PUT /c HTTP/1.1", "GET /d HTTP/1.1"])
    #expect(!stage.reads.contains { !$0.isInStep })
    let starts = ["GET /a", "POST /b", "PUT /c", "GET /d"].map { name in
      requests.firstRange(of: name).map {
        1_000 + UInt32(requests.utf8.distance(from: requests.startIndex, to: $0.lowerBound))
      }
    }
    #expect(stage.reads.map(\.start) == starts.map { $0 ?? 0 })
    #expect(stage.messages.storedHeads == 0)
  }

  @Test func `the request decides whether a response has a body`() {
    for isHead in [false, true] {
      var stage = Stage()
      stage.answered?.isHead = isHead
      stage.read(.backward, "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n")
      stage.read(.backward, "HTTP/1.1 404 No\r\n\r\n")
      #expect(stage.reads.map(\.status) == (isHead ? [200, 404] : [200]))
      #expect(stage.outcome.isFalseHead == !isHead)
    }
  }

  @Test func `without its request, a body of known length may be none`() {
    var stage = Stage()
    stage.answered = nil
    stage.read(.backward, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    stage.read(.backward, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
    #expect(stage.reads.map(\.status) == [200, 404])
    #expect(stage.reads.map(\.isInStep) == [true, false])
  }

  @Test func `CONNECT waits for its response, which decides for both directions`() {
    let connect = "CONNECT h:443 HTTP/1.1\r\n\r\n"
    for isRefused in [false, true] {
      var stage = Stage()
      stage.answered = AnsweredRequest(isHead: false, isConnect: true, isUpgrade: false)
      stage.read(.forward, connect)
      let before = stage.messages.demand(of: Self.flow, .forward)
      stage.read(.backward, isRefused ? ok(status: "405 No") : "HTTP/1.1 200 OK\r\n\r\n")
      let after = stage.messages.demand(of: Self.flow, .forward)
      let answers = stage.messages.demand(of: Self.flow, .backward)
      #expect(before == .paused && stage.hasLeft == !isRefused)
      #expect(after == (isRefused ? .requests : .nothing))
      #expect(answers == (isRefused ? .responses : .nothing))
    }
  }

  @Test func `the preface of HTTP/2 leaves HTTP/1`() {
    var stage = Stage()
    stage.read(.forward, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    #expect(stage.hasLeft && stage.reads.isEmpty)
    let demand = stage.messages.demand(of: Self.flow, .forward)
    #expect(demand == .nothing)
  }

  @Test func `a head that ends nowhere counts by its start line, and its bytes are given back`() {
    var stage = Stage()
    stage.read(.forward, "GET /a HTTP/1.1\r\nHost: h\r\nCoo")
    #expect(stage.outcome.hasPartialHead && stage.messages.storedHeads == 1)
    #expect(stage.messages.headSegments(Self.flow, .forward) == 1)
    stage.end(.forward)
    #expect(stage.lines == ["GET /a HTTP/1.1"] && stage.messages.storedHeads == 0)
    var cut = Stage()
    cut.read(.forward, "GET /a HT")
    cut.end(.forward)
    #expect(cut.reads.isEmpty && cut.messages.storedHeads == 0)
  }

  @Test func `a head of two kibibytes and more moves to a large block, one too many is cut`() {
    var limits = ExchangeLimits.file
    (limits.smallHeads, limits.largeHeads) = (2, 0)
    for (large, isWhole) in [(1, true), (0, false)] {
      limits.largeHeads = large
      var stage = Stage(limits: limits)
      stage.read(.forward, "GET /a HTTP/1.1\r\nCookie: " + String(repeating: "c", count: 2_000))
      stage.read(.forward, String(repeating: "c", count: 2_000))
      stage.read(.forward, "\r\n\r\n")
      stage.read(.forward, get("/b"))
      #expect(stage.lines == ["GET /a HTTP/1.1", "GET /b HTTP/1.1"])
      #expect(stage.reads.map(\.isInStep) == [true, isWhole])
      #expect(stage.messages.storedHeads == 0)
    }
  }

  @Test func `a direction that asks does not answer`() {
    var stage = Stage()
    stage.read(.forward, ok())
    #expect(stage.reads.isEmpty && stage.outcome.isFalseHead)
    #expect(stage.messages.requestDirection(of: Self.flow) == .forward)
  }

  @Test func `in a body until close the hint decides what may be a head`() {
    for (isWaiting, position, heads) in [(false, UInt32(9_000), 1), (true, 4_000, 2), (true, 9_000, 1)] {
      var stage = Stage()
      stage.read(.backward, "HTTP/1.0 200 OK\r\n\r\ntext")
      stage.hint.isWaiting = isWaiting
      stage.hint.lastAcknowledgement = position
      stage.hint.hasLastAcknowledgement = true
      stage.hint.otherPosition = stage.next[0]
      stage.read(.backward, "HTTP/1.0 404 No\r\n\r\n")
      #expect(stage.reads.count == heads)
    }
  }

  @Test func `bytes that will not come may have been body`() {
    var stage = Stage()
    stage.read(.forward, "POST /b HTTP/1.1\r\nContent-Length: 20\r\n\r\n")
    stage.messages.skip(Self.flow, .forward, 20)
    stage.read(.forward, get("/a"))
    #expect(
      stage.lines == ["POST /b HTTP/1.1", "GET /a HTTP/1.1"] && stage.reads.map(\.isInStep) == [true, true])
    stage.read(.forward, "POST /c HTTP/1.1\r\nContent-Length: 20\r\n\r\n")
    stage.messages.skip(Self.flow, .forward, 21)
    stage.read(.forward, get("/d"))
    #expect(stage.reads.map(\.isInStep) == [true, true, true, false])
  }

  @Test func `where bodies are not delivered, their length explains a gap`() {
    var stage = Stage(isStreams: false)
    stage.kind = .start
    stage.read(.forward, "POST /b HTTP/1.1\r\nContent-Length: 20\r\n\r\n")
    let chunk = stage.chunk(.forward, 30)
    let inside = stage.messages.passGap(of: 19, before: chunk, PairingHint())
    let exact = stage.messages.passGap(of: 20, before: chunk, PairingHint())
    let unknown = stage.messages.passGap(of: 20, before: chunk, PairingHint())
    guard case .isBody(looksLikeHead: true) = inside, case .endsBody(20) = exact, case .unknown = unknown
    else {
      Issue.record("\(inside), \(exact), \(unknown)")
      return
    }
  }

  @Test func `late heads are read and change nothing`() {
    var stage = Stage()
    let text = "POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" + get("/b") + "GET /part"
    let chunk = stage.chunk(.forward, text.utf8.count)
    let bytes = Array(text.utf8)
    var reading = ChunkReading()
    reading.isLate = true
    let isBegun = stage.messages.beginLate(chunk, bytes.rawSpan)
    #expect(isBegun)
    var targets: [String] = []
    while true {
      var head = MessageHead()
      guard stage.messages.readLateHead(chunk, bytes.rawSpan, &reading, into: &head) else { break }
      let start = reading.headOffset + Int(head.target.start)
      targets.append(String(decoding: bytes[start..<start + Int(head.target.count)], as: UTF8.self))
    }
    #expect(targets == ["/a", "/b"] && reading.outcome.heads == 2 && stage.messages.storedHeads == 0)
    stage.read(.forward, get("/c"))
    #expect(stage.lines == ["GET /c HTTP/1.1"] && stage.reads[0].isInStep)
  }

  #if DEBUG
    @Test func `a transition that no phase allows ends the process of a debug build`() async {
      await #expect(processExitsWith: .failure) {
        // No handler, which would spend seconds on a backtrace.
        _ = signal(SIGILL, SIG_DFL)
        _ = signal(SIGTRAP, SIG_DFL)
        let halves = FixedArray<Int, MessageHalf>(zeroed: 1)
        halves[0].beginHead(StoredHead(), at: 0, isInStep: true, segments: 1)
        halves[0].leaveHTTP()
      }
    }
  #endif
}
