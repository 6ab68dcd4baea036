// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import Testing

/// Messages whose bodies are longer or shorter than their heads say, among peers that continue nevertheless.
@Suite struct WrongFramingTests {
  @Test(arguments: ["", "hello", "HTTP", "HTTP/1.1 20", "\r\n\0\0\r\n"], [false, true])
  func `stray bytes after a message hide no response after them`(stray: String, isApart: Bool) {
    var talk = Dialogue()
    talk.open()
    talk.ask("HEAD /a HTTP/1.1\r\nHost: a.example\r\n\r\n" + get("/b") + get("/c"))
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    if isApart {
      talk.answer(head)
      talk.answer(stray + ok("no", status: "404 Not Found") + ok("x"))
    } else {
      talk.answer(head + stray + ok("no", status: "404 Not Found") + ok("x"))
    }
    let account = Account(talk.packets)
    #expect(account.answers == ["a.example /a 200": 1, "a.example /b 404": 1, "a.example /c 200": 1])
    #expect(account.unanswered == 0)
    #expect(account.isBalanced)
  }

  @Test(arguments: [1, 2, 5, 14])
  func `a response in pieces is read after stray bytes, where its request was sent upon these`(size: Int) {
    var talk = Dialogue()
    talk.open()
    for path in ["/a", "/b"] {
      talk.ask("HEAD \(path) HTTP/1.1\r\nHost: a.example\r\n\r\n")
      talk.answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello", size: 43)
      talk.ask(get("\(path)-next"))
      talk.answer(ok("body", status: "404 Not Found"), size: size)
    }
    let account = Account(talk.packets)
    #expect(
      account.answers == [
        "a.example /a 200": 1, "a.example /a-next 404": 1, "a.example /b 200": 1, "a.example /b-next 404": 1,
      ], "\(account.answers)")
    #expect(account.unanswered == 0 && account.isBalanced)
  }

  @Test(arguments: [1, 2, 6], [true, false])
  func `what pads the frames of empty segments hides no head with its numbers`(count: Int, hasSyn: Bool) {
    var talk = Dialogue()
    if hasSyn { talk.open() }
    for path in 1...3 {
      // Some network has counted it as data; neither side has.
      for byClient in [true, false] {
        let own = (talk.clientNext, talk.serverNext)
        talk.send(byClient, [UInt8](repeating: 0, count: count))
        (talk.clientNext, talk.serverNext) = own
        if byClient { talk.ask(get("/\(path)")) } else { talk.answer(ok("body")) }
      }
    }
    let account = Account(talk.packets)
    #expect(
      account.answers == ["a.example /1 200": 1, "a.example /2 200": 1, "a.example /3 200": 1],
      "\(account.counters)")
    #expect(account.isBalanced)
  }

  @Test(arguments: [CaptureDepth.streams, .auto])
  func `who has opened a connection may be asked on it`(depth: CaptureDepth) {
    var talk = Dialogue(depth: depth)
    talk.open()
    // SOCKS 5, whose client is called back, with itself as the server.
    let greeting: [(byClient: Bool, bytes: [UInt8])] = [
      (true, [5, 1, 2]), (false, [5, 2]), (true, [1, 0, 1, 0]), (false, [1, 0]),
    ]
    for (byClient, bytes) in greeting { talk.send(byClient, bytes) }
    for path in 1...2 {
      talk.send(false, Array(get("/\(path)").utf8))
      talk.send(true, Array(ok("body").utf8))
    }
    let account = Account(talk.packets, depth: depth)
    #expect(account.answers == ["a.example /1 200": 1, "a.example /2 200": 1], "\(account.counters)")
    #expect(account.isBalanced)
  }

  @Test func `a status line after stray bytes is none where no request waits`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a"))
    talk.answer(ok("x") + "stray" + ok("y", status: "500 No"))
    let account = Account(talk.packets)
    #expect(account.answers == ["a.example /a 200": 1])
    #expect(account.unmatchedResponses.isEmpty)
    #expect(account.isBalanced)
  }

  @Test(arguments: [CaptureDepth.streams, .heads], ["Content-Length: 500", "Transfer-Encoding: chunked"])
  func `a body that ends too early is over when the client asks again`(depth: CaptureDepth, framing: String) {
    var talk = Dialogue(depth: depth)
    talk.open()
    for path in ["/a", "/b", "/c"] {
      talk.ask(get(path))
      talk.answer("HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n5\r\nhello\r\n")
    }
    let account = Account(talk.packets, depth: depth)
    #expect(account.answers == ["a.example /a 200": 1, "a.example /b 200": 1, "a.example /c 200": 1])
    #expect(account.isBalanced)
  }

  @Test func `a line like a head in a body stays body while a pipelined request waits`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a") + get("/b"))
    talk.answer("HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n")
    talk.answer("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
    talk.answer(ok("x", status: "201 Created"))
    let account = Account(talk.packets)
    #expect(account.answers == ["a.example /a 200": 1, "a.example /b 201": 1])
    #expect(account.counters.falseHeads == 1)
    #expect(account.isBalanced)
  }

  @Test func `a request's body that was refused before its end may be over`() {
    var talk = Dialogue()
    talk.open()
    talk.ask("POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 500\r\n\r\n{}")
    talk.answer(ok("no", status: "400 Bad Request"))
    talk.ask(get("/b"))
    talk.answer(ok("x"))
    let account = Account(talk.packets)
    #expect(account.answers == ["a.example /a 400": 1, "a.example /b 200": 1])
    #expect(account.isBalanced)
  }

  @Test func `a request's body whose answer comes before its first byte is a body`() {
    var talk = Dialogue()
    talk.open()
    let decoy = get("/decoy")
    for path in ["/a", "/b"] {
      talk.ask("POST \(path) HTTP/1.1\r\nHost: a.example\r\nContent-Length: \(decoy.utf8.count)\r\n\r\n")
      talk.answer(ok("x"))
      talk.ask(decoy)
    }
    let account = Account(talk.packets)
    #expect(account.requests == ["a.example /a": 1, "a.example /b": 1])
    #expect(account.answers == ["a.example /a 200": 1, "a.example /b 200": 1])
    #expect(account.isBalanced)
  }

  @Test func `a request's body that continues after its answer is read to its end`() {
    var talk = Dialogue()
    talk.open()
    talk.ask("POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 50\r\n\r\n{}")
    talk.answer(ok("no", status: "413 Too Large"))
    talk.ask("more")
    let decoy = get("/decoy")
    talk.ask(decoy + String(repeating: "x", count: 44 - decoy.utf8.count))
    talk.ask(get("/b"))
    talk.answer(ok("x"))
    let account = Account(talk.packets)
    #expect(account.requests == ["a.example /a": 1, "a.example /b": 1])
    #expect(account.answers == ["a.example /a 413": 1, "a.example /b 200": 1])
    #expect(account.isBalanced)
  }

  @Test func `spaces inside a target are counted as malformed`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a b") + get("/c"))
    talk.answer(ok("x") + ok("y"))
    let account = Account(talk.packets)
    #expect(account.requests == ["a.example /a\\x20b": 1, "a.example /c": 1])
    #expect(account.counters.malformedRequests == 1)
    #expect(account.counters.unparseable == 0)
  }
}
