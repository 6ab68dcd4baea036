// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import Testing

/// Segments that a receiver drops for their checksum end and hide nothing; where it takes them, they are
/// read.
@Suite struct ChecksumTrustTests {
  static let depths: [CaptureDepth] = [.heads, .auto, .streams]

  /// Marks the segments from the `from`-th on, of both sides or of one.
  private func mark(
    _ talk: inout Dialogue, from: Int = 0, byClient: Bool? = nil, _ checksum: Segment.Checksum
  ) {
    for index in talk.packets.indices.dropFirst(from) {
      if let byClient, (talk.packets[index].segment.destination.port == 80) != byClient { continue }
      talk.packets[index].segment.checksum = checksum
    }
  }

  /// What `forge` adds has a wrong checksum, and neither side moves on by it.
  private func forged(_ talk: inout Dialogue, _ forge: (inout Dialogue) -> Void) {
    let own = (talk.clientNext, talk.serverNext), first = talk.packets.count
    forge(&talk)
    mark(&talk, from: first, .wrong)
    (talk.clientNext, talk.serverNext) = own
  }

  /// Exchanges before an attack.
  private static let before = 2

  /// A connection with that number of exchanges.
  private func known(_ depth: CaptureDepth, clientPort: UInt16? = nil) -> Dialogue {
    var talk = clientPort.map { Dialogue(depth: depth, clientPort: $0) } ?? Dialogue(depth: depth)
    talk.open()
    for path in 1...Self.before {
      talk.ask(get("/known/\(path)"))
      talk.answer(ok("body"))
    }
    mark(&talk, .right)
    return talk
  }

  private func honest(_ depth: CaptureDepth, _ attack: (inout Dialogue) -> Void) -> Account {
    var talk = known(depth)
    for path in 1...6 {
      let first = talk.packets.count
      talk.ask(get("/\(path)"))
      mark(&talk, from: first, .right)
      forged(&talk, attack)
      let second = talk.packets.count
      talk.answer(ok("body"))
      mark(&talk, from: second, .right)
      forged(&talk, attack)
    }
    return Account(talk.packets, depth: depth, limits: ExchangeLimits())
  }

