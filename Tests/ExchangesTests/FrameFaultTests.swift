// SPDX-License-Identifier: Apache-2.0
import Conversations
import HeaderBlocks
import Testing

@testable import Exchanges

/// HTTP/2 that lacks what it must have, or has too much of it.
@Suite struct FrameFaultTests {
  @Test(arguments: [[("x-other", "1")], [("grpc-status", "none")], [("grpc-status", "")]])
  func `a call whose trailers have no status fails`(trailers: [(String, String)]) {
    var frames = FrameDialogue()
    frames.open()
    frames.call(1, "/shop.Cart/Add")
    frames.callHead(1)
    frames.trailers(1, trailers)
    let account = frames.account
    #expect(account.outcomes == ["rpc.example /shop.Cart failure": 1] && account.isBalanced)
  }

  @Test func `a response whose end was lost is no success, for its server may have reset it`() {
    var frames = FrameDialogue()
    frames.open()
    frames.get(1, "/x")
    let fields = frames.block(fromClient: false, [(":status", "200"), ("content-type", "text/html")])
    frames.server { $0.headers(1, fields) }
    frames.server { $0.reset(1, 2) }
    let lost = frames.talk.packets.count - 1
    frames.get(3, "/y")
    frames.answer(3)
    #expect(frames.account.outcomes["a.example /x success"] == nil)
    var packets = frames.talk.packets
    packets.remove(at: lost)
    let account = Account(packets)
    #expect(account.outcomes["a.example /x success"] == nil && account.isBalanced)
    #expect(account.outcomes["a.example /y success"] == 1)
  }

  @Test func `bytes that were lost before the client's reset are a gap, though nobody waited for them`() {
    var frames = FrameDialogue()
    frames.open()
    frames.get(1, "/x")
    let fields = frames.block(fromClient: false, [(":status", "200"), ("content-type", "text/html")])
    frames.server { $0.headers(1, fields) }
    frames.server { $0.reset(1, 2) }
    var packets = frames.talk.packets
    packets.removeLast()
    let seen = frames.talk.packets.count
    frames.server { $0.frame(6, [UInt8](repeating: 0, count: 8)) }
    frames.talk.reset(byClient: true)
    packets += frames.talk.packets[seen...]
    let account = Account(packets)
    #expect(account.outcomes["a.example /x success"] == nil && account.isBalanced)
    #expect(account.unknownCount == 1, "\(account.outcomes)")
  }

  @Test func `a request that names no site belongs to its server's address`() {
    var frames = FrameDialogue()
    frames.open()
    let fields = frames.block(fromClient: true, [(":method", "GET"), (":scheme", "http"), (":path", "/x")])
    frames.client { $0.headers(1, fields, ends: true) }
    frames.answer(1)
    #expect(frames.account.answers == ["10.0.0.2 /x 200": 1])
  }

  @Test(arguments: [
    [(":scheme", "http"), (":path", "/x"), (":authority", "a.example")],
    [(":method", "GET"), (":scheme", "http"), (":authority", "a.example")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/x"), (":status", "200")],
  ])
  func `a block without a method or a path, or with a status, is no request`(fields: [(String, String)]) {
    var frames = FrameDialogue()
    frames.open()
    let block = frames.block(fromClient: true, fields)
    frames.client { $0.headers(1, block, ends: true) }
    frames.get(3, "/after")
    frames.answer(3)
    let account = frames.account
    #expect(account.answers == ["a.example /after 200": 1] && account.counters.requests == 1)
    #expect(account.isBalanced)
  }

  @Test func `more waiting requests than there is room for are unknown`() {
    var limits = ExchangeLimits.file
    limits.pendingRequests = 2
    var frames = FrameDialogue()
    frames.open()
    for stream: UInt32 in [1, 3, 5] { frames.get(stream, "/x") }
    let account = Account(frames.talk.packets, limits: limits)
    #expect(account.unknownCount == 1 && account.inFlight == 2)
    #expect(account.counters.evictedRequests == 1 && account.isBalanced)
  }

  @Test func `connections beyond the memory of all are given up, and counted`() {
    var limits = ExchangeLimits.file
    limits.http2Bytes = 64
    var frames = FrameDialogue(isIndexed: true)
    frames.open()
    frames.get(1, "/x")
    let account = Account(frames.talk.packets, limits: limits)
    #expect(account.counters.evictedHTTP2 > 0 && account.counters.requests == 1 && account.isBalanced)
  }
}
