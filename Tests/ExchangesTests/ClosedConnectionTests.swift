// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Testing

@testable import Exchanges

/// Connections that both sides have closed: they make room first, and what is sent again is still known.
@Suite struct ClosedConnectionTests {
  static func key(_ number: UInt64) -> FlowKey {
    FlowKey(aHigh: 0, aLow: number, bHigh: 0, bLow: 9, ports: 80)
  }

  static let secrets = FlowSecrets(seed: 1)

  @Test func `a part of the table keeps closed connections, and the rest is for others`() {
    var table = FlowTable(capacity: 16, closed: 2)
    let flows = (0..<12 as Range<UInt64>).compactMap {
      table.insert(Self.key($0), hash: Self.key($0).hash(Self.secrets))
    }
    #expect(flows.count == 12)
    table.noteAnswer(flows[3])
    for number in [3, 5] { table.setClosed(flows[number], true) }
    #expect(table.nextToEvict == nil)
    table.setClosed(flows[7], true)
    // Looking one up does not spare it.
    #expect(table.use(Self.key(3), hash: Self.key(3).hash(Self.secrets)) == flows[3])
    #expect(table.nextToEvict == flows[3])
    table.remove(flows[3])
    #expect(table.nextToEvict == nil)
    table.setClosed(flows[5], false)
    for number in 20..<25 as Range<UInt64> {
      #expect(table.insert(Self.key(number), hash: Self.key(number).hash(Self.secrets)) != nil)
    }
    // Full: the closed one goes before those that wait for an answer.
    #expect(table.isFull && table.nextToEvict == flows[7])
    table.remove(flows[7])
    #expect(table.insert(Self.key(30), hash: Self.key(30).hash(Self.secrets)) != nil)
    #expect(table.nextToEvict == flows[0])
    var count = 0, next = table.first
    while let flow = next {
      count += 1
      next = table.after(flow)
    }
    #expect(count == 16)
  }

  @Test func `each flow comes once, whichever list it is in`() {
    var table = FlowTable(capacity: 8)
    let flows = (0..<6 as Range<UInt64>).compactMap {
      table.insert(Self.key($0), hash: Self.key($0).hash(Self.secrets))
    }
    for number in [1, 2, 4] { table.noteAnswer(flows[number]) }
    for number in [0, 4] { table.setClosed(flows[number], true) }
    var seen: [FlowIndex] = [], next = table.first
    while let flow = next {
      seen.append(flow)
      next = table.after(flow)
    }
    #expect(seen == [flows[3], flows[5], flows[1], flows[2], flows[0], flows[4]])
    for number in [1, 2] { table.remove(flows[number]) }
    #expect(table.first == flows[3] && table.after(flows[5]) == flows[0])
  }

  @Test func `in files all are kept while there is room, whatever is sent again`() {
    let talks = (0..<50).map { Self.talk($0, depth: .streams).packets }
    var limits = ExchangeLimits.file
    limits.flows = 64
    let account = Account(talks.flatMap(\.self) + talks.flatMap { $0.dropLast(2) }, limits: limits)
    #expect(account.answers == ["a.example /a 200": 50] && account.unmatchedResponses.isEmpty)
    (limits.closedFlows, limits.flows) = (8, 1_024)
    // Where eight are kept, what is sent again of the others is another connection's.
    let few = Account(talks.flatMap(\.self) + talks.flatMap { $0.dropLast(2) }, limits: limits)
    #expect(few.answers == ["a.example /a 200": 92] && few.isBalanced)
  }

  static func talk(_ port: Int, depth: CaptureDepth, resets: Bool = false) -> Dialogue {
    var talk = Dialogue(depth: depth, clientPort: UInt16(20_000 + port))
    talk.open()
    talk.ask(get("/a"))
    talk.answer(ok("body"))
    if resets { talk.reset(byClient: true) } else { talk.close() }
    return talk
  }

  @Test(arguments: [CaptureDepth.heads, .streams], [false, true])
  func `closed connections take each other's place, and none is evicted`(depth: CaptureDepth, resets: Bool) {
    var limits = ExchangeLimits()
    limits.flows = 64
    var idle = Dialogue(depth: depth)
    idle.open()
    idle.ask(get("/idle"))
    var packets = idle.packets
    for port in 0..<1_000 { packets += Self.talk(port, depth: depth, resets: resets).packets }
    let seen = idle.packets.count
    idle.answer(ok())
    let account = Account(packets + idle.packets[seen...], depth: depth, limits: limits)
    #expect(account.answers == ["a.example /a 200": 1_000, "a.example /idle 200": 1])
    #expect(account.counters.evictedFlows == 0 && account.isBalanced)
  }

