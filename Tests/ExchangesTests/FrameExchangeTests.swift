// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import HTTP1
import HTTP2
import HeaderBlocks
import System
import Testing

@testable import Exchanges

/// Requests and responses of HTTP/2, as the whole tracker reads them.
@Suite struct FrameExchangeTests {
  @Test(arguments: [1, 3, 10, 1_000], [false, true])
  func `requests and responses meet by their streams, however the bytes are cut`(size: Int, isIndexed: Bool) {
    var frames = FrameDialogue(isIndexed: isIndexed, size: size)
    frames.open()
    frames.get(1, "/x/1")
    frames.get(3, "/y", host: "B.example:81")
    frames.answer(3, "404")
    frames.get(5, "/x/2")
    frames.answer(5, body: 40)
    frames.answer(1, body: 0)
    let account = frames.account
    #expect(account.requests == ["a.example /x": 2, "b.example /y": 1])
    #expect(account.answers == ["a.example /x 200": 2, "b.example /y 404": 1])
    #expect(account.outcomes == ["a.example /x success": 2, "b.example /y failure": 1])
    #expect(account.versions == ["HTTP/2": 3])
    #expect(account.counters.http2 == 1 && account.counters.h2Resyncs == 0)
    #expect(account.isBalanced, "\(account.counters)")
  }

  @Test func `a block may be padded, have a priority, and be continued`() {
    var frames = FrameDialogue()
    frames.open()
    let fields = frames.block(
      fromClient: true, [(":method", "GET"), (":scheme", "http"), (":path", "/long"), ("host", "h.example")])
    frames.client { $0.headers(1, fields, ends: true, parts: 3, padding: 9, priority: true) }
    frames.answer(1)
    #expect(frames.account.answers == ["h.example /long 200": 1])
  }

