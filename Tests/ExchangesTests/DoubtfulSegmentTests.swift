// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import Testing

/// Live segments whose numbers are a guess move nothing; those of a connection of which something was lost do.
@Suite struct DoubtfulSegmentTests {
  static let depths: [CaptureDepth] = [.heads, .auto]
  static let distances: [UInt32] = [600, 1 << 20, 1 << 30, 0 &- 600, 0 &- 1 << 20, 0 &- 1 << 30]
  static let honest = [
    "a.example /1 200": 1, "a.example /2 200": 1, "a.example /3 200": 1, "a.example /4 200": 1,
  ]

  private func account(_ talk: Dialogue, _ depth: CaptureDepth) -> Account {
    Account(talk.packets, depth: depth, limits: ExchangeLimits())
  }

  /// One side sends `text` with numbers that are so far off; what follows has its own.
  private func forge(_ talk: inout Dialogue, byClient: Bool, _ text: String, off: UInt32) {
    let own = (talk.clientNext, talk.serverNext)
    if byClient { talk.clientNext &+= off } else { talk.serverNext &+= off }
    // What it acknowledges is a guess too.
    if byClient { talk.serverNext &+= 123_456_789 } else { talk.clientNext &+= 123_456_789 }
    if byClient { talk.ask(text) } else { talk.answer(text) }
    (talk.clientNext, talk.serverNext) = own
  }

  @Test(arguments: depths, [true, false])
  func `guessed requests and responses leave the others alone`(depth: CaptureDepth, hasSyn: Bool) {
    for off in Self.distances {
      for pause: UInt64 in [0, 400_000_000] {
        var talk = Dialogue(depth: depth)
        if hasSyn { talk.open() }
        for path in 1...4 {
          talk.ask(get("/\(path)"))
          if path > 1 || hasSyn { forgeBoth(&talk, off, pause) }
          talk.answer(ok("body"))
          forgeBoth(&talk, off, pause)
        }
        let account = account(talk, depth)
        #expect(account.answers == Self.honest, "\(off), \(pause)")
        #expect(account.requests["a.example /1"] == 1 && account.requests["a.example /4"] == 1)
        #expect(account.isBalanced, "\(off), \(pause): \(account.counters)")
      }
    }
  }

  @Test(arguments: depths)
  func `a request that was guessed before the first one takes no answer`(depth: CaptureDepth) {
    for off in Self.distances {
      var talk = Dialogue(depth: depth)
      forge(&talk, byClient: true, get("/", host: "forged.example"), off: off)
      for path in 1...4 {
        talk.ask(get("/\(path)"))
        talk.answer(ok("body"))
      }
      let account = account(talk, depth)
      #expect(account.answers == Self.honest, "\(off): \(account.counters)")
      #expect(account.requests["a.example /1"] == 1 && account.isBalanced, "\(off)")
    }
  }

  @Test(arguments: depths)
  func `an answer that was guessed before the first request hides none`(depth: CaptureDepth) {
    for off in Self.distances {
      var talk = Dialogue(depth: depth)
      forge(&talk, byClient: false, ok(status: "500 No"), off: off)
      for path in 1...4 {
        talk.ask(get("/\(path)"))
        if path == 1 { forgeBoth(&talk, off, 0) }
        talk.answer(ok("body"))
      }
      let account = account(talk, depth)
      #expect(account.answers == Self.honest, "\(off): \(account.counters)")
      #expect(account.requests["a.example /1"] == 1 && account.isBalanced, "\(off)")
    }
  }

  private func forgeBoth(_ talk: inout Dialogue, _ off: UInt32, _ pause: UInt64) {
    forge(&talk, byClient: true, get("/", host: "forged.example"), off: off)
    talk.time += pause
    forge(&talk, byClient: false, ok(status: "500 No"), off: off)
    talk.time += pause
  }

  @Test(arguments: CaptureDepth.allCases, [true, false])
  func `other bytes with the numbers of what was read are doubtful, and change nothing`(
    depth: CaptureDepth, isForged: Bool
  ) {
    var talk = Dialogue(depth: depth)
    talk.open()
    for path in 1...4 {
      for isClient in [true, false] {
        let (client, server) = (talk.clientNext, talk.serverNext)
        if isClient { talk.ask(get("/\(path)")) } else { talk.answer(ok("body")) }
        let next = (talk.clientNext, talk.serverNext), packet = talk.packets.removeLast()
        (talk.clientNext, talk.serverNext) = (client, server)
        // As long as the true one, which comes twice.
        if isClient { talk.ask(get("/9")) } else { talk.answer(ok("BODY", status: "500 No")) }
        var forged = talk.packets.removeLast()
        forged.payload = Array(forged.payload.prefix(packet.payload.count))
        forged.segment.payloadLength = UInt32(forged.payload.count)
        (talk.clientNext, talk.serverNext) = next
        talk.packets += [packet, isForged ? forged : packet, isForged ? forged : packet]
      }
    }
    let account = account(talk, depth)
    #expect(account.answers == Self.honest && account.isBalanced)
    #expect(account.counters.doubtful == (isForged ? 16 : 0) && account.counters.duplicates == 16)
  }

