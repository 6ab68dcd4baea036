// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import HeaderBlocks
import Testing

@testable import Exchanges

/// Who asked, by the PROXY header that a connection begins with: the other end of the conversations here is 10.0.0.1.
@Suite struct ProxyProtocolTests {
  static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
  /// Of 203.0.113.9, port 5000, in version 1.
  static let text = Array("PROXY TCP4 203.0.113.9 192.0.2.2 5000 80\r\n".utf8)
  /// Of 2001:db8::7, port 443, in version 2.
  static let binary =
    signature + [0x21, 0x21, 0, 36, 0x20, 1, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [7]
    + [UInt8](repeating: 9, count: 16) + [1, 0xbb, 0, 80]

  private static func clients(
    _ talk: Dialogue, trusting networks: [String] = ["10.0.0.0/8"], depth: CaptureDepth = .streams,
    details: inout [ExchangeDetail]
  ) throws -> [String] {
    try ClientSearchTests.clients(
      talk.packets, header: "proxy_protocol", trusting: networks, depth: depth, details: &details)
  }

  /// The clients of two requests of a connection that begins with these bytes.
  private static func clients(
    _ header: [UInt8], trusting networks: [String] = ["10.0.0.0/8"], size: Int = .max,
    depth: CaptureDepth = .streams
  ) throws -> [String] {
    var talk = Dialogue()
    // At depth auto a SYN alone begins nothing.
    if depth.isStreams { talk.open() }
    talk.send(true, header + Array(get("/a", more: "X-Forwarded-For: 198.51.100.1\r\n").utf8), size: size)
    talk.answer(ok())
    talk.ask(get("/b"))
    talk.answer(ok())
    var details: [ExchangeDetail] = []
    return try clients(talk, trusting: networks, depth: depth, details: &details)
  }

  @Test(arguments: [CaptureDepth.streams, .auto], [Int.max, 60])
  func `a trusted proxy names the client of all requests of a connection`(
    depth: CaptureDepth, size: Int
  ) throws {
    #expect(
      try Self.clients(Self.text, size: size, depth: depth) == ["203.0.113.9", "203.0.113.9"])
    #expect(
      try Self.clients(Self.binary, size: size, depth: depth) == ["2001:db8::7", "2001:db8::7"])
  }

  @Test(arguments: [CaptureDepth.streams, .auto])
  func `the header may be a segment of its own, and what follows it HTTP 2`(depth: CaptureDepth) throws {
    for header in [Self.text, Self.binary] {
      var apart = Dialogue()
      if depth.isStreams { apart.open() }
      apart.send(true, header)
      apart.ask(get("/"))
      var details: [ExchangeDetail] = []
      let client = header == Self.text ? "203.0.113.9" : "2001:db8::7"
      #expect(try Self.clients(apart, depth: depth, details: &details) == [client])
      var frames = FrameDialogue()
      if depth.isStreams { frames.talk.open() }
      frames.talk.send(true, header)
      frames.client {
        $0.preface()
        $0.settings()
      }
      frames.server { $0.settings() }
      frames.get(1, "/x")
      #expect(try Self.clients(frames.talk, depth: depth, details: &details) == [client])
    }
  }

  @Test func `a follower has the client with its port, and whose connection it was`() throws {
    var talk = Dialogue()
    talk.open()
    talk.send(true, Self.binary + Array(get("/").utf8))
    var details: [ExchangeDetail] = []
    _ = try Self.clients(talk, details: &details)
    #expect(
      details[0].client == Endpoint(high: 0x2001_0db8_0000_0000, low: 7, port: 443))
    #expect(details[0].proxy == talk.client)
  }

  @Test(arguments: [
    Array("PROXY UNKNOWN\r\n".utf8), Array("PROXY UNKNOWN 203.0.113.9 192.0.2.2 5000 80\r\n".utf8),
    // No address, or no port.
    Array("PROXY TCP4 203.0.113.999 192.0.2.2 5000 80\r\n".utf8),
    Array("PROXY TCP4 203.0.113.9 192.0.2.2 50000000 80\r\n".utf8),
    Array("PROXY TCP4 203.0.113.9 192.0.2.2\r\n".utf8),
    // LOCAL; a socket's path; addresses that are cut.
    signature + [0x20, 0, 0, 0],
    signature + [0x21, 0x31, 0, 4, 47, 97, 98, 99], signature + [0x21, 0x11, 0, 4, 1, 2, 3, 4],
  ])
  func `where the header names nobody, it is the proxy that asks`(header: [UInt8]) throws {
    #expect(try Self.clients(header) == ["10.0.0.1", "10.0.0.1"])
  }

  @Test func `a stranger's header is not believed, nor what a client sends after the proxy's`() throws {
    #expect(try Self.clients(Self.text, trusting: ["192.0.2.1"]) == ["10.0.0.1", "10.0.0.1"])
    var details: [ExchangeDetail] = []
    var forged = Dialogue()
    forged.open()
    forged.send(true, Self.text)
    forged.send(true, Array("PROXY TCP4 198.51.100.66 192.0.2.2 1 80\r\n".utf8) + Array(get("/").utf8))
    #expect(try Self.clients(forged, details: &details) == ["203.0.113.9"])
    // Where a head has been read, no header is due.
    var talk = Dialogue()
    talk.open()
    talk.send(true, Self.text + Array(get("/").utf8))
    talk.answer(ok())
    talk.send(true, Self.binary + Array(get("/").utf8))
    #expect(try Self.clients(talk, details: &details).first == "203.0.113.9")
    #expect(!details.contains { $0.client.low == 7 })
  }

  @Test func `without its header a trusted proxy's connection has no known client`() throws {
    #expect(try Self.clients([]) == ["?", "?"])
  }

  @Test func `each connection has its own, also of the same ports`() throws {
    var talk = Dialogue()
    talk.open()
    talk.send(true, Self.text + Array(get("/").utf8))
    talk.answer(ok())
    // The same ports again.
    (talk.clientNext, talk.serverNext) = (900_000, 800_000)
    talk.open()
    talk.send(true, Self.binary + Array(get("/").utf8))
    talk.answer(ok())
    var details: [ExchangeDetail] = []
    #expect(try Self.clients(talk, details: &details) == ["203.0.113.9", "2001:db8::7"])
  }
}
