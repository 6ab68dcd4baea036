// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import Randomness
import Testing

extension Dialogue.Packet {
  /// The packet as it is on the inner side of a router: other addresses and ports, the same numbers.
  func inside(port: UInt16 = 61_000) -> Dialogue.Packet {
    var packet = self
    let router = Endpoint(ipv4: 0x0a09_0001, port: port), server = Endpoint(ipv4: 0x0a09_0002, port: 8_080)
    let isRequest = segment.destination.port == 80
    packet.segment.source = isRequest ? router : server
    packet.segment.destination = isRequest ? server : router
    packet.segment.interface = 2
    packet.segment.direction = isRequest ? .outbound : .inbound
    packet.segment.time += 20_000
    return packet
  }

  /// The packet on both sides of a NAT64 that came to one place: the same ports and numbers, the client's own address
  /// outside, the server's IPv4 address within an IPv6 one.
  func besideIPv6(server prefix: UInt64 = 0x0064_ff9b_0000_0000) -> [Dialogue.Packet] {
    var outer = self, inner = self
    let server = isRequest ? segment.destination : segment.source
    let client = isRequest ? segment.source : segment.destination
    let far = Endpoint(
      high: prefix, low: prefix == 0 ? 0x1234 : server.low & 0xffff_ffff, port: server.port)
    let own = Endpoint(high: 0x2001_0db8_0000_0000, low: 0x9_0000_0001, port: client.port)
    (outer.segment.source, outer.segment.destination) = isRequest ? (own, far) : (far, own)
    inner.segment.time += 100_000
    return isRequest ? [outer, inner] : [inner, outer]
  }

  /// The packet as it is on the outer side.
  var outside: Dialogue.Packet {
    var packet = self
    packet.segment.interface = 1
    packet.segment.direction = segment.destination.port == 80 ? .inbound : .outbound
    return packet
  }

  /// A response as a bridge that translates has it in between: from the server's inner address to the client's own.
  var between: Dialogue.Packet {
    var packet = inside()
    packet.segment.destination = segment.destination
    packet.segment.interface = 3
    packet.segment.time += 10_000
    return packet
  }

  var isRequest: Bool { segment.destination.port == 80 }
}

@Suite struct TranslationTests {
  /// A connection with everything in it that depends on its request being known.
  static func talk(depth: CaptureDepth, port: UInt16 = 40_000, withSyn: Bool = true) -> Dialogue {
    var talk = Dialogue(
      depth: depth, clientPort: port, clientStart: UInt32(port) &* 99_991, serverStart: UInt32(port) &* 77_773
    )
    if withSyn { talk.open() }
    talk.ask(get("/a"))
    talk.answer(ok("12345"))
    talk.ask("HEAD /h HTTP/1.1\r\nHost: head.example\r\n\r\n")
    talk.answer("HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n")
    talk.ask("POST /p HTTP/1.1\r\nHost: b\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n")
    talk.answer("HTTP/1.1 100 Continue\r\n\r\n")
    talk.ask("a=1&b=22")
    talk.answer(ok("made", status: "201 Created"))
    talk.ask(get("/1") + get("/2"))
    talk.answer(ok("a", status: "404 Not Found") + ok("b"))
    return talk
  }

  static func packets(_ talk: Dialogue, _ depth: CaptureDepth) -> [Dialogue.Packet] {
    depth == .streams ? talk.packets : talk.passedHeads
  }

  static func account(_ packets: [Dialogue.Packet], _ depth: CaptureDepth) -> Account {
    Account(packets, depth: depth, limits: depth == .streams ? .file : ExchangeLimits())
  }

  @Test(arguments: CaptureDepth.allCases, [true, false])
  func `requests outside and responses inside are tied together`(depth: CaptureDepth, withSyn: Bool) {
    let plain = Self.packets(Self.talk(depth: depth, withSyn: withSyn), depth)
    let truth = Self.account(plain, depth)
    #expect(truth.counters.exchanges == 5)
    let account = Self.account(plain.map { $0.isRequest ? $0.outside : $0.inside() }, depth)
    #expect(account.totals == truth.totals)
    #expect(account.unmatchedResponses.isEmpty)
    #expect(account.isBalanced)
  }

  @Test(arguments: CaptureDepth.allCases, [true, false])
  func `packets seen on both sides count once`(depth: CaptureDepth, withSyn: Bool) {
    let plain = Self.packets(Self.talk(depth: depth, withSyn: withSyn), depth)
    let truth = Self.account(plain, depth)
    let both = plain.flatMap { $0.isRequest ? [$0.outside, $0.inside()] : [$0.inside(), $0.outside] }
    let account = Self.account(both, depth)
    #expect(account.totals == truth.totals)
    let payloads = plain.count { !$0.payload.isEmpty }
    #expect(account.counters.duplicates == truth.counters.duplicates + UInt64(payloads))
    #expect(account.isBalanced)
  }

