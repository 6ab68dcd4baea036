// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import HTTP1
import System
import Testing

@testable import Exchanges

/// What strangers' packets can do to the tables: a packet costs a fixed number of steps, and what was answered stays.
@Suite struct HostileTableTests {
  // MARK: - Hashing

  @Test func `no address cancels the hash of connections`() {
    // Each of these is a constant that a hash of two words was once keyed with.
    let constants: [UInt64] = [0x8ebc_6af0_9c88_c6e3, 0xe703_7ed1_a0b4_28db, 0x5899_65cc_7537_4cc3, 0]
    for seed in [UInt64(0), 7, 0xdead_beef] {
      let secrets = FlowSecrets(seed: seed)
      for constant in constants {
        var low = Set<UInt64>(), high = Set<UInt64>()
        for number in 1...10_000 as ClosedRange<UInt64> {
          low.insert(FlowKey(aHigh: 1, aLow: number, bHigh: 2, bLow: constant, ports: 80).hash(secrets))
          high.insert(FlowKey(aHigh: number, aLow: 1, bHigh: constant, bLow: 2, ports: 80).hash(secrets))
        }
        #expect(low.count == 10_000 && high.count == 10_000, "\(constant) under \(seed)")
      }
    }
  }

  @Test func `other secrets give other buckets`() {
    let key = FlowKey(aHigh: 0, aLow: 1, bHigh: 0, bLow: 2, ports: 80)
    let hashes = Set((0..<1_000).map { key.hash(FlowSecrets(seed: UInt64($0))) })
    #expect(hashes.count == 1_000)
  }

  // MARK: - Requests

  static func pairing(_ requests: Int, perFlow: Int = 4_096) -> RequestPairing {
    var limits = ExchangeLimits()
    (limits.flows, limits.pendingRequests, limits.pendingPerFlow) = (4, requests, perFlow)
    return RequestPairing(limits: limits)
  }

  static func request(_ start: UInt32, _ flow: Int = 0) -> PendingRequest {
    RequestPairingTests.request(start, flow: FlowIndex(offset: flow))
  }

  @Test func `a late request is placed by 64 steps at most`() {
    var pairing = Self.pairing(200)
    for number in 0..<64 { _ = pairing.add(Self.request(10_000 + UInt32(number) * 50)) }
    let near = pairing.add(Self.request(9_950))
    let far = pairing.add(Self.request(9_900))
    #expect(near.map { pairing.mayBeAnswered($0) } == true && pairing.first(of: FlowIndex(offset: 0)) == near)
    #expect(far.map { pairing.mayBeAnswered($0) } == false && pairing.oldest != far)
    if let far { pairing.remove(far) }
    #expect(pairing.first(of: FlowIndex(offset: 0)) == near)
  }

