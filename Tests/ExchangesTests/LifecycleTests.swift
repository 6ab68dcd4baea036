// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import System
import Testing

/// How a request ends that gets no final response.
@Suite struct LifecycleTests {
  static let depths: [CaptureDepth] = [.heads, .streams]

  @Test(arguments: depths)
  func `a reset by either side aborts what waits`(depth: CaptureDepth) {
    for isClient in [true, false] {
      var talk = Dialogue(depth: depth)
      talk.open()
      talk.ask(get("/a"))
      talk.ask(get("/b"))
      talk.reset(byClient: isClient)
      let account = Account(talk.packets, depth: depth)
      #expect(account.aborted == 2 && account.unanswered == 2 && account.isBalanced)
      #expect(account.clientClosed == (isClient ? 2 : 0))
    }
  }

  @Test(arguments: depths)
  func `a server's FIN aborts what waits, a client's does not`(depth: CaptureDepth) {
    var talk = Dialogue(depth: depth)
    talk.open()
    talk.ask(get("/a"))
    talk.finish(byClient: true)
    let waiting = Account(talk.packets, depth: depth)
    #expect(waiting.inFlight == 1 && waiting.unanswered == 1 && waiting.isBalanced)
    talk.finish(byClient: false)
    let ended = Account(talk.packets, depth: depth)
    #expect(ended.aborted == 1 && ended.unanswered == 1 && ended.isBalanced)
    #expect(ended.clientClosed == 1)
  }

  @Test(arguments: depths, [true, false])
  func `a request that its client gave up differs from one that its server gave up`(
    depth: CaptureDepth, isReset: Bool
  ) {
    for isClosed in [true, false] {
      var talk = Dialogue(depth: depth)
      talk.open()
      talk.ask("POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2000\r\n\r\n")
      talk.ask(String(repeating: "x", count: 2_000))
      // The kernel passes no body.
      if depth == .heads { talk.packets.removeLast() }
      if isClosed { talk.finish(byClient: true) }
      if isReset { talk.reset(byClient: false) } else { talk.finish(byClient: false) }
      let account = Account(talk.packets, depth: depth)
      #expect(account.aborted == 1 && account.clientClosed == (isClosed ? 1 : 0) && account.isBalanced)
    }
  }

  @Test func `what waits for missing bytes answers its requests once all is known to have been received`() {
    var talk = Dialogue(depth: .streams)
    talk.open()
    for path in 1...3 {
      talk.ask(get("/\(path)"))
      talk.answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
      talk.answer("body")
      // The capture lacks two bodies.
      if path < 3 { talk.packets.removeLast() }
    }
    talk.finish(byClient: false)
    // It acknowledges the server's FIN.
    talk.finish(byClient: true)
    let account = Account(talk.packets, depth: .streams)
    #expect(account.counters.exchanges == 3 && account.counters.unmatchedResponses == 0, "\(account.answers)")
    #expect(account.unanswered == 0 && account.isBalanced)
  }

  @Test func `an answer that is read without its request waits for the requests that follow`() {
    var talk = Dialogue(depth: .streams)
    talk.open()
    var packets = talk.packets
    for path in 1...6 {
      let first = talk.packets.count
      talk.ask(get("/\(path)"))
      talk.answer(ok("body"))
      // The capture lacks the second exchange and the fourth request.
      if path != 2 { packets += talk.packets[(first + (path == 4 ? 1 : 0))...] }
    }
    let account = Account(packets, depth: .streams)
    let answers = [1, 3, 5, 6].map { "a.example /\($0) 200" }
    #expect(account.answers == Dictionary(uniqueKeysWithValues: answers.map { ($0, 1) }))
    #expect(account.counters.unmatchedResponses == 1 && account.unanswered == 0 && account.isBalanced)
  }