  @Test(arguments: CaptureDepth.allCases)
  func `responses seen under a third pair of addresses count once`(depth: CaptureDepth) {
    let plain = Self.packets(Self.talk(depth: depth), depth)
    let truth = Self.account(plain, depth)
    let account = Self.account(
      plain.flatMap { $0.isRequest ? [$0.outside, $0.inside()] : [$0.inside(), $0.between, $0.outside] },
      depth)
    #expect(account.totals == truth.totals)
    #expect(account.unmatchedResponses.isEmpty)
    #expect(account.isBalanced)
    // Numbers that nobody read are another connection's.
    var foreign = plain.last { !$0.isRequest && !$0.payload.isEmpty }?.between
    foreign?.segment.sequence &+= 1
    let strange = Self.account(plain + [foreign].compactMap { $0 }, depth)
    // It holds two responses.
    #expect(strange.counters.unmatchedResponses == 2)
  }

  @Test(arguments: CaptureDepth.allCases, [true, false])
  func `packets seen on both sides of a NAT64 at one place count once`(depth: CaptureDepth, withSyn: Bool) {
    let plain = Self.packets(Self.talk(depth: depth, withSyn: withSyn), depth)
    let truth = Self.account(plain, depth)
    let account = Self.account(plain.flatMap { $0.besideIPv6() }, depth)
    #expect(account.totals == truth.totals)
    #expect(account.isBalanced)
    // The same numbers to a server that has nothing of the other one's address: two connections.
    let strangers = Self.account(plain.flatMap { $0.besideIPv6(server: 0) }, depth)
    #expect(strangers.counters.requests == 2 * truth.counters.requests)
  }

  @Test(arguments: 0..<200)
  func `neighbours that change places after the handshake change nothing`(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed) &+ 9_000)
    var plain: [Dialogue.Packet] = []
    for port in UInt16(40_000)..<40_004 { plain += Self.talk(depth: .streams, port: port).packets }
    let truth = Account(plain)
    var split = plain.map { packet in
      packet.isRequest ? packet.outside : packet.inside(port: packet.segment.destination.port &+ 9)
    }
    for index in 0..<(split.count - 3) {
      let other = index + Int.random(in: 0..<3, using: &random)
      // A router's two sides do not overtake each other by a whole handshake.
      if split[index...other].contains(where: { $0.payload.isEmpty }) { continue }
      split.swapAt(index, other)
    }
    #expect(Account(split).totals == truth.totals, "seed \(seed)")
  }

  @Test(arguments: CaptureDepth.allCases)
  func `a translated port serves another connection later`(depth: CaptureDepth) {
    var packets: [Dialogue.Packet] = []
    for port in UInt16(40_000)..<40_010 {
      let plain = Self.packets(Self.talk(depth: depth, port: port, withSyn: depth == .streams), depth)
      packets += plain.flatMap { $0.isRequest ? [$0.outside, $0.inside()] : [$0.inside(), $0.outside] }
    }
    for index in packets.indices {
      packets[index].segment.time = 1_000_000_000_000 + UInt64(index) * 1_000_000
    }
    let account = Self.account(packets, depth)
    #expect(account.counters.requests == 50)
    #expect(account.counters.exchanges == 50)
    #expect(account.unmatchedResponses.isEmpty)
    #expect(account.isBalanced)
  }

  @Test(arguments: CaptureDepth.allCases)
  func `two requests that only look alike are two`(depth: CaptureDepth) {
    var first = Dialogue(depth: depth), second = Dialogue(depth: depth, clientPort: 40_001)
    first.ask(get("/a"))
    second.ask(get("/a"))
    let one = Self.packets(first, depth), other = Self.packets(second, depth)
    // The same numbers and bytes at the same place: made by somebody, but two connections.
    #expect(Self.account(one + other, depth).counters.requests == 2)
    // Elsewhere, but with other numbers, other bytes, or another moment.
    func elsewhere(_ change: (inout Dialogue.Packet) -> Void) -> UInt64 {
      var packets = other.map { $0.inside() }
      for index in packets.indices { change(&packets[index]) }
      return Self.account(one.map(\.outside) + packets, depth).counters.requests
    }
    #expect(elsewhere { _ in } == 1)
    #expect(elsewhere { $0.segment.sequence &+= 1 } == 2)
    #expect(elsewhere { $0.segment.acknowledgement &+= 1 } == 2)
    #expect(elsewhere { $0.payload[5] = 0x62 } == 2)
    #expect(elsewhere { $0.payload[$0.payload.count - 6] = 0x62 } == 2)
    #expect(elsewhere { $0.segment.time += 2_000_000_000 } == 2)
  }

  @Test(arguments: CaptureDepth.allCases)
  func `a response of other numbers stays unmatched`(depth: CaptureDepth) {
    var talk = Dialogue(depth: depth)
    talk.ask(get("/a"))
    talk.answer(ok())
    for (sequence, acknowledgement) in [(1, 0), (0, 1)] as [(UInt32, UInt32)] {
      var packets = Self.packets(talk, depth).map { $0.isRequest ? $0.outside : $0.inside() }
      packets[1].segment.sequence &+= sequence
      packets[1].segment.acknowledgement &+= acknowledgement
      let account = Self.account(packets, depth)
      #expect(account.counters.unmatchedResponses == 1)
      #expect(account.unanswered == 1)
    }
  }
}