  @Test func `gRPC calls fail by their status, by its absence and by a reset`() {
    var frames = FrameDialogue()
    frames.open()
    let ends: [(FrameDialogue, UInt32) -> FrameDialogue] = [
      { dialogue, stream in
        var frames = dialogue
        frames.callHead(stream)
        frames.trailers(stream, [("grpc-status", "0")])
        return frames
      },
      { dialogue, stream in
        var frames = dialogue
        frames.callHead(stream)
        frames.trailers(stream, [("grpc-status", "5"), ("grpc-message", "none")])
        return frames
      },
      { dialogue, stream in
        var frames = dialogue
        frames.trailers(
          stream, [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "14")])
        return frames
      },
      { dialogue, stream in
        var frames = dialogue
        frames.callHead(stream)
        frames.server { $0.data(stream, 3, ends: true) }
        return frames
      },
      { dialogue, stream in
        var frames = dialogue
        frames.callHead(stream)
        frames.server { $0.reset(stream, 2) }
        return frames
      },
    ]
    for (index, end) in ends.enumerated() {
      let stream = UInt32(2 * index + 1)
      frames.call(stream, "/shop.Cart/Get\(index)")
      frames = end(frames, stream)
    }
    let account = frames.account
    #expect(account.requests == ["rpc.example /shop.Cart": 5])
    #expect(account.outcomes == ["rpc.example /shop.Cart success": 1, "rpc.example /shop.Cart failure": 4])
    #expect(account.unknown.isEmpty && account.unanswered == 0)
    #expect(account.isBalanced, "\(account.counters)")
  }

  @Test func `what its client cancels is aborted, a call after its response's head too`() {
    var frames = FrameDialogue()
    frames.open()
    frames.call(1, "/shop.Cart/Watch")
    frames.callHead(1)
    frames.client { $0.reset(1, 8) }
    frames.get(3, "/slow")
    frames.client { $0.reset(3, 8) }
    frames.get(5, "/refused")
    frames.server { $0.reset(5, 7) }
    // Sent before the server had the client's reset.
    frames.answer(3)
    let account = frames.account
    #expect(account.unanswered == 3 && account.unknown.isEmpty)
    #expect(account.answers.isEmpty && account.unmatchedResponses.isEmpty)
    #expect(account.counters.unsettledResponses == 1)
    // The server's reset is a failure as well.
    #expect(account.resets == 1 && account.clientClosed == 2)
    #expect(account.isBalanced, "\(account.counters)")
  }

  @Test func `a call reset by its server without an error lacks its status and fails`() {
    var frames = FrameDialogue()
    frames.open()
    frames.call(1, "/shop.Cart/Get")
    frames.callHead(1)
    frames.server { $0.reset(1, 0) }
    frames.call(3, "/shop.Cart/Get")
    frames.callHead(3, status: "503")
    frames.client { $0.reset(3, 8) }
    let account = frames.account
    #expect(account.outcomes == ["rpc.example /shop.Cart failure": 2])
    #expect(account.unanswered == 0 && account.isBalanced, "\(account.counters)")
  }

  @Test func `streams above the last one of GOAWAY are aborted and no failures, those below are answered`() {
    var frames = FrameDialogue()
    frames.open()
    for stream: UInt32 in [1, 3, 5, 7] { frames.get(stream, "/\(stream)") }
    frames.server { $0.goAway(.max >> 1, 0) }
    frames.server { $0.goAway(3, 0) }
    frames.answer(1)
    frames.answer(3)
    // Nobody waits for it.
    frames.answer(5)
    let account = frames.account
    #expect(account.answers == ["a.example /1 200": 1, "a.example /3 200": 1])
    #expect(account.unanswered == 2 && account.resets == 0)
    #expect(account.unmatchedResponses.isEmpty && account.isBalanced, "\(account.counters)")
  }

  @Test func `a response that the server resets is a failure, one that the client leaves is not`() {
    var frames = FrameDialogue()
    frames.open()
    for stream: UInt32 in [1, 3, 5] { frames.get(stream, "/\(stream)") }
    let fields = frames.block(fromClient: false, [(":status", "200")])
    for stream: UInt32 in [1, 3, 5] { frames.server { $0.headers(stream, fields) } }
    frames.server { $0.reset(1, 2) }
    frames.client { $0.reset(3, 8) }
    frames.server { $0.reset(5, 0) }
    #expect(
      frames.account.outcomes == [
        "a.example /1 failure": 1, "a.example /3 success": 1, "a.example /5 success": 1,
      ])
  }

  @Test func `interim responses, promises and GOAWAY are what they are`() {
    var frames = FrameDialogue()
    frames.open()
    for stream: UInt32 in [1, 3, 5] { frames.get(stream, "/\(stream)") }
    let interim = frames.block(fromClient: false, [(":status", "103")])
    let promise = frames.block(
      fromClient: false, [(":method", "GET"), (":scheme", "http"), (":path", "/pushed"), (":authority", "a")])
    frames.server {
      $0.headers(1, interim)
      $0.promise(1, 2, promise)
    }
    frames.answer(2)
    frames.answer(1)
    frames.server { $0.goAway(3, 0) }
    frames.answer(3)
    let account = frames.account
    #expect(account.interim == [103: 1])
    #expect(account.answers == ["a.example /1 200": 1, "a.example /3 200": 1])
    #expect(account.unanswered == 1 && account.counters.pushPromises == 1)
    #expect(account.unmatchedResponses.isEmpty && account.isBalanced)
  }

  @Test func `CONNECT becomes a tunnel, with a protocol it has a section`() {
    var frames = FrameDialogue()
    frames.open()
    let plain = frames.block(fromClient: true, [(":method", "CONNECT"), (":authority", "far.example:443")])
    let socket = frames.block(
      fromClient: true,
      [
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/chat/1"),
        (":authority", "a.example"),
      ])
    let accepted = frames.block(fromClient: false, [(":status", "200")])
    frames.client {
      $0.headers(1, plain)
      $0.headers(3, socket)
    }
    frames.server {
      $0.headers(1, accepted)
      $0.headers(3, accepted)
      $0.data(1, 100)
    }
    let account = frames.account
    #expect(account.requests == ["far.example ": 1, "a.example /chat": 1])
    #expect(account.answers == ["far.example  200": 1, "a.example /chat 200": 1])
    #expect(account.counters.tunnels == 2)
  }

  @Test(arguments: [(3, true), (1_000, true), (1_000, false)])
  func `an upgrade's request is answered on stream 1`(size: Int, hasSyn: Bool) {
    var frames = FrameDialogue(size: size)
    // Without it all is held until the file has ended, and read in the order in which each side needs the other.
    if hasSyn { frames.talk.open() }
    let upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    frames.talk.ask(get("/first", more: upgrade), size: size)
    frames.talk.answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", size: size)
    frames.begin()
    frames.answer(1, "201")
    frames.get(3, "/second")
    frames.answer(3)
    let account = frames.account
    #expect(account.answers == ["a.example /first 201": 1, "a.example /second 200": 1])
    #expect(account.interim == [101: 1])
    #expect(account.versions == ["HTTP/1.1": 1, "HTTP/2": 1])
    #expect(account.isBalanced, "\(account.counters)")
  }

  @Test func `an upgrade that the server ignores stays HTTP/1`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/first", more: "Upgrade: h2c\r\nConnection: Upgrade\r\n"))
    talk.answer(ok())
    talk.ask(get("/second"))
    talk.answer(ok())
    let account = Account(talk.packets)
    #expect(account.answers == ["a.example /first 200": 1, "a.example /second 200": 1])
    #expect(account.counters.http2 == 0)
  }

  /// A header of the PROXY protocol, version 1 or 2.
  static func proxyHeader(isText: Bool) -> [UInt8] {
    if isText { return Array("PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n".utf8) }
    let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
    return signature + [0x21, 0x11, 0, 12] + [UInt8](repeating: 7, count: 12)
  }

  @Test(arguments: [true, false], [Int.max, 60, 40])
  func `a proxy may put its header before a request`(isText: Bool, size: Int) {
    var talk = Dialogue()
    talk.open()
    // In the segment of the request, of a part of it, or before it.
    talk.send(true, Self.proxyHeader(isText: isText) + Array(get("/x").utf8), size: size)
    talk.answer(ok())
    talk.ask(get("/y"))
    talk.answer(ok())
    let account = Account(talk.packets)
    #expect(account.answers == ["a.example /x 200": 1, "a.example /y 200": 1])
    #expect(account.counters.unparseable == 0 && account.isBalanced)
  }

  @Test(arguments: [true, false], [true, false])
  func `a proxy may put its header before the preface`(isText: Bool, isApart: Bool) {
    var preface = FrameWriter()
    preface.preface()
    preface.settings()
    var frames = FrameDialogue()
    frames.talk.open()
    let header = Self.proxyHeader(isText: isText)
    if isApart {
      frames.talk.send(true, header)
      frames.talk.send(true, preface.bytes)
    } else {
      frames.talk.send(true, header + preface.bytes)
    }
    frames.server { $0.settings() }
    frames.get(1, "/x")
    frames.answer(1)
    #expect(frames.account.answers == ["a.example /x 200": 1])
  }

  @Test func `a server may begin before its client, and one that only seems to hides nothing`() {
    var frames = FrameDialogue()
    frames.talk.open()
    frames.server { $0.settings([(5, 20_000)]) }
    frames.client {
      $0.preface()
      $0.settings()
    }
    frames.get(1, "/x")
    frames.answer(1)
    #expect(frames.account.answers == ["a.example /x 200": 1])
    var forged = FrameDialogue()
    forged.talk.open()
    forged.server { $0.settings() }
    forged.talk.ask(get("/plain"))
    forged.talk.answer(ok())
    #expect(forged.account.answers == ["a.example /plain 200": 1])
    #expect(forged.account.counters.http2 == 0)
  }

  @Test func `a preface in the midst of HTTP/1 ends nothing`() {
    var talk = Dialogue()
    talk.open()
    talk.ask(get("/a"))
    talk.answer(ok())
    talk.ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    talk.answer(ok(status: "400 Bad Request"))
    talk.ask(get("/b"))
    talk.answer(ok())
    let account = Account(talk.packets)
    #expect(account.counters.http2 == 0)
    #expect(account.requests == ["a.example /a": 1, "a.example /b": 1])
    #expect(account.isBalanced)
  }

  @Test func `many streams are bounded, and each request ends once`() {
    var frames = FrameDialogue()
    frames.open()
    for index: UInt32 in 0..<1_500 { frames.get(2 * index + 1, "/x") }
    for index: UInt32 in 0..<1_500 { frames.answer(2 * index + 1) }
    let account = frames.account
    #expect(account.counters.requests == 1_500)
    #expect(account.counters.evictedRequests == 476)
    #expect(account.answers == ["a.example /x 200": 1_024] && account.unanswered == 476)
    #expect(account.isBalanced, "\(account.counters)")
  }

  @Test func `connections beyond the memory for them give way`() {
    var limits = ExchangeLimits.file
    limits.http2Connections = 2
    var packets: [Dialogue.Packet] = []
    for port: UInt16 in 1...5 {
      var frames = FrameDialogue(clientPort: port)
      frames.open()
      frames.get(1, "/x")
      packets += frames.talk.packets
    }
    let account = Account(packets, limits: limits)
    #expect(account.counters.evictedHTTP2 == 3 && account.counters.requests == 5)
    #expect(account.unanswered == 5 && account.isBalanced)
  }

  @Test func `a call that lasts longer than the time limit is not given up`() {
    var limits = ExchangeLimits.file
    limits.timeout = 1_000_000_000
    var frames = FrameDialogue()
    frames.open()
    frames.call(1, "/shop.Cart/Watch")
    frames.callHead(1)
    frames.talk.time += 10_000_000_000
    frames.get(3, "/never")
    frames.talk.time += 10_000_000_000
    frames.trailers(1, [("grpc-status", "0")])
    let account = Account(frames.talk.packets, limits: limits)
    #expect(account.outcomes == ["rpc.example /shop.Cart success": 1])
    #expect(account.unanswered == 1)
  }

  @Test(arguments: [true, false], [true, false])
  func `at depth heads a connection is counted, and not read`(hasHandshake: Bool, isAlone: Bool) {
    var frames = FrameDialogue()
    if hasHandshake { frames.talk.open() }
    frames.client {
      $0.preface()
      if !isAlone { $0.settings() }
    }
    frames.get(1, "/x")
    var packets = frames.talk.packets
    for index in packets.indices {
      let payload = packets[index].payload
      let isHead = HeadStart.verdict(payload.rawSpan) != .none
      packets[index].segment.kind = isHead ? .start : .continuation
    }
    let counters = Account(packets, depth: .heads).counters
    #expect(counters.http2 == 1 && counters.http2Unread == 1 && counters.requests == 0)
  }
}