  @Test(arguments: depths, [1, 2])
  func `a client's FIN may come before the bytes that it follows on`(depth: CaptureDepth, segments: Int) {
    let request = get("/b")
    var talk = Dialogue(depth: depth)
    talk.open()
    talk.ask(get("/a"))
    talk.answer(ok())
    let first = talk.packets.count
    talk.ask(request, size: (request.utf8.count + segments - 1) / segments)
    talk.finish(byClient: true)
    // Before the first of them, and where there are two, between them.
    for place in first..<talk.packets.count - 1 {
      var late = talk
      late.packets.insert(late.packets.removeLast(), at: place)
      late.finish(byClient: false)
      let account = Account(late.packets, depth: depth)
      #expect(account.aborted == 1 && account.clientClosed == 1 && account.isBalanced, "\(place)")
    }
  }

  @Test func `a FIN far beyond what a client has sent closes nothing`() {
    for depth in [CaptureDepth.heads, .streams] {
      var talk = Dialogue(depth: depth)
      talk.open()
      talk.ask(get("/a"))
      talk.finish(byClient: true)
      talk.packets[talk.packets.count - 1].segment.sequence &+= 1 << 20
      talk.finish(byClient: false)
      let account = Account(talk.packets, depth: depth)
      #expect(account.aborted == 1 && account.clientClosed == 0)
    }
  }

