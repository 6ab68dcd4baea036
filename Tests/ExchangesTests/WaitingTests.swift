// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import Testing

@Suite struct WaitingTests {
  /// Found in a capture of both sides of a proxy: its connections were older than the capture.
  @Test(arguments: [true, false])
  func `without a SYN, what is held back tells who asks`(isServerLower: Bool) {
    var talk = Dialogue()
    if isServerLower { swap(&talk.client, &talk.server) }
    talk.ask(get("/a"))
    talk.answer(ok("hello"))
    talk.ask(get("/b"))
    talk.answer(ok("no", status: "404 Not Found"))
    let account = Account(talk.packets)
    #expect(account.answers == ["a.example /a 200": 1, "a.example /b 404": 1])
    #expect(account.unmatchedResponses == [:])
    #expect(account.isBalanced)
  }

  /// Found in a capture that simsong/tcpflow has among its tests.
  @Test func `without a SYN and out of order, the same`() {
    var talk = Dialogue()
    swap(&talk.client, &talk.server)
    talk.ask(get("/a"))
    talk.answer(ok("hello, world"), size: 40)
    let account = Account(talk.packets.reversed())
    #expect(account.answers == ["a.example /a 200": 1])
    #expect(account.isBalanced)
  }

  /// Found in zeek's zero-length-bodies-with-drops.
  @Test func `a lost request does not part the next one from its response`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a"))
    talk.answer(ok())
    talk.ask(get("/lost"))
    let lost = talk.packets.count - 1
    talk.answer(ok())
    talk.time += 100_000_000_000
    talk.ask(get("/b") + get("/lost-too"), size: 30)
    talk.answer(ok(status: "404 Not Found"))
    talk.answer(ok(status: "503 Busy"))
    talk.time += 30_000_000_000
    talk.close()
    talk.packets.remove(at: lost)
    let account = Account(talk.packets)
    #expect(account.unmatchedResponses == [200: 1])
    #expect(account.answers == ["a.example /a 200": 1, "a.example /b 404": 1, "a.example /lost-too 503": 1])
    #expect(account.isBalanced)
  }

  /// Found by fuzzing: what was held of such a segment was on no list of those that wait, and never read.
  @Test func `of a segment too long for the places left, what is held is counted all the same`() {
    var talk = Dialogue()
    talk.ask(get("/a") + String(repeating: "x", count: 7_000))
    var limits = ExchangeLimits.file
    limits.heldSegments = 3
    let account = Account(talk.packets, limits: limits)
    #expect(account.counters.delivered == 1)
    #expect(account.requests == ["a.example /a": 1])
    #expect(account.isBalanced)
  }

  /// Found in nDPI's 1kxun: two captures in one file, the later one first.
  @Test func `times that go back end no request before its response`() {
    var late = Dialogue(clientPort: 40_001)
    late.open()
    late.ask(get("/late"))
    late.answer(ok())
    var early = Dialogue(clientPort: 40_002)
    early.time = late.time - 900_000_000_000
    early.open()
    early.ask(get("/early"))
    let answered = early.packets.count
    early.answer(ok())
    var last = Dialogue(clientPort: 40_003)
    last.time = late.time
    last.open()
    let packets = late.packets + early.packets[..<answered] + last.packets + early.packets[answered...]
    let account = Account(packets)
    #expect(account.answers == ["a.example /late 200": 1, "a.example /early 200": 1])
    #expect(account.unanswered == 0)
    #expect(account.isBalanced)
  }

  @Test func `when nothing more can be held, what has waited for longest gives way`() {
    var limits = ExchangeLimits.file
    limits.heldSegments = 8
    // Eight connections, each with bytes after a gap that nobody fills, take all places.
    var packets: [Dialogue.Packet] = []
    for port in UInt16(41_000)..<41_008 {
      var stranger = Dialogue(clientPort: port)
      stranger.open()
      stranger.ask(get("/lost"))
      stranger.ask(get("/after"))
      packets += stranger.packets.filter { !$0.payload.starts(with: Array("GET /lost".utf8)) }
    }
    var late = Dialogue(clientPort: 42_000)
    late.open()
    let opened = late.packets.count
    late.ask(get("/overtaken"), size: 20)
    late.packets.swapAt(opened, opened + 1)
    late.answer(ok())
    let account = Account(packets + late.packets, limits: limits)
    #expect(account.answers == ["a.example /overtaken 200": 1])
    #expect(account.requests["a.example /after"] == 8)
    #expect(account.isBalanced)
  }

  @Test func `connections begun before the capture lose nothing where more segments come than can wait`() {
    let connections = (0..<20).map { index in
      var talk = Dialogue(clientPort: 43_000 + UInt16(index))
      for page in 0..<4 {
        talk.ask(get("/\(page)"))
        talk.answer(ok(String(repeating: "x", count: 5_000)), size: 1_448)
      }
      return talk.packets
    }
    let packets = (0..<connections[0].count).flatMap { turn in connections.map { $0[turn] } }
    for places in [4, 16, 100] {
      var limits = ExchangeLimits.file
      limits.heldSegments = places
      let account = Account(packets, limits: limits)
      #expect(
        account.answers == Dictionary(uniqueKeysWithValues: (0..<4).map { ("a.example /\($0) 200", 20) }),
        "\(places) places")
      #expect(account.unmatchedResponses.isEmpty && account.unanswered == 0, "\(places) places")
      #expect(account.isBalanced, "\(places) places")
    }
  }
}
