// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import HTTP1
import HTTP2
import HeaderBlocks
import System
import Testing
import Text

@testable import Exchanges

/// Who asked, behind proxies: the other end of the conversations here is 10.0.0.1.
@Suite struct ClientSearchTests {
  /// The clients of the requests in a conversation, `?` for one that is unknown, and in `details` as a follower has them.
  static func clients(
    _ packets: [Dialogue.Packet], header: String = "X-Forwarded-For", trusting networks: [String],
    depth: CaptureDepth = .streams, details: inout [ExchangeDetail]
  ) throws -> [String] {
    var limits = ExchangeLimits.file
    limits.clientHeader = ClientHeader(name: header, proxies: try networks.map { try AddressNetwork($0) })
    var tracker = ExchangeTracker(limits: limits, depth: depth, seed: 7)
    tracker.batch.isDetailed = true
    var clients: [String] = []
    for packet in packets.map(Optional.init) + [nil] {
      if let packet {
        tracker.process(packet.segment, packet.payload.rawSpan)
      } else {
        tracker.finish()
      }
      for index in 0..<tracker.batch.count where tracker.batch[index].kind == .request {
        let name = tracker.batch[index].client
        details.append(tracker.batch.detail(index))
        guard name.count == 16 else {
          clients.append("?")
          continue
        }
        let bytes = tracker.batch.names.bytes(start: Int(name.start), count: 16)
        let words = (0..<2).map { word in
          (0..<8).reduce(UInt64(0)) { $0 << 8 | UInt64(bytes.byte(word * 8 + $1)) }
        }
        clients.append(AddressName.text(high: words[0], low: words[1]))
      }
      tracker.batch.clear()
    }
    return clients
  }

  /// The client of one HTTP/1 request with these header lines.
  private static func client(
    _ lines: String, header: String = "X-Forwarded-For", trusting networks: [String] = ["10.0.0.0/8"]
  ) throws -> String {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/", more: lines))
    var details: [ExchangeDetail] = []
    let clients = try Self.clients(talk.packets, header: header, trusting: networks, details: &details)
    try #require(clients.count == 1)
    return clients[0]
  }

  @Test(
    arguments: [
      ("", "10.0.0.1"),
      ("X-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"),
      ("x-forwarded-for: 198.51.100.66, 203.0.113.9, 10.0.0.2, 10.0.0.3\r\n", "203.0.113.9"),
      (
        "X-Forwarded-For: 198.51.100.66\r\nAccept: */*\r\nX-Forwarded-For: 203.0.113.9, 10.0.0.2\r\n",
        "203.0.113.9"
      ),
      // All of them are proxies: the first one asked.
      ("X-Forwarded-For: 10.0.0.5, 10.0.0.2\r\n", "10.0.0.5"),
      // What is no address ends the search: nobody trusted says what is behind it.
      ("X-Forwarded-For: 203.0.113.9, unknown\r\n", "10.0.0.1"),
      ("X-Forwarded-For: 203.0.113.9, _hidden, 10.0.0.2\r\n", "10.0.0.2"),
      ("X-Forwarded-For: unknown, 203.0.113.9, 10.0.0.2\r\n", "203.0.113.9"),
      ("X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: garbage\r\n", "10.0.0.1"),
      ("X-Forwarded-For: [2001:db8::7]:443\r\n", "2001:db8::7"), ("X-Forwarded-For: ,,,\r\n", "10.0.0.1"),
    ])
  func `the client is the rightmost address that is no trusted proxy`(lines: String, client: String) throws {
    #expect(try Self.client(lines) == client)
  }

  @Test func `a client's open quote does not swallow what the proxy adds`() throws {
    let lines = "Forwarded: for=198.51.100.66;x=\", for=203.0.113.9\r\n"
    #expect(try Self.client(lines, header: "Forwarded") == "203.0.113.9")
  }