  @Test func `the next connection of the same ports is not closed by the last one's client`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a"))
    talk.finish(byClient: true)
    talk.answer(ok())
    talk.finish(byClient: false)
    var next = Dialogue(clientStart: 900_000, serverStart: 800_000)
    next.open()
    next.ask(get("/b"))
    next.finish(byClient: false)
    let account = Account(talk.packets + next.packets)
    #expect(account.aborted == 1 && account.clientClosed == 0 && account.isBalanced)
  }

  @Test(arguments: depths)
  func `a half-closed client gets its answer`(depth: CaptureDepth) {
    var talk = Dialogue(depth: depth)
    talk.open()
    talk.ask(get("/a"))
    talk.finish(byClient: true)
    talk.answer(ok("abc"))
    talk.finish(byClient: false)
    let account = Account(talk.packets, depth: depth)
    #expect(account.answers == ["a.example /a 200": 1] && account.unanswered == 0)
  }

  @Test(arguments: [CaptureDepth.auto, .streams], [true, false])
  func `the answer to a half-closed client is read at once where all passes`(
    depth: CaptureDepth, isInPieces: Bool
  ) {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a"), size: isInPieces ? 20 : .max)
    talk.finish(byClient: true)
    talk.answer("HTTP/1.0 200 OK\r\n\r\n")
    talk.answer("abc")
    let open = Account(talk.packets, depth: depth, limits: ExchangeLimits())
    #expect(open.answers == ["a.example /a 200": 1] && open.unanswered == 0)
    talk.finish(byClient: false)
    let ended = Account(talk.packets, depth: depth, limits: ExchangeLimits())
    #expect(ended.answers == ["a.example /a 200": 1] && ended.unanswered == 0 && ended.isBalanced)
  }

  @Test func `a server's FIN does not abort what a held response answers, at depth auto`() {
    var talk = Dialogue()
    talk.ask(get("/a"))
    talk.ask(get("/b"))
    talk.answer(ok("a") + ok("b"))
    talk.finish(byClient: false)
    // The second request comes last; the kernel's record of it was late.
    talk.packets.swapAt(1, 2)
    talk.packets.swapAt(2, 3)
    let account = Account(talk.packets, depth: .auto, limits: ExchangeLimits())
    #expect(account.answers == ["a.example /a 200": 1, "a.example /b 200": 1])
    #expect(account.aborted == 0 && account.unmatchedResponses.isEmpty && account.isBalanced)
  }

  @Test func `a FIN in the response's own segment follows the response`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a"))
    talk.ask(get("/b"))
    talk.answer(ok("abc"))
    talk.packets[talk.packets.count - 1].segment.flags.insert(.fin)
    let account = Account(talk.packets)
    #expect(account.answers == ["a.example /a 200": 1] && account.aborted == 1)
  }

  @Test func `a FIN that comes before the response waits for it`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a"))
    talk.answer(ok("abc"))
    talk.finish(byClient: false)
    talk.packets.swapAt(talk.packets.count - 1, talk.packets.count - 2)
    let account = Account(talk.packets)
    #expect(account.answers == ["a.example /a 200": 1] && account.unanswered == 0)
  }

  @Test func `a response that was received and never seen is unknown`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a"))
    talk.answer(ok("abc"))
    talk.packets.removeLast()
    talk.finish(byClient: false)
    talk.finish(byClient: true)
    let account = Account(talk.packets)
    #expect(account.unknownCount == 1 && account.unanswered == 1 && account.isBalanced)
  }

  @Test func `a reset ends the wait for bytes before it`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a"))
    talk.ask(get("/b"))
    talk.answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
    talk.answer("12345")
    talk.answer("67890")
    talk.packets.remove(at: 5)
    talk.reset(byClient: false)
    let account = Account(talk.packets)
    #expect(account.answers == ["a.example /a 200": 1] && account.aborted == 1 && account.unanswered == 1)
  }

  @Test func `a reset has the number of a FIN that was not seen, or the one after it`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a"))
    talk.serverNext &+= 1
    talk.reset(byClient: false)
    let account = Account(talk.packets)
    #expect(account.aborted == 1 && account.unanswered == 1)
  }

  @Test func `a reset with a number that does not fit ends nothing`() {
    for distance in [UInt32(1) << 20, 1 << 31, 0 &- 7] {
      var talk = Dialogue()
      talk.open()
      talk.ask(get("/a"))
      talk.serverNext &+= distance
      talk.reset(byClient: false)
      talk.serverNext &-= distance
      talk.answer(ok())
      let account = Account(talk.packets)
      #expect(account.answers == ["a.example /a 200": 1] && account.unanswered == 0, "\(distance)")
    }
  }

  @Test func `where bodies are not delivered, an end fits what was read and what is left of a body`() {
    for (distance, isEnd) in [
      (UInt32(100), true), (1_000, true), (99, true), (0 &- 1, false), (4_000, false), (1 << 29, false),
    ] {
      for isReset in [true, false] {
        var talk = Dialogue(depth: .heads)
        talk.open()
        talk.ask(get("/a"))
        // 100 bytes of body that the kernel does not pass.
        talk.answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        talk.ask(get("/b"))
        talk.serverNext &+= distance
        if isReset { talk.reset(byClient: false) } else { talk.finish(byClient: false) }
        let account = Account(talk.packets, depth: .heads)
        #expect(account.aborted == (isEnd ? 1 : 0), "\(distance)")
        #expect(account.answers == ["a.example /a 200": 1] && account.isBalanced)
      }
    }
  }

  @Test func `an end far from what was read is one where the request expects its answer`() {
    var talk = Dialogue(depth: .heads)
    talk.open()
    talk.ask(get("/a"))
    talk.answer(ok())
    // What the server sent here was lost; the client has received it.
    talk.serverNext &+= 1 << 20
    talk.ask(get("/b"))
    talk.finish(byClient: false)
    let account = Account(talk.packets, depth: .heads)
    #expect(account.aborted == 1 && account.isBalanced)
  }

  @Test(arguments: depths)
  func `a forged preface moves nothing, wherever it stands`(depth: CaptureDepth) {
    for distance in [UInt32(0), 1, 1 << 20, 1 << 30, 0 &- 1_000] {
      var talk = Dialogue(depth: depth)
      talk.open()
      talk.ask(get("/a"))
      talk.answer(ok())
      talk.clientNext &+= distance
      talk.ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
      talk.clientNext &-= distance &+ 24
      talk.ask(get("/b"))
      talk.answer(ok())
      let account = Account(talk.packets, depth: depth)
      #expect(account.answers == ["a.example /a 200": 1, "a.example /b 200": 1], "\(distance)")
      #expect(account.counters.unparseable == 1 && account.isBalanced)
    }
  }

  @Test(arguments: depths)
  func `a forged SYN ends nothing, a new connection ends the old one`(depth: CaptureDepth) {
    var talk = Dialogue(depth: depth)
    talk.open()
    talk.ask(get("/a"))
    var forged = Dialogue(depth: depth, clientStart: 77_777, serverStart: 99_999)
    forged.open()
    talk.packets.append(forged.packets[0])
    var answered = talk
    answered.answer(ok())
    let account = Account(answered.packets, depth: depth)
    #expect(account.answers == ["a.example /a 200": 1] && account.unanswered == 0)

    forged.time = talk.time
    forged.packets[1].segment.time = talk.time
    forged.ask(get("/new"))
    forged.answer(ok())
    let reused = Account(talk.packets + forged.packets.dropFirst(), depth: depth)
    #expect(reused.answers == ["a.example /new 200": 1])
    #expect(reused.unknownCount == 1 && reused.unanswered == 1 && reused.isBalanced)
  }

  @Test(arguments: [CaptureDepth.heads, .auto])
  func `an answer to another SYN than the client's tells nothing of the server`(depth: CaptureDepth) {
    for start: UInt32 in [7_000, 1_000 &- 1 << 17, 1_000 &+ 1 << 31] {
      var talk = Dialogue(depth: depth)
      talk.ask(get("/a"))
      var forged = Dialogue(depth: depth, clientStart: start, serverStart: 99_999)
      forged.open()
      talk.packets.append(forged.packets[1])
      talk.answer(ok())
      talk.ask(get("/b"))
      talk.answer(ok())
      let account = Account(talk.packets, depth: depth, limits: ExchangeLimits())
      #expect(account.answers == ["a.example /a 200": 1, "a.example /b 200": 1], "\(start)")
      #expect(account.isBalanced)
    }
  }

  @Test func `data at the number of a SYN begins its connection`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a"))
    var next = Dialogue(clientStart: 77_777, serverStart: 99_999)
    next.open()
    next.ask(get("/new"))
    next.answer(ok())
    // The SYN's answer is missing.
    next.packets.remove(at: 1)
    let account = Account(talk.packets + next.packets)
    #expect(account.answers == ["a.example /new 200": 1] && account.unknownCount == 1)
  }

  @Test func `without bodies, a SYN alone makes no flow`() {
    var limits = ExchangeLimits()
    limits.flows = 2
    var talk = Dialogue(depth: .heads)
    talk.ask(get("/a"))
    var packets = talk.packets
    for port in 0..<100 {
      var flood = Dialogue(depth: .heads, clientPort: UInt16(50_000 + port))
      flood.open()
      packets += flood.packets
    }
    talk.packets = packets
    talk.answer(ok())
    let account = Account(talk.packets, depth: .heads, limits: limits)
    #expect(account.answers == ["a.example /a 200": 1] && account.counters.evictedFlows == 0)
  }

  @Test func `a time-out counts at the moment when it ran out`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a"))
    let asked = talk.packets[2].segment.time
    talk.time += 7_200_000_000_000
    talk.ask(get("/b"))
    var tracker = ExchangeTracker(limits: .file, depth: .streams, seed: 7)
    for packet in talk.packets.dropLast() { tracker.process(packet.segment, packet.payload.rawSpan) }
    tracker.batch.clear()
    #expect(tracker.nextTimeout == asked + 3_600_000_000_000 && tracker.oldestInFlight == asked)
    let last = talk.packets[3]
    tracker.process(last.segment, last.payload.rawSpan)
    #expect(tracker.batch[0].kind == .timedOut)
    #expect(tracker.batch[0].time == asked + 3_600_000_000_000)
    #expect(tracker.counters.timedOut == 1 && tracker.counters.inFlight == 1)
  }
}