  @Test(arguments: [Segment.Kind.start, .stream])
  func `a guess while the rest of a head is due leaves the head alone`(kind: Segment.Kind) {
    var talk = Dialogue(depth: .heads)
    talk.open()
    talk.ask(get("/1"))
    talk.answer(ok())
    talk.ask("GET /2 HTTP/1.1\r\nHost: a.exa")
    for off in Self.distances {
      forge(&talk, byClient: true, get("/", host: "forged.example"), off: off)
      talk.packets[talk.packets.count - 1].segment.kind = kind
      talk.time += 300_000_000
    }
    talk.send(true, Array("mple\r\n\r\n".utf8), continues: true)
    talk.answer(ok())
    let account = account(talk, .auto)
    #expect(account.answers == ["a.example /1 200": 1, "a.example /2 200": 1] && account.isBalanced)
  }

  @Test(arguments: depths)
  func `heads without their ends, far apart and of one side alone, count by their start lines`(
    depth: CaptureDepth
  ) {
    var talk = Dialogue(depth: depth)
    for path in 1...5 {
      // The capture has the first segment of each; millions of bytes of a body follow.
      talk.ask(String(get("/\(path)", more: "Content-Length: 3000000\r\n").dropLast(12)))
      talk.clientNext &+= 3_000_000
      talk.serverNext &+= 500
      talk.time += 100_000_000
    }
    let account = account(talk, depth)
    #expect(account.requests == Dictionary(uniqueKeysWithValues: (1...5).map { ("a.example /\($0)", 1) }))
    #expect(account.counters.truncated == 5 && account.isBalanced, "\(account.counters)")
  }

  @Test(arguments: depths)
  func `a flood of guesses is refused once its direction holds no more`(depth: CaptureDepth) {
    var limits = ExchangeLimits()
    (limits.heldSegments, limits.heldPerDirection) = (16, 4)
    var talk = Dialogue(depth: depth)
    talk.open()
    for path in 1...4 {
      talk.ask(get("/\(path)"))
      for number in 1...40 {
        forge(&talk, byClient: true, get("/", host: "forged.example"), off: UInt32(number) << 24)
      }
      talk.answer(ok())
    }
    let account = Account(talk.packets, depth: depth, limits: limits)
    #expect(account.answers == Self.honest)
    #expect(account.isBalanced)
  }

  @Test(arguments: depths)
  func `a request far after a lost one is believed by what it acknowledges`(depth: CaptureDepth) {
    var talk = Dialogue(depth: depth)
    talk.open()
    talk.ask(get("/1"))
    talk.answer(ok())
    // A request of 1 MiB whose head was lost, and whose response was not.
    talk.clientNext &+= 1 << 20
    talk.answer(ok())
    talk.ask(get("/2"))
    talk.answer(ok())
    let account = account(talk, depth)
    #expect(account.answers == ["a.example /1 200": 1, "a.example /2 200": 1])
    #expect(account.unmatchedResponses == [200: 1] && account.isBalanced)
  }

  @Test(arguments: depths)
  func `an exchange far after a lost one is believed by its response`(depth: CaptureDepth) {
    var talk = Dialogue(depth: depth)
    talk.open()
    talk.ask(get("/1"))
    talk.answer(ok())
    talk.clientNext &+= 1 << 20
    talk.serverNext &+= 1 << 20
    talk.ask(get("/2"))
    talk.answer(ok())
    talk.ask(get("/3"))
    talk.answer(ok())
    let account = account(talk, depth)
    #expect(
      account.answers == ["a.example /1 200": 1, "a.example /2 200": 1, "a.example /3 200": 1]
        && account.unanswered == 0 && account.isBalanced)
  }

  @Test(arguments: depths)
  func `requests that nobody is seen to answer are believed once one follows on another`(depth: CaptureDepth)
  {
    var talk = Dialogue(depth: depth)
    talk.open()
    talk.ask(get("/1"))
    talk.clientNext &+= 1 << 20
    for path in 2...4 {
      talk.ask(get("/\(path)"))
      talk.time += 1_000_000_000
    }
    let account = account(talk, depth)
    #expect(account.requests.count == 4 && account.counters.requests == 4 && account.isBalanced)
  }

  @Test(arguments: depths)
  func `a connection whose SYN was lost is read from its second request on`(depth: CaptureDepth) {
    for start: UInt32 in [1_000 &- 1 << 28, 1_000 &+ 1 << 28] {
      var talk = Dialogue(depth: depth)
      talk.open()
      talk.ask(get("/old"))
      talk.answer(ok())
      talk.clientNext = start
      talk.serverNext = start &+ 99
      for path in 1...4 {
        talk.ask(get("/\(path)"))
        talk.answer(ok())
      }
      let account = account(talk, depth)
      #expect(account.requests.count == 5 && account.counters.requests == 5, "\(start)")
      for path in 2...4 { #expect(account.answers["a.example /\(path) 200"] == 1, "\(start)") }
      #expect(account.isBalanced)
    }
  }
}