  @Test func `a connection has a share of the requests, one where little room is left`() {
    var pairing = Self.pairing(16, perFlow: 10)
    let first = (0..<11).map { pairing.add(Self.request(1_000 + 50 * UInt32($0))) }
    #expect(
      first.map { $0.map { pairing.mayBeAnswered($0) } } == [Bool?](repeating: true, count: 10) + [false])
    if let last = first[10] { pairing.remove(last) }
    // 12 of 16 are three quarters.
    let second = (0..<3).map { pairing.add(Self.request(1_000 + 50 * UInt32($0), 1)) }
    #expect(second.map { $0.map { pairing.mayBeAnswered($0) } } == [true, true, false])
    let other = pairing.add(Self.request(1_000, 2))
    let answered = pairing.add(Self.request(1_500, 1), isAnswered: true)
    #expect(other.map { pairing.mayBeAnswered($0) } == true)
    #expect(answered.map { pairing.mayBeAnswered($0) } == true)
  }

  @Test func `requests that go back in the stream are all counted, few of them in wait`() {
    let depth = CaptureDepth.heads
    let heads = String(repeating: "GET /x HTTP/1.1\r\n\r\n", count: 70)
    var talk = Dialogue(depth: depth)
    for _ in 0..<200 { talk.ask(heads) }
    let account = Account(talk.packets.reversed(), depth: depth)
    #expect(account.requests == ["10.0.0.2 /x": 14_000])
    #expect(account.isBalanced && account.counters.evictedRequests > 0)
    #expect(account.counters.evictedRequests == UInt64(account.unknownCount))
  }

  // MARK: - Connections

  @Test func `connections that nobody answered make room before those that were`() {
    var table = FlowTable(capacity: 8)
    let secrets = FlowSecrets(seed: 1)
    func key(_ number: UInt64) -> FlowKey { FlowKey(aHigh: 0, aLow: number, bHigh: 0, bLow: 9, ports: 80) }
    func add(_ number: UInt64) -> FlowIndex? {
      if let old = table.nextToEvict { table.remove(old) }
      return table.insert(key(number), hash: key(number).hash(secrets))
    }
    for number in 0..<6 as Range<UInt64> { if let flow = add(number) { table.noteAnswer(flow) } }
    for number in 100..<1_000 as Range<UInt64> { _ = add(number) }
    // Two of eight are a quarter, and three are more: from then on the new ones take the place of each other.
    let kept = (0..<6 as Range<UInt64>).filter { table.use(key($0), hash: key($0).hash(secrets)) != nil }
    #expect(kept == [1, 2, 3, 4, 5])
    var count = 0, next = table.first
    while let flow = next {
      count += 1
      next = table.after(flow)
    }
    #expect(count == 8)
  }

  @Test func `answered connections make room for each other, the one idle for longest first`() {
    var table = FlowTable(capacity: 4)
    let secrets = FlowSecrets(seed: 1)
    func key(_ number: UInt64) -> FlowKey { FlowKey(aHigh: 0, aLow: number, bHigh: 0, bLow: 9, ports: 80) }
    for number in 0..<4 as Range<UInt64> {
      if let flow = table.insert(key(number), hash: key(number).hash(secrets)) { table.noteAnswer(flow) }
    }
    let first = table.use(key(0), hash: key(0).hash(secrets))
    let second = table.use(key(1), hash: key(1).hash(secrets)),
      third = table.use(key(2), hash: key(2).hash(secrets))
    let evicted = table.nextToEvict
    #expect(evicted != nil && ![first, second, third].contains(evicted))
    if let third { table.forgetAnswer(third) }
    // One of four is a quarter: answered ones still make room.
    #expect(table.nextToEvict == evicted)
    if let second { table.forgetAnswer(second) }
    #expect(table.nextToEvict == third)
  }

  @Test func `of many connections one in use stays, though it is moved up only now and then`() {
    var table = FlowTable(capacity: 1_024)
    let secrets = FlowSecrets(seed: 1)
    func key(_ number: UInt64) -> FlowKey { FlowKey(aHigh: 0, aLow: number, bHigh: 0, bLow: 9, ports: 80) }
    func use(_ number: UInt64) -> FlowIndex? { table.use(key(number), hash: key(number).hash(secrets)) }
    for number in 0..<20_000 as Range<UInt64> {
      if let old = table.nextToEvict { table.remove(old) }
      #expect(table.insert(key(number), hash: key(number).hash(secrets)) != nil)
      #expect(use(0) != nil)
      // Of those that are left alone, one goes when as many have come as there is room for, give or take an eighth.
      if number >= 1_024 { #expect(use(number - 1_024) == nil || number == 1_024) }
    }
  }

  @Test func `a flood of connections leaves an exchange that takes its time alone`() {
    var limits = ExchangeLimits()
    limits.flows = 64
    var talk = Dialogue(depth: .heads)
    talk.open()
    talk.ask(get("/warm"))
    talk.answer(ok())
    talk.ask(get("/slow"))
    var packets = talk.packets
    for number in 0..<1_000 {
      var forged = Dialogue(depth: .heads, clientPort: UInt16(20_000 + number))
      forged.ask(get("/forged"))
      packets += forged.packets
    }
    let seen = talk.packets.count
    talk.answer(ok())
    packets += talk.packets[seen...]
    let account = Account(packets, depth: .heads, limits: limits)
    #expect(account.answers["a.example /slow 200"] == 1)
    #expect(account.counters.evictedFlows > 900 && account.isBalanced)
  }

  // MARK: - Heads

  @Test func `heads that never end make room, those of connections that were answered last`() {
    var limits = ExchangeLimits()
    (limits.smallHeads, limits.largeHeads) = (4, 1)
    var talk = Dialogue(depth: .heads)
    talk.open()
    talk.ask(get("/warm"))
    talk.answer(ok())
    talk.ask("GET /split HTTP/1.1\r\nHo")
    var packets = talk.packets
    for number in 0..<50 {
      var forged = Dialogue(depth: .heads, clientPort: UInt16(20_000 + number))
      forged.ask("GET /forged HTTP/1.1\r\nX")
      packets += forged.packets
    }
    let seen = talk.packets.count
    talk.send(true, Array("st: a.example\r\n\r\n".utf8), continues: true)
    talk.answer(ok())
    packets += talk.packets[seen...]
    let account = Account(packets, depth: .heads, limits: limits)
    #expect(account.answers["a.example /split 200"] == 1)
    #expect(account.requests["10.0.0.2 /forged"] == 50)
    #expect(account.counters.truncated == 50 && account.isBalanced)
  }

  @Test func `a forged head that grows finds the one large block, after another forged one`() {
    var limits = ExchangeLimits()
    (limits.smallHeads, limits.largeHeads) = (8, 1)
    var packets: [Dialogue.Packet] = []
    for number in 0..<3 {
      var talk = Dialogue(depth: .streams, clientPort: UInt16(20_000 + number))
      talk.open()
      talk.ask("GET /\(number) HTTP/1.1\r\nHost: a.example\r\nX: ")
      talk.ask(String(repeating: "x", count: 3_000))
      packets += talk.packets
      if number == 2 {
        let seen = talk.packets.count
        talk.ask("\r\n\r\n")
        packets += talk.packets[seen...]
      }
    }
    let account = Account(packets, limits: limits)
    #expect(account.requests == ["a.example /0": 1, "a.example /1": 1, "a.example /2": 1])
    #expect(account.counters.truncated == 2 && account.isBalanced)
  }
}