  @Test(arguments: [CaptureDepth.heads, .streams])
  func `what is sent again after the end counts once, and its connection may continue`(depth: CaptureDepth) {
    var talk = Self.talk(0, depth: depth)
    let repeats = talk.packets[2...3]
    talk.packets += repeats
    // A server that never sent the FIN: a stranger did.
    talk.ask(get("/b"))
    talk.answer(ok())
    let account = Account(talk.packets, depth: depth)
    #expect(account.answers == ["a.example /a 200": 1, "a.example /b 200": 1])
    #expect(account.unmatchedResponses.isEmpty && account.isBalanced)
  }

  @Test func `a stranger's FINs and resets close no connection`() {
    var limits = ExchangeLimits()
    limits.flows = 64
    var talk = Dialogue(depth: .heads)
    talk.ask(get("/a"))
    talk.answer("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    var forged = talk
    forged.packets = []
    forged.clientNext &+= 5_000_000
    forged.serverNext &+= 5_000_000
    forged.close()
    forged.reset(byClient: false)
    forged.reset(byClient: true)
    var packets = talk.packets + forged.packets
    for port in 0..<200 { packets += Self.talk(port, depth: .heads).packets }
    let seen = talk.packets.count
    // Of its body, which is not over: no response.
    talk.serverNext &+= 50_000
    talk.answer(ok())
    let account = Account(packets + talk.packets[seen...], depth: .heads, limits: limits)
    #expect(account.answers == ["a.example /a 200": 201] && account.unmatchedResponses.isEmpty)
  }

  /// What comes of a connection where the filter leaves out what tells nothing: no SYN, and of the FINs the second one.
  private static func bareless(_ port: Int, answers: Bool = true, from start: UInt32 = 1_000) -> Dialogue {
    var talk = Dialogue(depth: .heads, clientPort: UInt16(20_000 + port), clientStart: start)
    talk.ask(get("/a"))
    if answers { talk.answer(ok("body")) } else { talk.serverNext &+= 90 }
    talk.finish(byClient: false)
    talk.packets.removeLast()
    talk.finish(byClient: true)
    talk.packets[talk.packets.count - 1].segment.endsBoth = true
    return talk
  }

  @Test func `a second FIN closes a connection of which the first one was left out`() {
    var limits = ExchangeLimits()
    limits.flows = 64
    let account = Account((0..<1_000).flatMap { Self.bareless($0).packets }, depth: .heads, limits: limits)
    #expect(account.answers == ["a.example /a 200": 1_000])
    #expect(account.counters.evictedFlows == 0 && account.isBalanced)
  }

  @Test func `a request whose answer was lost ends with it, unknown, and not by a stranger's`() {
    var talk = Self.bareless(0, answers: false)
    let account = Account(talk.packets, depth: .heads)
    #expect(account.unknownCount == 1 && account.isBalanced)
    talk.packets[talk.packets.count - 1].segment.sequence &+= 5_000_000
    let forged = Account(talk.packets, depth: .heads)
    #expect(forged.unknownCount == 0 && forged.unanswered == 1 && forged.isBalanced)
  }

  @Test(arguments: [true, false])
  func `a request whose server closes without a byte is aborted, whatever the filter took for its answer`(
    isServerFirst: Bool
  ) {
    var talk = Dialogue(depth: .heads)
    talk.ask(get("/a"))
    talk.finish(byClient: !isServerFirst)
    talk.packets.removeLast()
    talk.finish(byClient: isServerFirst)
    talk.packets[talk.packets.count - 1].segment.endsBoth = true
    let account = Account(talk.packets, depth: .heads)
    #expect(account.aborted == 1 && account.unknownCount == 0 && account.isBalanced)
    #expect(account.clientClosed == (isServerFirst ? 0 : 1))
  }

  @Test(arguments: [UInt32(90_000_000), 3_000_000_000])
  func `far from a closed connection's numbers another one of its ports begins, without a SYN`(start: UInt32)
  {
    let talks = [Self.bareless(0), Self.bareless(0, from: start)]
    let account = Account(talks.flatMap(\.packets), depth: .heads)
    #expect(account.answers == ["a.example /a 200": 2] && account.unmatchedResponses.isEmpty)
    #expect(account.isBalanced && account.counters.doubtful == 0)
  }
}
