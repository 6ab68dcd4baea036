// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import Randomness
import Testing

@Suite struct OrderTests {
  /// Conversations with everything in them that depends on order.
  static func talks(withSyn: Bool) -> [Dialogue.Packet] {
    var packets: [Dialogue.Packet] = []
    for port in UInt16(40_000)..<40_004 {
      var talk = Dialogue(clientPort: port, clientStart: UInt32(port) &* 99_991, serverStart: 0xffff_fe00)
      if withSyn { talk.open() }
      talk.ask(get("/a"))
      talk.answer(ok("12345"))
      talk.ask("HEAD /h HTTP/1.1\r\nHost: head.example\r\n\r\n")
      talk.answer("HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n")
      talk.ask(
        "POST /p HTTP/1.1\r\nHost: b\r\nContent-Length: 60\r\n\r\nGET /decoy HTTP/1.1\r\n\r\n"
          + String(repeating: "x", count: 37), size: 23)
      talk.answer("HTTP/1.1 100 Continue\r\n\r\n")
      talk.answer(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "22\r\nHTTP/1.1 500 Decoy\r\n\r\n0123456789\r\n0\r\n\r\n", size: 11)
      talk.ask(get("/1") + get("/2") + get("/3"), size: 50)
      talk.answer(ok("a", status: "404 Not Found") + ok("b") + ok("c", status: "503 Busy"), size: 30)
      talk.close()
      packets += talk.packets
    }
    return packets
  }

  @Test(arguments: 0..<150)
  func `any order and any duplication of the segments gives the same totals`(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let packets = Self.talks(withSyn: true)
    let truth = Account(packets)
    #expect(truth.counters.requests == 24)
    #expect(truth.counters.exchanges == 24)
    #expect(truth.isBalanced)
    var shuffled = packets
    for packet in packets where Int.random(in: 0..<3, using: &random) == 0 { shuffled.append(packet) }
    shuffled.shuffle(using: &random)
    let account = Account(shuffled)
    #expect(account.totals == truth.totals, "seed \(seed)")
    #expect(account.isBalanced, "seed \(seed)")
  }

  @Test(arguments: 0..<50)
  func `neighbours that change places change nothing, even without a SYN`(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed) &+ 1_000)
    let packets = Self.talks(withSyn: false)
    let truth = Account(packets)
    #expect(truth.counters.exchanges == 24)
    var shuffled = packets
    for index in 0..<(packets.count - 4) {
      shuffled.swapAt(index, index + Int.random(in: 0..<4, using: &random))
    }
    #expect(Account(shuffled).totals == truth.totals, "seed \(seed)")
    #expect(Account(shuffled).isBalanced, "seed \(seed)")
  }

  @Test(arguments: 0..<40)
  func `segments that overlap in any way count once`(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed) &+ 2_000)
    var talk = Dialogue()
    talk.open()
    var stream: [UInt8] = []
    for index in 0..<8 {
      stream += Array(get("/\(index)").utf8)
      stream += Array(
        "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\nGET /no HTTP/1.1\r\n\r\n0123456789".utf8)
    }
    var packets = talk.packets
    var covered = 0
    while covered < stream.count {
      let start = max(0, covered - Int.random(in: 0..<60, using: &random))
      let end = min(stream.count, covered + Int.random(in: 1..<120, using: &random))
      var part = talk
      part.packets = []
      part.clientNext = talk.clientNext &+ UInt32(start)
      part.send(true, Array(stream[start..<end]))
      packets += part.packets
      covered = end
    }
    packets[2...].shuffle(using: &random)
    let account = Account(packets)
    #expect(account.counters.requests == 16, "seed \(seed)")
    #expect(account.methods == ["GET": 8, "POST": 8])
    #expect(account.isBalanced)
  }
}
