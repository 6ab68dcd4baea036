// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import Testing

/// Heads that never end, each found by fuzzing: their segments stay in the ledger, whatever ended them.
@Suite struct PartialHeadTests {
  @Test func `a segment that ends a body like a head and begins one is of the head it begins`() {
    var talk = Dialogue()
    talk.open()
    talk.ask("POST /p HTTP/1.1\r\nHost: a.example\r\nContent-Length: 12\r\n\r\n")
    talk.ask("GET /in-body" + "GET /part HTTP/1.1\r\nHost: a.ex")
    let account = Account(talk.packets)
    #expect(account.requests == ["a.example /p": 1, "10.0.0.2 /part": 1])
    #expect(account.counters.continuations == 0)
    #expect(account.counters.falseHeads == 0)
    #expect(account.isBalanced)
  }

  @Test func `a head begun behind the first two kibibytes of a held segment takes no other's class`() {
    var talk = Dialogue()
    talk.open()
    talk.ask("POST /p HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2500\r\n\r\n")
    talk.ask(String(repeating: "x", count: 2_500) + "GET /part HTTP/1.1\r\nHost: a.ex")
    talk.packets.swapAt(2, 3)
    let account = Account(talk.packets)
    #expect(account.requests == ["a.example /p": 1, "10.0.0.2 /part": 1])
    #expect(account.counters.otherSegments == 3)
    #expect(account.counters.pipelinedHeads == 1)
    #expect(account.counters.continuations == 0)
    #expect(account.isBalanced)
  }

  /// At depth `heads` nothing waits for the answer to a CONNECT; at `streams` it takes a 101 nobody asked for.
  @Test(arguments: [
    (CaptureDepth.streams, "GET /u HTTP/1.1\r\nHost: a.example\r\n\r\n", "101 Switching Protocols"),
    (CaptureDepth.heads, "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n", "200 Connected"),
  ])
  func `a late response that ends HTTP ends the head in the making too`(
    depth: CaptureDepth, request: String, status: String
  ) {
    var talk = Dialogue(depth: depth)
    talk.open()
    talk.ask(request)
    talk.answer("HTTP/1.1 \(status)\r\n\r\n")
    let late = talk.packets.count - 1
    talk.answer("not HTTP any more")
    talk.time += 10_000_000_000
    talk.ask("GET /part HTTP/1.1\r\nHo")
    let partial = talk.packets.count
    talk.ask("st: a.ex\r\n\r\n")
    talk.packets.insert(talk.packets[late], at: partial)
    talk.packets.remove(at: late)
    let account = Account(talk.packets, depth: depth)
    #expect(account.requests.values.reduce(0, +) == 2)
    #expect(account.answers.values.reduce(0, +) == 1)
    #expect(account.counters.tunnels == 1)
    #expect(account.isBalanced)
  }

  @Test(arguments: [UInt32(0), 1, 65_536, 65_537])
  func `a head whose rest did not pass is its answer's, by what the server has received`(unseen: UInt32) {
    var talk = Dialogue(depth: .heads)
    talk.open()
    talk.ask(get("/a"))
    talk.answer(ok())
    talk.time += 1_000_000_000
    talk.ask("GET /split HTTP/1.1\r\nHost: a.example\r\nX: ")
    talk.time += 200_000_000
    talk.clientNext &+= unseen
    talk.answer(ok())
    let account = Account(talk.packets, depth: .heads)
    let isEnded = unseen > 0 && unseen <= 65_536
    #expect(account.answers.values.reduce(0, +) == (isEnded ? 2 : 1), "\(account.answers)")
    #expect(account.counters.unmatchedResponses == (isEnded ? 0 : 1) && account.isBalanced)
    #expect(account.requests.values.reduce(0, +) == 2 && account.counters.truncated == 1)
  }
}
