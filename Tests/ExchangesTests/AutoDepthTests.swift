// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import HTTP1
import System
import Testing

/// Depth `auto`: connections that pass whole from some segment on, and what is wished of them.
@Suite struct AutoDepthTests {
  /// The packets that the filter passes of a connection that its first segment marks: all with bytes, no SYN.
  private func marked(_ talk: Dialogue) -> [Dialogue.Packet] {
    var packets = talk.packets.filter { !$0.payload.isEmpty }
    packets[0].segment.kind = .start
    return packets
  }

  private func account(_ packets: [Dialogue.Packet]) -> Account {
    Account(packets, depth: .auto, limits: ExchangeLimits())
  }

  /// What a tracker wishes of the connection of some packets.
  private func hints(_ packets: [Dialogue.Packet]) -> [DepthHint] {
    final class Wishes { var all: [DepthHint] = [] }
    let wishes = Wishes()
    var tracker = ExchangeTracker(limits: ExchangeLimits(), depth: .auto, seed: 7)
    tracker.hint = { (_: borrowing Segment, hint: DepthHint) in wishes.all.append(hint) }
    for packet in packets {
      tracker.process(packet.segment, packet.payload.rawSpan)
      tracker.batch.clear()
    }
    return wishes.all
  }

  @Test(arguments: [1, 2, 3, 5, 11, 4_000])
  func `messages in pieces of any size are read, whose SYN did not pass`(size: Int) {
    var talk = Dialogue()
    talk.ask(get("/a"), size: size)
    talk.answer(ok("body"), size: size)
    talk.ask(
      "POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", size: size)
    talk.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", size: size)
    talk.ask(get("/c") + get("/d"), size: size)
    talk.answer(ok("c") + ok("d", status: "404 Not Found"), size: size)
    let account = account(marked(talk))
    #expect(account.requests == ["a.example /a": 1, "h /b": 1, "a.example /c": 1, "a.example /d": 1])
    #expect(
      account.answers == [
        "a.example /a 200": 1, "h /b 200": 1, "a.example /c 200": 1, "a.example /d 404": 1,
      ])
    #expect(account.unmatchedResponses.isEmpty && account.isBalanced)
  }

  @Test(arguments: ["\0", " \r\n", "foobar\r\n"], [0, 1, 2])
  func `stray bytes before an answer hide it no more where its segment alone passes whole`(
    stray: String, before: Int
  ) {
    var talk = Dialogue(depth: .heads)
    for path in 0...before {
      talk.ask(get("/\(path)"))
      talk.answer(path < before ? ok("body") : stray + ok("body", status: "201 Created"))
    }
    var packets = talk.packets
    packets[packets.count - 1].segment.kind = .stream
    let account = account(packets)
    #expect(account.answers["a.example /\(before) 201"] == 1, "\(account.answers) \(account.counters)")
    #expect(account.unmatchedResponses.isEmpty && account.isBalanced)
  }

  /// As servers with SYN cookies do, when their first one was late and the client sent its SYN again.
  @Test(arguments: [1, 70_000, 1 << 30, 3_000_000_000] as [UInt32])
  func `a second answer to the SYN, by a number that the client does not know, is passed over`(off: UInt32) {
    var talk = Dialogue(depth: .heads)
    talk.ask(get("/a"))
    talk.answer(ok("body"))
    talk.ask(get("/b"))
    talk.answer(ok("body", status: "404 Not Found"))
    var late = Dialogue(depth: .heads)
    late.open()
    late.packets[1].segment.sequence &+= off
    late.packets[1].segment.time = talk.packets[0].segment.time + 1
    talk.packets.insert(late.packets[1], at: 1)
    let account = account(talk.packets)
    #expect(account.answers == ["a.example /a 200": 1, "a.example /b 404": 1], "\(account.counters)")
    #expect(account.unmatchedResponses.isEmpty && account.isBalanced)
  }

  @Test func `segments that overtook one another are put in order`() {
    var talk = Dialogue()
    talk.ask(get("/a") + get("/b") + get("/c"))
    talk.answer(ok(String(repeating: "x", count: 900)) + ok("b") + ok("c", status: "500 No"), size: 400)
    var packets = marked(talk)
    packets.swapAt(2, 3)
    let account = account(packets)
    #expect(account.answers == ["a.example /a 200": 1, "a.example /b 200": 1, "a.example /c 500": 1])
    #expect(account.isBalanced)
  }

  @Test func `a connection may pass whole in its midst, and as heads again`() {
    var talk = Dialogue()
    for index in 0..<6 {
      talk.ask(get("/\(index)"))
      talk.answer(ok(String(repeating: "x", count: 3_000)), size: 1_000)
    }
    var packets: [Dialogue.Packet] = []
    for (index, var packet) in talk.packets.enumerated() {
      // Segments 10 to 19 pass whole; of the others the heads.
      let text = String(decoding: packet.payload.prefix(5), as: UTF8.self)
      let isWhole = (10..<20).contains(index)
      packet.segment.kind = isWhole ? .stream : .start
      if isWhole || text.hasPrefix("GET ") || text.hasPrefix("HTTP/") { packets.append(packet) }
    }
    let account = account(packets)
    #expect(account.answers.count == 6 && account.unmatchedResponses.isEmpty && account.isBalanced)
  }

  /// The filter passes the 101 and what follows whole, and of the body before it the first bytes alone.
  @Test(arguments: ["186a0\r\n", "10\r\n"])
  func `a switch to another protocol after chunks that did not pass leaves HTTP at once`(chunk: String) {
    var talk = Dialogue(depth: .auto)
    talk.open()
    talk.ask(get("/chunked"))
    talk.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)", uncaptured: 100_007)
    talk.ask(get("/socket", more: "Connection: Upgrade\r\nUpgrade: websocket\r\n"))
    let first = talk.packets.count
    talk.answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    talk.ask(get("/inside"))
    talk.answer(ok("inside"))
    var packets = talk.packets
    for index in packets.indices where index >= first { packets[index].segment.kind = .stream }
    // Nothing ends the wait for bytes that do not come but the next segment, late.
    packets[packets.count - 1].segment.time += 10_000_000_000
    let account = account(packets)
    #expect(account.answers == ["a.example /chunked 200": 1, "a.example /socket 101": 1])
    #expect(
      account.requests.values.reduce(0, +) == 2 && account.unmatchedResponses.isEmpty && account.isBalanced)
  }

  @Test func `a response of which fragments were put together comes before those after it`() {
    var talk = Dialogue(depth: .auto)
    for path in 1...3 {
      talk.ask(get("/\(path)"))
      talk.answer(ok("body"))
    }
    var packets = talk.packets
    // What comes in fragments passes whole, in a tunnel without the rest; the response before it was lost.
    packets[3].segment.kind = .stream
    packets.remove(at: 1)
    let account = account(packets)
    #expect(account.answers == ["a.example /2 200": 1, "a.example /3 200": 1], "\(account.counters)")
    #expect(account.unmatchedResponses.isEmpty && account.unknownCount == 1 && account.isBalanced)
  }

  @Test func `requests before the answer to others are wished for, four times at most`() {
    var talk = Dialogue(depth: .heads)
    for index in 0..<20 { talk.ask(get("/\(index)")) }
    #expect(hints(talk.packets) == [.mark, .mark, .mark, .mark])
  }

  @Test func `ordinary exchanges are not`() {
    var talk = Dialogue(depth: .heads)
    for index in 0..<20 {
      talk.ask(get("/\(index)"))
      talk.answer(ok())
    }
    #expect(hints(talk.packets).isEmpty)
  }

  @Test func `after sixteen quiet requests heads are enough again`() {
    var talk = Dialogue()
    for index in 0..<15 {
      talk.ask(get("/\(index)"))
      talk.answer(ok("body"))
    }
    #expect(hints(marked(talk)).isEmpty)
    talk.ask(get("/last"))
    #expect(hints(marked(talk)) == [.clear])
    // Requests that do not wait for the answer begin the count again.
    var busy = Dialogue()
    for index in 0..<30 {
      busy.ask(get("/\(index)") + get("/more"))
      busy.answer(ok() + ok())
    }
    #expect(hints(Array(marked(busy).dropFirst(2))).isEmpty)
  }

  @Test func `a head that has begun passes to its end`() {
    var talk = Dialogue()
    for index in 0..<15 {
      talk.ask(get("/\(index)"))
      talk.answer(ok("body"))
    }
    // The filter keeps no account of a head whose beginning passed whole: cleared by it, the rest would not pass.
    let head = get("/last")
    talk.ask(String(head.prefix(20)))
    #expect(hints(marked(talk)) == [.mark])
    talk.ask(String(head.dropFirst(20)))
    #expect(hints(marked(talk)) == [.mark, .clear])
    let account = account(marked(talk))
    #expect(account.requests.values.reduce(0, +) == 16 && account.isBalanced)
  }

  @Test func `a long body need not pass, a tunnel never again`() {
    var talk = Dialogue()
    talk.ask(get("/a"))
    talk.answer("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    #expect(hints(marked(talk)) == [.clear])
    var tunnel = Dialogue()
    tunnel.ask("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n")
    tunnel.answer("HTTP/1.1 200 OK\r\n\r\n")
    #expect(hints(marked(tunnel)) == [.leave])
  }
}
