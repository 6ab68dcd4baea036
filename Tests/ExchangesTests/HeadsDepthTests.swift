// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import HTTP1
import Testing

extension Dialogue {
  /// The packets that the kernel's filter passes at depth `heads`: starts, and what continues a head.
  var passedHeads: [Packet] {
    var passed: [Packet] = []
    var unfinished: [UInt16: UInt32] = [:]
    var heads: [UInt16: String] = [:]
    for var packet in packets where !packet.payload.isEmpty {
      let text = String(decoding: packet.payload, as: UTF8.self)
      let isRequest = Method.allCases.contains {
        $0 != .other && (text.hasPrefix($0.name + " ") || ($0.name + " ").hasPrefix(text))
      }
      let isResponse = text.hasPrefix("HTTP/") || "HTTP/".hasPrefix(text)
      let port = packet.segment.source.port
      let isContinuation = unfinished[port] == packet.segment.sequence
      guard isRequest || isResponse || isContinuation else { continue }
      packet.segment.kind = isContinuation ? .continuation : .start
      heads[port] = (isContinuation ? heads[port] ?? "" : "") + text
      let hasEnd = heads[port]?.contains("\r\n\r\n") == true
      let isLong = (isResponse || port == 80) && packet.payload.count >= 13
      unfinished[port] = hasEnd || isLong ? nil : packet.segment.sequence &+ UInt32(packet.payload.count)
      passed.append(packet)
    }
    return passed
  }
}

@Suite struct HeadsDepthTests {
  private func account(_ talk: Dialogue) -> Account {
    Account(talk.passedHeads, depth: .heads, limits: ExchangeLimits())
  }

  @Test func `bodies that were not copied leave no doubt when their length is known`() {
    var talk = Dialogue()
    talk.ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n")
    talk.ask(String(repeating: "x", count: 2_000))
    talk.ask("GET /decoy HTTP/1.1\r\nHost: decoy\r\n\r\n" + String(repeating: "y", count: 2_964))
    talk.answer("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n" + String(repeating: "z", count: 1_000))
    talk.answer("HTTP/1.1 500 Decoy\r\n\r\n" + String(repeating: "z", count: 1_978))
    talk.ask(get("/b"))
    talk.answer(ok())
    let account = account(talk)
    #expect(account.requests == ["h /a": 1, "a.example /b": 1])
    #expect(account.answers == ["h /a 200": 1, "a.example /b 200": 1])
    #expect(account.counters.falseHeads == 2)
    #expect(account.isBalanced)
  }

