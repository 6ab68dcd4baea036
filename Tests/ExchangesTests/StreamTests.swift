// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import Testing

@Suite struct StreamTests {
  @Test func `a keep-alive conversation is counted and paired`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a/b"))
    talk.answer(ok("hello"))
    talk.ask(get("/c"))
    talk.answer(ok("no", status: "404 Not Found"))
    talk.close()
    let account = Account(talk.packets)
    #expect(account.requests == ["a.example /a": 1, "a.example /c": 1])
    #expect(account.answers == ["a.example /a 200": 1, "a.example /c 404": 1])
    #expect(account.latencies == [1_000_000, 1_000_000])
    #expect(account.unanswered == 0)
    #expect(account.isBalanced)
  }

  @Test(arguments: [1, 2, 3, 7, 16, 1_000])
  func `segments of any size give the same`(size: Int) {
    var talk = Dialogue()
    talk.open()
    talk.ask(
      get("/a") + "POST /p HTTP/1.1\r\nHost: b\r\nContent-Length: 20\r\n\r\nGET /x HTTP/1.1\r\n\r\n1"
        + get("/c"), size: size)
    talk.answer(
      ok("HTTP/1.1 500 No\r\n\r\n") + "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "13\r\nHTTP/1.1 500 No\r\n\r\n\r\n0\r\n\r\n" + ok(status: "304 Not Modified"), size: size)
    let account = Account(talk.packets)
    #expect(account.requests == ["a.example /a": 1, "b /p": 1, "a.example /c": 1])
    #expect(account.answers == ["a.example /a 200": 1, "b /p 201": 1, "a.example /c 304": 1])
    #expect(account.isBalanced)
    #expect(account.counters.falseHeads == 0)
  }

  @Test(arguments: [[0, 1, 2, 3, 4, 5], [2, 3, 0, 1, 4, 5], [5, 4, 3, 2, 1, 0]])
  func `data that begins with the SYN's own number is read whole`(order: [Int]) {
    var talk = Dialogue()
    talk.open()
    talk.clientNext -= 1
    talk.serverNext -= 1
    talk.ask(get("/a"))
    talk.answer(ok("x"))
    talk.ask("PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
    talk.answer(ok("y"))
    let account = Account(order.map { talk.packets[$0] })
    #expect(account.methods == ["GET": 1, "PUT": 1])
    #expect(account.answers == ["a.example /a 200": 1, "h /b 200": 1])
    #expect(account.isBalanced)
  }

  @Test func `a probe of one byte with the SYN's own number is no data`() {
    var talk = Dialogue()
    talk.open()
    talk.clientNext -= 1
    talk.ask("G")
    talk.ask(get("/a"))
    talk.answer(ok("x"))
    let account = Account(talk.packets)
    #expect(account.methods == ["GET": 1])
    #expect(account.answers == ["a.example /a 200": 1])
    #expect(account.counters.duplicates == 1)
    #expect(account.isBalanced)
  }

  @Test func `a response to HEAD has no body, whatever it says`() {
    var talk = Dialogue()
    talk.open()
    talk.ask("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n")
    talk.answer("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    talk.ask(get("/b"))
    talk.answer(ok("x"))
    let account = Account(talk.packets)
    #expect(account.answers == ["h /a 200": 1, "a.example /b 200": 1])
  }

  @Test func `interim responses do not end an exchange`() {
    var talk = Dialogue()
    talk.open()
    talk.ask("PUT /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    talk.answer("HTTP/1.1 100 Continue\r\n\r\n")
    talk.ask("abc")
    talk.answer("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok())
    let account = Account(talk.packets)
    #expect(account.answers == ["h /a 200": 1])
    #expect(account.interim == [100: 1, 103: 1])
    #expect(account.isBalanced)
  }

  @Test func `a body until close hides what looks like a head`() {
    var talk = Dialogue()
    talk.open()
    talk.ask("GET /a HTTP/1.0\r\n\r\n")
    talk.answer("HTTP/1.0 200 OK\r\n\r\nsome text")
    talk.answer("HTTP/1.1 500 No\r\n\r\n")
    talk.close()
    let account = Account(talk.packets)
    #expect(account.requests == ["10.0.0.2 /a": 1])
    #expect(account.answers == ["10.0.0.2 /a 200": 1])
    #expect(account.counters.falseHeads == 1)
    #expect(account.isBalanced)
  }

  @Test func `a tunnel is no longer HTTP`() {
    for (ask, answer) in [
      ("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 Connection established\r\n\r\n"),
      (
        get("/ws", more: "Upgrade: websocket\r\n"),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
      ),
    ] {
      var talk = Dialogue()
      talk.open()
      talk.ask(ask)
      talk.answer(answer)
      talk.ask(get("/inside"))
      talk.answer(ok())
      let account = Account(talk.packets)
      #expect(account.counters.requests == 1)
      #expect(account.counters.exchanges == 1)
      #expect(account.counters.tunnels == 1)
      #expect(account.isBalanced)
    }
  }

  @Test func `a refused tunnel or upgrade continues as HTTP`() {
    for ask in ["CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", get("/x", more: "Upgrade: h2c\r\n")] {
      var talk = Dialogue()
      talk.open()
      talk.ask(ask)
      talk.answer(ok("no", status: "405 No"))
      talk.ask(get("/next"))
      talk.answer(ok())
      let account = Account(talk.packets)
      #expect(account.counters.requests == 2)
      #expect(account.counters.exchanges == 2)
      #expect(account.requests["a.example /next"] == 1)
    }
  }

  @Test func `any token is a method where the stream is known`() {
    var talk = Dialogue()
    talk.open()
    talk.ask("PURGE /a HTTP/1.1\r\nHost: h\r\n\r\n")
    talk.answer(ok())
    talk.ask("X-Y!z / HTTP/1.1\r\nHost: h\r\n\r\n")
    talk.answer(ok())
    #expect(Account(talk.packets).methods == ["PURGE": 1, "X-Y!z": 1])
  }

  @Test func `an HTTP/2 connection is named, not counted`() {
    var talk = Dialogue()
    talk.open()
    talk.ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0")
    talk.answer("\0\0\u{12}\u{4}\0\0")
    talk.ask(get("/x"))
    let account = Account(talk.packets)
    #expect(account.counters.http2 == 1)
    #expect(account.counters.requests == 0)
    #expect(account.isBalanced)
  }

  @Test func `what is not HTTP is unparseable once, and reading resumes at a head`() {
    var talk = Dialogue()
    talk.open()
    talk.ask("\u{16}\u{3}\u{1}\0\u{5}hello\n")
    talk.ask("more of it\n")
    talk.ask(get("/late"))
    talk.answer(ok())
    let account = Account(talk.packets)
    #expect(account.requests == ["a.example /late": 1])
    #expect(account.counters.unparseable == 1)
    #expect(account.isBalanced)
  }

  @Test func `numbers wrap`() {
    var talk = Dialogue(clientStart: 0xffff_fff0, serverStart: 0xffff_ff80)
    talk.open()
    for index in 0..<20 {
      talk.ask(get("/\(index)"))
      talk.answer(ok("body \(index)"))
    }
    let account = Account(talk.packets + talk.packets)
    #expect(account.counters.requests == 20)
    #expect(account.counters.exchanges == 20)
    #expect(account.counters.duplicates == 40)
    #expect(account.isBalanced)
  }

  @Test func `the same ports again are another connection`() {
    var first = Dialogue()
    first.open()
    first.ask(get("/a"))
    first.answer(ok())
    var second = Dialogue(clientStart: 900, serverStart: 4_000)
    second.time = first.time
    second.open()
    second.ask(get("/b"))
    second.answer(ok(status: "500 No"))
    let account = Account(first.packets + second.packets)
    #expect(account.answers == ["a.example /a 200": 1, "a.example /b 500": 1])
  }

  @Test func `a request without a response times out, in capture time`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a"))
    talk.time += 61_000_000_000
    talk.ask(get("/b"))
    talk.answer(ok())
    var limits = ExchangeLimits.file
    limits.timeout = 60_000_000_000
    let account = Account(talk.packets, limits: limits)
    #expect(account.timedOut == 1 && account.unanswered == 1)
    #expect(account.answers == ["a.example /b 200": 1])
  }

  @Test func `a head without an end counts by its start line when the capture ends`() {
    var talk = Dialogue()
    talk.open()
    talk.ask("GET /a HTTP/1.1\r\nHost: h\r\nCoo")
    let account = Account(talk.packets)
    #expect(account.requests == ["h /a": 1])
    #expect(account.counters.truncated == 1)
    #expect(account.isBalanced)
    var cut = Dialogue()
    cut.open()
    cut.ask("GET /a HT")
    #expect(Account(cut.packets).counters.requests == 0)
    #expect(Account(cut.packets).isBalanced)
  }

  @Test func `a head of 64 KiB is read whole, one beyond it by its start line`() {
    for (size, isCut) in [(60_000, false), (70_000, true)] {
      var talk = Dialogue()
      talk.open()
      talk.ask(get("/a", more: "Cookie: \(String(repeating: "c", count: size))\r\n"), size: 1_400)
      talk.answer(ok())
      let account = Account(talk.packets)
      #expect(account.counters.requests == 1)
      #expect(account.counters.exchanges == 1)
      #expect((account.counters.truncated == 1) == isCut)
      #expect(account.isBalanced)
    }
  }

  @Test func `a capture that begins in the middle counts what it sees`() {
    var talk = Dialogue()
    talk.answer("tail of a body")
    talk.answer(ok("late"))
    talk.ask(get("/a"))
    talk.answer(ok())
    let account = Account(talk.packets)
    #expect(account.answers == ["a.example /a 200": 1])
    #expect(account.unmatchedResponses == [200: 1])
    #expect(account.isBalanced)
  }

  @Test func `one direction alone is counted`() {
    var talk = Dialogue()
    talk.open()
    for index in 0..<5 {
      talk.ask(get("/\(index)"))
      talk.answer(ok())
    }
    let asked = Account(talk.packets.filter { $0.segment.destination.port == 80 })
    #expect(asked.counters.requests == 5)
    #expect(asked.unanswered == 5)
    let answered = Account(talk.packets.filter { $0.segment.source.port == 80 })
    #expect(answered.counters.responses == 5)
    #expect(answered.unmatchedResponses == [200: 5])
    #expect(asked.isBalanced && answered.isBalanced)
  }
}
