// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import HTTP1
import HTTP2
import HeaderBlocks
import System
import Testing

/// HTTP/2 at depth `auto`: connections that pass whole from their first segment on, or from some later one.
@Suite struct AutoDepthFrameTests {
  /// The packets with bytes: no SYN makes a flow at depth `auto`.
  private func passed(_ packets: [Dialogue.Packet]) -> [Dialogue.Packet] {
    packets.filter { !$0.payload.isEmpty }
  }

  private func account(_ packets: [Dialogue.Packet]) -> Account {
    Account(packets, depth: .auto, limits: ExchangeLimits())
  }

  @Test func `a connection is read as at depth streams`() {
    let packets = FrameJoinTests.conversation()
    let auto = account(passed(packets))
    #expect(auto.totals == Account(packets).totals && auto.isBalanced, "\(auto.counters)")
    #expect(auto.counters.http2 == 1 && auto.counters.http2Unread == 0 && auto.counters.h2Resyncs == 0)
  }

  @Test(arguments: [4, 7, 20, 23])
  func `a preface may come in pieces, and the server answer the first one`(size: Int) {
    var frames = FrameDialogue(isIndexed: true, size: size)
    frames.client { $0.preface() }
    frames.server { $0.settings() }
    frames.client { $0.settings() }
    frames.get(1, "/a")
    frames.answer(1)
    var packets = frames.talk.packets
    let server = packets.firstIndex { $0.segment.source.port == 80 } ?? 0
    packets.insert(packets.remove(at: server), at: 1)
    let account = account(packets)
    #expect(account.answers == ["a.example /a 200": 1] && account.isBalanced, "\(account.counters)")
  }

  @Test func `joined at any segment, nothing is wrong`() {
    let packets = FrameJoinTests.conversation()
    let whole = Account(packets)
    for start in 3..<packets.count {
      let joined = account(Array(packets[start...]))
      FrameJoinTests.expectNothingWrong(joined, of: whole, "joined at \(start)")
      let isRequest = packets[start].segment.source.port != 80 && packets[start].payload.count > 13
      #expect(!isRequest || joined.counters.http2 == 1, "joined at \(start)")
    }
  }

  @Test func `a server that does not wait for the preface is read`() {
    var frames = FrameDialogue(isIndexed: true)
    frames.server { $0.settings([(1, 8_192)]) }
    frames.client {
      $0.preface()
      $0.settings()
      $0.acknowledgement()
    }
    frames.server { $0.acknowledgement() }
    for stream: UInt32 in [1, 3, 5] {
      frames.get(stream, "/same")
      frames.answer(stream)
    }
    let account = account(frames.talk.packets)
    #expect(account.requests == ["a.example /same": 3] && account.answers == ["a.example /same 200": 3])
    #expect(account.counters.h2Resyncs == 0 && account.isBalanced, "\(account.counters)")
  }

  @Test(arguments: [3, 1_000])
  func `an upgrade's request is answered on stream 1`(size: Int) {
    var frames = FrameDialogue(size: size)
    let upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    frames.talk.ask(get("/first", more: upgrade), size: size)
    frames.talk.answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", size: size)
    frames.begin()
    frames.answer(1, "201")
    frames.get(3, "/second")
    frames.answer(3)
    let account = account(frames.talk.packets)
    #expect(account.answers == ["a.example /first 201": 1, "a.example /second 200": 1])
    #expect(account.interim == [101: 1] && account.isBalanced, "\(account.counters)")
  }

  @Test func `what the filter passes over inside DATA is no gap`() {
    var frames = FrameDialogue(isIndexed: true, size: 1_000)
    frames.open()
    for index: UInt32 in 0..<8 {
      frames.get(2 * index + 1, "/long")
      frames.answer(2 * index + 1, body: 9_000)
    }
    let packets = passed(frames.talk.packets)
    // Segments of body alone: those of the full size between the first and the last one of an answer.
    let heads = packets.enumerated().filter { index, packet in
      let isServers = packet.segment.source.port == 80
      let isAfterFull = index > 0 && packets[index - 1].payload.count == 1_000
      return !(isServers && isAfterFull && packet.payload.count == 1_000)
    }.map(\.element)
    #expect(heads.count < packets.count - 40)
    let some = account(heads)
    #expect(some.totals == account(packets).totals && some.isBalanced)
    #expect(some.answers == ["a.example /long 200": 8] && some.counters.h2Resyncs == 0)
  }

  @Test func `a connection that the filter could not mark is counted as not read`() {
    var packets = passed(FrameJoinTests.conversation())
    packets[0].segment.kind = .start
    let account = account([packets[0]])
    #expect(account.counters.http2 == 1 && account.counters.http2Unread == 1 && account.isBalanced)
  }

  @Test func `it passes whole as long as it lasts, what is unknown does not`() {
    final class Wishes { var all: [DepthHint] = [] }
    let wishes = Wishes()
    var tracker = ExchangeTracker(limits: ExchangeLimits(), depth: .auto, seed: 7)
    tracker.hint = { (_: borrowing Segment, hint: DepthHint) in wishes.all.append(hint) }
    for packet in passed(FrameJoinTests.conversation()) {
      tracker.process(packet.segment, packet.payload.rawSpan)
      tracker.batch.clear()
    }
    #expect(tracker.counters.requests == 24 && wishes.all.isEmpty)
    var other = Dialogue(clientPort: 50_000)
    other.send(true, [0, 0, 4, 1, 4, 0, 0, 0, 1, 9, 9, 9, 9])
    for packet in other.packets { tracker.process(packet.segment, packet.payload.rawSpan) }
    #expect(wishes.all == [.clear])
  }
}
