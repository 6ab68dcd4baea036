// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import Testing

/// VLANs and VNIs are part of a connection's key; a second sighting of its packets in another one is none.
@Suite struct VirtualNetworkTests {
  static let depths: [CaptureDepth] = [.heads, .auto, .streams]

  private static func account(_ packets: [Dialogue.Packet], _ depth: CaptureDepth) -> Account {
    Account(packets, depth: depth, limits: ExchangeLimits())
  }

  private static func talk(
    _ depth: CaptureDepth, host: String, clientStart: UInt32 = 1_000, serverStart: UInt32 = 5_000
  ) -> Dialogue {
    var talk = Dialogue(depth: depth, clientStart: clientStart, serverStart: serverStart)
    talk.open()
    for path in 1...3 {
      talk.ask(get("/\(path)", host: host))
      talk.answer(ok("body", status: path == 3 ? "404 No" : "200 OK"))
    }
    talk.close()
    return talk
  }

  private static func answers(_ host: String) -> [String: Int] {
    ["\(host) /1 200": 1, "\(host) /2 200": 1, "\(host) /3 404": 1]
  }

  @Test(arguments: depths)
  func `tenants of two networks may have the same addresses and ports at once`(depth: CaptureDepth) {
    let one = Self.talk(depth, host: "one.example").packets
    let other = Self.talk(depth, host: "other.example", clientStart: 900_000_000, serverStart: 77).packets
    var packets: [Dialogue.Packet] = []
    for (index, packet) in one.enumerated() {
      packets.append(packet)
      packets[packets.count - 1].segment.network = 10
      packets.append(other[index])
      packets[packets.count - 1].segment.network = 20
    }
    let account = Self.account(packets, depth)
    #expect(
      account.answers == Self.answers("one.example").merging(Self.answers("other.example")) { $0 + $1 })
    #expect(account.counters.exchanges == 6 && account.unanswered == 0 && account.isBalanced)
  }

  @Test(arguments: depths, [UInt32(0), 20])
  func `a packet that is seen with its tag and without it counts once`(depth: CaptureDepth, second: UInt32) {
    var packets: [Dialogue.Packet] = []
    for packet in Self.talk(depth, host: "a.example").packets {
      for network in [10, second] {
        packets.append(packet)
        packets[packets.count - 1].segment.network = network
        packets[packets.count - 1].segment.time += network == 10 ? 0 : 5_000
      }
    }
    let account = Self.account(packets, depth)
    #expect(account.answers == Self.answers("a.example") && account.counters.requests == 3)
    #expect(account.unmatchedResponses.isEmpty && account.unanswered == 0 && account.isBalanced)
  }

  @Test(arguments: depths, [true, false])
  func `a connection of which one direction alone is tagged is one`(depth: CaptureDepth, isClientTagged: Bool)
  {
    var packets = Self.talk(depth, host: "a.example").packets
    for index in packets.indices
    where (packets[index].segment.destination.port == 80) == isClientTagged {
      packets[index].segment.network = 10
    }
    let account = Self.account(packets, depth)
    #expect(account.answers == Self.answers("a.example") && account.unmatchedResponses.isEmpty)
    #expect(account.unanswered == 0 && account.isBalanced)
  }
}