  @Test func `a stranger's header is not believed`() throws {
    #expect(
      try Self.client("X-Forwarded-For: 203.0.113.9\r\n", trusting: ["10.0.0.2", "2001:db8::/32"])
        == "10.0.0.1")
  }

  @Test func `Forwarded has parameters, and another header than the one asked for says nothing`() throws {
    let lines =
      "Forwarded: for=\"[2001:db8::7]:80\";proto=http, for=10.0.0.2\r\nX-Forwarded-For: 203.0.113.9\r\n"
    #expect(try Self.client(lines, header: "Forwarded") == "2001:db8::7")
    #expect(try Self.client(lines, header: "X-Real-IP") == "10.0.0.1")
  }

  @Test func `thousands of commas and addresses are read in one pass`() throws {
    let many = String(repeating: "10.0.0.2,,", count: 5_000)
    #expect(try Self.client("X-Forwarded-For: 203.0.113.9,\(many)\r\n") == "203.0.113.9")
    #expect(try Self.client("X-Forwarded-For: \(String(repeating: ",", count: 50_000))\r\n") == "10.0.0.1")
  }

  @Test(arguments: [1, 7, 100])
  func `the header may come in several segments`(size: Int) throws {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/", more: "X-Forwarded-For: 203.0.113.9\r\n"), size: size)
    talk.answer(ok())
    var details: [ExchangeDetail] = []
    #expect(try Self.clients(talk.packets, trusting: ["10.0.0.1"], details: &details) == ["203.0.113.9"])
  }

  @Test func `of a head without its end the client is unknown, and the follower has the proxy`() throws {
    var talk = Dialogue()
    talk.open()
    talk.ask("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nX-Long: ")
    talk.close()
    var details: [ExchangeDetail] = []
    #expect(try Self.clients(talk.packets, trusting: ["10.0.0.1"], details: &details) == ["?"])
    #expect(details[0].client == talk.client && details[0].proxy.port == 0)
  }

  @Test func `a follower has the client and whose connection it was`() throws {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/", more: "X-Forwarded-For: 203.0.113.9\r\n"))
    talk.answer(ok())
    talk.ask(get("/"))
    var details: [ExchangeDetail] = []
    _ = try Self.clients(talk.packets, trusting: ["10.0.0.0/8"], details: &details)
    #expect(details[0].client == Endpoint(ipv4: 0xcb00_7109, port: talk.client.port))
    #expect(details[0].proxy == talk.client)
    #expect(details[1].client == talk.client && details[1].proxy.port == 0)
  }

  @Test(arguments: [false, true])
  func `streams of HTTP/2 name their clients one by one`(isIndexed: Bool) throws {
    var frames = FrameDialogue(isIndexed: isIndexed)
    frames.open()
    for (stream, client) in [(1, "203.0.113.9"), (3, "198.51.100.1, 10.0.0.2"), (5, "203.0.113.9"), (7, "")] {
      var fields = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.example")]
      if !client.isEmpty { fields.append(("x-forwarded-for", client)) }
      let block = frames.block(fromClient: true, fields)
      frames.client { $0.headers(UInt32(stream), block, ends: true) }
    }
    var details: [ExchangeDetail] = []
    let clients = try Self.clients(frames.talk.packets, trusting: ["10.0.0.0/8"], details: &details)
    #expect(clients == ["203.0.113.9", "198.51.100.1", "203.0.113.9", "10.0.0.1"])
    let strangers = try Self.clients(frames.talk.packets, trusting: ["192.0.2.1"], details: &details)
    #expect(strangers == Array(repeating: "10.0.0.1", count: 4))
  }

  @Test func `of HTTP/2 joined late, the client is unknown as long as a field may be its`() throws {
    let search = ClientSearch(
      ClientHeader(name: "X-Forwarded-For", proxies: [try AddressNetwork("10.0.0.1")]))
    let decoder = HeaderDecoder(joinedLate: true, names: FieldNames(client: "x-forwarded-for"))
    let list = HeaderList()
    func found(_ peer: UInt32, _ write: (inout BlockWriter) -> Void) throws -> FoundClient {
      var writer = BlockWriter()
      writer.indexed(2)
      write(&writer)
      try decoder.decode(writer.bytes.rawSpan, into: list)
      return search.client(list, Endpoint(ipv4: peer, port: 1), of: FlowIndex(offset: 0))
    }
    func name(_ writer: inout BlockWriter) {
      writer.literal(
        .inserted, name: Array("x-forwarded-for".utf8), value: Array("203.0.113.9".utf8), isEncoded: true)
    }
    let known = try found(0x0a00_0001, name)
    #expect(!known.isUnknown && known.low == 0xffff_cb00_7109)
    // The entry before it is from before the watch: another client, perhaps.
    #expect(
      try found(0x0a00_0001) {
        name(&$0)
        $0.indexed(64)
      }.isUnknown)
    // A stranger's fields do not matter.
    #expect(try found(0x0a00_0002) { $0.indexed(64) } == FoundClient(Endpoint(ipv4: 0x0a00_0002, port: 1)))
  }
}