  @Test func `decoys in chunked bodies are recognised by who waits for what`() {
    var talk = Dialogue()
    talk.ask("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
    talk.ask("100\r\n" + String(repeating: "x", count: 100))
    talk.ask("GET /decoy HTTP/1.1\r\nHost: decoy\r\n\r\n")
    talk.ask(String(repeating: "x", count: 120) + "\r\n0\r\n\r\n")
    talk.answer(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" + String(repeating: "z", count: 20))
    talk.answer("HTTP/1.1 500 Decoy\r\n\r\n" + String(repeating: "z", count: 22) + "\r\n0\r\n\r\n")
    talk.ask(get("/b"))
    talk.answer(ok())
    let account = account(talk)
    #expect(account.requests == ["h /a": 1, "a.example /b": 1])
    #expect(account.answers == ["h /a 200": 1, "a.example /b 200": 1])
    #expect(account.counters.falseHeads == 2)
    #expect(account.isBalanced)
  }

  @Test func `a head cut at any byte is read whole`() {
    let text = "POST /section/x HTTP/1.1\r\nHost: Split.example\r\nContent-Length: 3\r\n\r\n"
    for cut in 1..<text.utf8.count {
      var talk = Dialogue()
      let bytes = Array(text.utf8)
      talk.send(true, Array(bytes[..<cut]))
      talk.send(true, Array(bytes[cut...]))
      talk.ask("abc")
      talk.answer(ok())
      let account = account(talk)
      #expect(account.answers == ["split.example /section 200": 1], "cut at \(cut)")
      #expect(account.isBalanced, "cut at \(cut)")
    }
  }

  @Test func `a head that comes byte by byte is read whole`() {
    var talk = Dialogue()
    talk.ask(get("/slow/client", more: "Cookie: c\r\n"), size: 1)
    talk.answer(ok())
    let account = account(talk)
    #expect(account.answers == ["a.example /slow 200": 1])
    #expect(account.counters.headSegments == 2)
    #expect(account.isBalanced)
  }

  @Test func `the first bytes of a response are enough for its status`() {
    var talk = Dialogue()
    talk.ask(get("/a"))
    talk.answer("HTTP/1.1 404 Not Found\r\nSet-Cookie: long")
    talk.answer("er\r\nContent-Length: 0\r\n\r\n")
    talk.ask(get("/b"))
    talk.answer(ok())
    let account = account(talk)
    #expect(account.answers == ["a.example /a 404": 1, "a.example /b 200": 1])
    #expect(account.counters.truncated == 1)
  }

  /// The filter passes a response until its status is over: 13 bytes, in whichever segments they come.
  @Test(arguments: 1...40)
  func `a response whose head is cut anywhere counts by its status`(cut: Int) {
    let answer = Array("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".utf8)
    var talk = Dialogue(depth: .heads)
    talk.open()
    talk.ask(get("/a"))
    talk.answer(String(decoding: answer[..<cut], as: UTF8.self))
    if cut < 13 {
      talk.send(false, Array(answer[cut...]), continues: true)
    } else {
      talk.serverNext &+= UInt32(answer.count - cut)
    }
    talk.ask(get("/b"))
    talk.answer(ok())
    let account = Account(talk.packets, depth: .heads)
    #expect(account.answers == ["a.example /a 404": 1, "a.example /b 200": 1])
    #expect(account.counters.truncated == (cut < 13 ? 0 : 1) && account.isBalanced)
  }

  @Test(arguments: [
    ("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", "HTTP/1.1 200 Established\r\n\r\n"),
    (
      get("/socket", more: "Upgrade: websocket\r\n"), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"
    ),
  ])
  func `a tunnel begins with its status, wherever the head is cut`(request: String, answer: String) {
    for cut in 13..<answer.utf8.count {
      var talk = Dialogue(depth: .heads)
      talk.open()
      talk.ask(request)
      talk.answer(String(answer.prefix(cut)))
      talk.serverNext &+= UInt32(answer.utf8.count - cut)
      talk.ask(get("/inside"))
      talk.answer(ok("inside"))
      let account = Account(talk.packets, depth: .heads)
      #expect(account.answers.values.reduce(0, +) == 1 && account.requests.values.reduce(0, +) == 1)
      #expect(account.counters.tunnels == 1 && account.unmatchedResponses.isEmpty && account.isBalanced)
    }
  }

  @Test func `heads captured only in part count by their start line`() {
    var talk = Dialogue()
    talk.ask(get("/a", more: "Cookie: \(String(repeating: "c", count: 500))\r\n"))
    talk.answer(ok(String(repeating: "b", count: 500)))
    talk.ask(get("/b"))
    talk.answer(ok())
    var packets = talk.passedHeads
    for index in packets.indices { packets[index].payload = Array(packets[index].payload.prefix(60)) }
    let account = Account(packets, depth: .heads, limits: ExchangeLimits())
    #expect(account.answers == ["a.example /a 200": 1, "a.example /b 200": 1])
    #expect(account.counters.truncated == 1)
    #expect(account.isBalanced)
  }

  @Test func `responses in the part of a segment that was not copied shift none after them`() {
    var talk = Dialogue()
    for index in 0..<10 { talk.ask(get("/\(index)")) }
    talk.answer(String(repeating: ok(String(repeating: "b", count: 240)), count: 10))
    talk.ask(get("/last"))
    talk.answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    var packets = talk.passedHeads
    for index in packets.indices { packets[index].payload = Array(packets[index].payload.prefix(512)) }
    let account = Account(packets, depth: .heads, limits: ExchangeLimits())
    #expect(account.answers["a.example /last 404"] == 1)
    #expect(account.answers["a.example /0 200"] == 1 && account.answers["a.example /1 200"] == 1)
    #expect(account.unanswered == 8 && account.unmatchedResponses.isEmpty)
    #expect(account.isBalanced)
  }

  @Test func `the second sighting on another interface counts as a duplicate`() {
    var talk = Dialogue()
    for index in 0..<10 {
      talk.ask(get("/\(index)"))
      talk.answer(ok("body"))
    }
    let twice = talk.passedHeads.flatMap { [$0, $0] }
    let account = Account(twice, depth: .heads, limits: ExchangeLimits())
    #expect(account.counters.requests == 10)
    #expect(account.counters.exchanges == 10)
    #expect(account.counters.duplicates == 20)
    #expect(account.isBalanced)
  }

  @Test func `a response that was lost does not shift the ones after it`() {
    var talk = Dialogue()
    for index in 0..<4 {
      talk.ask(get("/\(index)"))
      talk.answer("HTTP/1.1 20\(index) OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
    }
    var packets = talk.passedHeads
    packets.remove(at: 3)
    let account = Account(packets, depth: .heads, limits: ExchangeLimits())
    #expect(account.answers == ["a.example /0 200": 1, "a.example /2 202": 1, "a.example /3 203": 1])
    #expect(account.unanswered == 1)
    #expect(account.isBalanced)
  }

  @Test func `memory is bounded: flows and requests make room`() {
    var limits = ExchangeLimits()
    limits.flows = 64
    limits.pendingRequests = 32
    limits.smallHeads = 8
    limits.largeHeads = 2
    var packets: [Dialogue.Packet] = []
    for port in UInt16(1_000)..<3_000 {
      var talk = Dialogue(depth: .heads, clientPort: port)
      talk.ask(port % 3 == 0 ? "GET /unfinished HTTP/1.1\r\nHost: h\r\n" : get("/a"))
      packets += talk.packets
    }
    let account = Account(packets, depth: .heads, limits: limits)
    #expect(account.counters.requests == 2_000)
    #expect(account.unanswered == 2_000)
    #expect(account.counters.evictedFlows == 2_000 - 64)
    #expect(account.isBalanced)
  }
}