  @Test(
    arguments: [CaptureDepth.auto, .streams],
    [
      ("", " HTTP/1.0"), ("", " HTTP/1.1\r\nHost: a.example"),
      ("no SETTINGS", " HTTP/1.1\r\nHost: a.example"),
    ])
  func `a forged preface before the first request leaves the others alone, whatever is known of checksums`(
    depth: CaptureDepth, texts: (after: String, more: String)
  ) {
    let (after, more) = texts
    var talk = Dialogue()
    talk.open()
    // Nothing is known of this address yet.
    forged(&talk) { $0.ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + after) }
    talk.ask("GET /1\(more)\r\n\r\n")
    for path in 2...6 {
      talk.answer(ok("body"))
      talk.ask(get("/\(path)"))
    }
    talk.answer(ok("body"))
    let packets = depth == .auto ? talk.packets.filter { !$0.payload.isEmpty } : talk.packets
    let account = Account(packets, depth: depth, limits: ExchangeLimits())
    // What is longer than the preface has also taken the first request's place.
    let counted = after.isEmpty ? 6 : 5
    #expect(
      account.requests.count == counted && account.isBalanced, "\(account.requests) \(account.counters)")
    #expect(account.answers.count == counted, "\(account.answers)")
  }

  @Test(arguments: depths)
  func `forged segments with the right numbers leave a connection alone`(depth: CaptureDepth) {
    let attacks: [(String, (inout Dialogue) -> Void)] = [
      ("a SYN and its answer", { $0.open() }),
      ("a RST of the server", { $0.reset(byClient: false) }), ("of the client", { $0.reset(byClient: true) }),
      ("a FIN", { $0.finish(byClient: false) }),
      ("a body", { $0.ask("POST / HTTP/1.1\r\nContent-Length: 4000000000\r\n\r\n") }),
      ("a request", { $0.ask(get("/forged")) }), ("an answer", { $0.answer(ok(status: "500 No")) }),
      ("the preface", { $0.ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") }),
    ]
    for (name, attack) in attacks {
      let account = honest(depth, attack)
      let exchanges = 6 + Self.before
      // One for each section: six, and that of the exchanges before.
      #expect(account.answers.count == 7, "\(name): \(account.answers)")
      #expect(account.counters.exchanges == exchanges && account.counters.requests == exchanges, "\(name)")
      #expect(account.counters.aborted == 0, "\(name)")
      #expect(account.counters.doubtful >= 12 - 1 && account.isBalanced, "\(name): \(account.counters)")
    }
  }

  @Test(arguments: depths)
  func `an address that never sends a right checksum is believed`(depth: CaptureDepth) {
    for byClient in [true, false] {
      var talk = Dialogue(depth: depth)
      talk.open()
      for path in 1...4 {
        talk.ask(get("/\(path)"))
        talk.answer(ok("body"))
      }
      talk.close()
      mark(&talk, .right)
      mark(&talk, byClient: byClient, .wrong)
      let account = Account(talk.packets, depth: depth, limits: ExchangeLimits())
      #expect(account.counters.exchanges == 4 && account.counters.doubtful == 0 && account.isBalanced)
    }
  }

  @Test(
    arguments: depths,
    [
      (0, 1, true), (1, 1, false), (1, 2, true), (31, 2, true), (32, 2, false), (32, 3, true),
      (1_023, 3, true),
      (1_024, 7, false), (1_024, 8, true),
    ])
  func `right checksums count when they are more than there may be by chance`(
    depth: CaptureDepth, sent: (wrong: Int, right: Int, isKnown: Bool)
  ) {
    var talk = Dialogue(depth: depth)
    let last = sent.wrong + sent.right + 1
    for path in 1...last {
      let first = talk.packets.count
      talk.ask(get("/\(path)"))
      mark(&talk, from: first, path > sent.wrong && path < last ? .right : .wrong)
      // Nothing shows that the last one was received.
      if path < last { talk.answer(ok("body")) }
    }
    let account = Account(talk.packets, depth: depth, limits: ExchangeLimits())
    #expect(account.counters.doubtful == (sent.isKnown ? 1 : 0) && account.isBalanced)
    #expect(account.counters.requests == UInt64(sent.isKnown ? last - 1 : last))
  }

  @Test(arguments: depths)
  func `a stranger who comes right after the connection's first segments is too late`(depth: CaptureDepth) {
    for byServer in [true, false] {
      var talk = Dialogue(depth: depth)
      talk.open()
      mark(&talk, .right)
      forged(&talk) { if !byServer { $0.ask(get("/forged")) } }
      let first = talk.packets.count
      talk.ask(get("/1"))
      mark(&talk, from: first, .right)
      forged(&talk) { if byServer { $0.answer(ok(status: "500 No")) } }
      talk.answer(ok("body"))
      let account = Account(talk.packets, depth: depth, limits: ExchangeLimits())
      #expect(account.counters.exchanges == 1 && account.counters.doubtful == 1 && account.isBalanced)
      #expect(account.answers == ["a.example /1 200": 1])
    }
  }

  /// A connection whose server has sent `before`, and whose answer came in by that direction with a partial checksum.
  private func partial(
    _ depth: CaptureDepth, after before: [Segment.Checksum], _ direction: Segment.Direction = .inbound
  ) -> Account {
    var talk = Dialogue(depth: depth)
    for (path, checksum) in before.enumerated() {
      talk.ask(get("/before/\(path)"))
      talk.answer(ok("body"))
      talk.packets[talk.packets.count - 1].segment.checksum = checksum
    }
    talk.ask(get("/last"))
    talk.answer(ok("body"))
    talk.packets[talk.packets.count - 1].segment.checksum = .partial
    for index in talk.packets.indices { talk.packets[index].segment.direction = direction }
    return Account(talk.packets, depth: depth, limits: ExchangeLimits())
  }

  @Test(arguments: depths)
  func `a checksum that is left to a card is wrong where an address always fills its own in`(
    depth: CaptureDepth
  ) {
    #expect(partial(depth, after: [.right]).counters.doubtful == 1)
    #expect(partial(depth, after: [.right, .right, .right]).counters.doubtful == 1)
    // A virtual card's, a machine's own, one of which nothing is known yet.
    #expect(partial(depth, after: [.partial, .right, .right]).counters.doubtful == 0)
    #expect(partial(depth, after: [.right], .outbound).counters.doubtful == 0)
    #expect(partial(depth, after: [.right], .unknown).counters.doubtful == 0)
    #expect(partial(depth, after: []).counters.exchanges == 1)
  }

  @Test(arguments: depths)
  func `a reset's right checksum says nothing of those that a host leaves to its card`(depth: CaptureDepth) {
    var refused = Dialogue(depth: depth, clientPort: 40_001)
    for _ in 1...9 { refused.reset(byClient: false) }
    mark(&refused, .right)
    var talk = Dialogue(depth: depth)
    talk.ask(get("/1"))
    talk.answer(ok("body"))
    mark(&talk, byClient: false, .partial)
    var packets = refused.packets + talk.packets
    for index in packets.indices { packets[index].segment.direction = .inbound }
    let account = Account(packets, depth: depth, limits: ExchangeLimits())
    #expect(account.counters.exchanges == 1 && account.counters.doubtful == 0 && account.isBalanced)
  }

  @Test(arguments: depths)
  func `what acknowledges nothing is dropped live, whatever its checksum`(depth: CaptureDepth) {
    for checksum in [Segment.Checksum.right, .partial, .wrong, .unknown] {
      var talk = Dialogue(depth: depth)
      talk.ask(get("/1"))
      let server = talk.serverNext
      talk.answer(ok(status: "500 No"))
      talk.packets[talk.packets.count - 1].segment.flags = [.psh]
      talk.packets[talk.packets.count - 1].segment.checksum = checksum
      talk.serverNext = server
      talk.answer(ok("body"))
      let account = Account(talk.packets, depth: depth, limits: ExchangeLimits())
      // Of files nothing is known: some have been written by what leaves the flags out.
      let isRead = checksum == .unknown
      #expect(account.answers == ["a.example /1 \(isRead ? 500 : 200)": 1], "\(checksum)")
      #expect(account.counters.exchanges == 1 && account.isBalanced)
    }
  }

  @Test(arguments: depths)
  func `once receivers acknowledge what has a wrong checksum, all is read`(depth: CaptureDepth) {
    var packets = known(depth).packets
    for port: UInt16 in 1...10 {
      var talk = Dialogue(depth: depth, clientPort: 40_000 + port)
      talk.open()
      mark(&talk, .right)
      let first = talk.packets.count
      talk.ask(get("/\(port)"))
      mark(&talk, from: first, .wrong)
      talk.answer(ok("body"))
      packets += talk.packets
    }
    var last = Dialogue(depth: depth, clientPort: 40_011)
    last.ask(get("/11"))
    mark(&last, .wrong)
    let account = Account(packets + last.packets, depth: depth, limits: ExchangeLimits())
    #expect(account.counters.doubtful == 0, "\(account.counters)")
    #expect(account.counters.exchanges == 10 + UInt64(Self.before))
    #expect(account.requests["a.example /11"] == 1 && account.isBalanced)
  }

  /// What shows that a head was received: what the other side acknowledges, or what its sender sends after it.
  private static let evidence: [(name: String, isOfRequest: Bool, send: @Sendable (inout Dialogue) -> Void)] =
    [
      ("the answer", true, { $0.answer(ok("body")) }),
      ("the client's FIN", false, { $0.finish(byClient: true) }),
      ("the server's FIN", false, { $0.finish(byClient: false) }),
      ("the next request", false, { $0.ask(get("/2")) }),
    ]

  @Test(arguments: depths, [Segment.Checksum.wrong, .partial])
  func `a head is read, whatever its checksum, once it shows that its receiver has it`(
    depth: CaptureDepth, bad: Segment.Checksum
  ) {
    for (name, isOfRequest, send) in Self.evidence {
      var talk = Dialogue(depth: depth)
      talk.open()
      talk.ask(get("/1"))
      if !isOfRequest { talk.answer(ok("body")) }
      mark(&talk, .right)
      let refused = talk.packets.count - 1
      talk.packets[refused].segment.checksum = bad
      send(&talk)
      mark(&talk, from: refused + 1, .right)
      for index in talk.packets.indices { talk.packets[index].segment.direction = .inbound }
      let account = Account(talk.packets, depth: depth, limits: ExchangeLimits())
      #expect(account.answers == ["a.example /1 200": 1], "\(name): \(account.counters)")
      // The request's own time, not that of what showed it.
      #expect(account.latencies == [1_000_000], "\(name)")
      #expect(account.counters.doubtful == 0 && account.isBalanced, "\(name)")
    }
  }

  @Test(arguments: depths, [UInt32(1 << 20), 1 << 30, 3 << 29, 1 << 31, 0 &- 1 << 20])
  func `a stranger's guess takes no head away that waits to be acknowledged`(
    depth: CaptureDepth, off: UInt32
  ) {
    var talk = known(depth)
    let first = talk.packets.count
    talk.ask(get("/1"))
    mark(&talk, from: first, .partial)
    var guess = talk
    guess.packets = []
    guess.clientNext &+= off
    guess.serverNext &+= 123_456_789
    guess.ask(get("/", host: "forged.example"))
    mark(&guess, .right)
    talk.packets += guess.packets
    let second = talk.packets.count
    talk.answer(ok("body"))
    mark(&talk, from: second, .right)
    for index in talk.packets.indices { talk.packets[index].segment.direction = .inbound }
    let account = Account(talk.packets, depth: depth, limits: ExchangeLimits())
    #expect(account.answers["a.example /1 200"] == 1, "\(account.answers)")
    #expect(account.isBalanced)
  }

  @Test(arguments: depths)
  func `an address is believed to leave checksums to its card once one such head was received`(
    depth: CaptureDepth
  ) {
    var talk = known(depth)
    for path in 1...3 {
      let first = talk.packets.count
      talk.ask(get("/\(path)"))
      mark(&talk, from: first, .partial)
      if path < 3 { talk.answer(ok("body")) }
    }
    for index in talk.packets.indices { talk.packets[index].segment.direction = .inbound }
    let account = Account(talk.packets, depth: depth, limits: ExchangeLimits())
    // Nothing shows that the last one was received.
    #expect(account.requests["a.example /3"] == 1 && account.counters.doubtful == 0 && account.isBalanced)
  }

  @Test(arguments: depths)
  func `what is acknowledged after the true bytes proves nothing`(depth: CaptureDepth) {
    var talk = known(depth)
    for path in 1...9 {
      forged(&talk) { $0.ask(get("/\(path)", host: "b.example")) }
      let first = talk.packets.count
      talk.ask(get("/\(path)"))
      talk.answer(ok("body"))
      mark(&talk, from: first, .right)
    }
    let account = Account(talk.packets, depth: depth, limits: ExchangeLimits())
    #expect(account.counters.doubtful == 9, "\(account.counters)")
    #expect(account.counters.exchanges == 9 + UInt64(Self.before))
    #expect(account.requests.keys.allSatisfy { $0.hasPrefix("a.example") } && account.isBalanced)
  }
}
