// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Foundation
import HTTP1
import HTTP2
import HeaderBlocks
import Randomness
import System
import Testing

@testable import Exchanges

/// Connections of HTTP/2 that are joined late or lose segments: what is not known is never guessed.
@Suite struct FrameJoinTests {
  /// A conversation with indexed fields: sites, paths, statuses and calls that come again.
  static func conversation() -> [Dialogue.Packet] {
    var frames = FrameDialogue(isIndexed: true)
    frames.open()
    for index: UInt32 in 0..<24 {
      let stream = 2 * index + 1
      switch index % 4 {
      case 0:
        frames.call(stream, "/shop.Cart/Get\(index % 8)")
        frames.callHead(stream)
        frames.trailers(stream, [("grpc-status", index % 8 == 0 ? "0" : "5")])
      case 1:
        frames.get(stream, "/a/\(index % 3)", host: index % 8 == 1 ? "a.example" : "b.example")
        frames.answer(stream, index % 8 == 1 ? "200" : "404")
      case 2:
        frames.get(stream, "/new\(index)")
        frames.answer(stream, "503", body: 0)
      default:
        frames.get(stream, "/long")
        frames.answer(stream, body: 3_000)
      }
    }
    return frames.talk.packets
  }

  /// Each name, status and outcome was in the whole conversation, at least as often, or is unknown.
  static func expectNothingWrong(_ account: Account, of whole: Account, _ what: String) {
    for (name, count) in account.requests where !name.contains("(unknown)") {
      #expect(whole.requests[name, default: 0] >= count, "\(what): \(name)")
    }
    for (name, count) in account.answers where !name.contains("(unknown)") {
      #expect(whole.answers[name, default: 0] >= count, "\(what): \(name)")
    }
    for (name, count) in account.outcomes where !name.contains("(unknown)") {
      #expect(whole.outcomes[name, default: 0] >= count, "\(what): \(name)")
    }
    let statuses = Set(whole.answers.keys.compactMap { $0.split(separator: " ").last.flatMap { UInt16($0) } })
    #expect(account.unmatchedResponses.keys.allSatisfy { statuses.contains($0) }, "\(what): a status")
    #expect(account.isBalanced, "\(what): \(account.counters)")
  }

  @Test func `joined at every segment, nothing is wrong and much is known`() {
    let packets = Self.conversation()
    let whole = Account(packets)
    #expect(whole.counters.requests == 24 && whole.unknown.isEmpty)
    var found = 0
    for start in 3..<packets.count {
      let account = Account(Array(packets[start...]))
      Self.expectNothingWrong(account, of: whole, "joined at \(start)")
      let isRequest = packets[start].segment.source.port != 80 && packets[start].payload.count > 13
      if isRequest {
        found += 1
        #expect(account.counters.http2 == 1, "joined at \(start)")
      }
    }
    #expect(found > 20)
  }

  @Test func `with any segment lost, nothing is wrong`() {
    let packets = Self.conversation()
    let whole = Account(packets)
    for lost in 2..<packets.count where !packets[lost].payload.isEmpty {
      var rest = packets
      rest.remove(at: lost)
      Self.expectNothingWrong(Account(rest), of: whole, "without \(lost)")
    }
  }

  @Test func `cut off by the capture, nothing is wrong`() {
    let packets = Self.conversation()
    let whole = Account(packets)
    for length in [20, 60, 200] {
      var cut = packets
      for index in cut.indices { cut[index].payload = Array(cut[index].payload.prefix(length)) }
      Self.expectNothingWrong(Account(cut), of: whole, "\(length) bytes")
    }
  }

  @Test func `what was inserted before is unknown: site, section, and the outcome of a call`() {
    var frames = FrameDialogue(isIndexed: true)
    frames.open()
    frames.get(1, "/x")
    frames.answer(1)
    frames.call(3, "/shop.Cart/Get")
    frames.callHead(3)
    frames.trailers(3, [("grpc-status", "0")])
    let before = frames.talk.packets.count
    frames.get(5, "/x")
    frames.answer(5)
    frames.call(7, "/shop.Cart/Get")
    frames.callHead(7)
    frames.trailers(7, [("grpc-status", "0")])
    let account = Account(Array(frames.talk.packets[before...]))
    #expect(account.requests == ["(unknown) (unknown)": 2])
    #expect(account.answers == ["(unknown) (unknown) 200": 1])
    #expect(account.outcomes == ["(unknown) (unknown) success": 1])
    #expect(account.unknown == ["(unknown) (unknown) 200": 1])
    #expect(account.isBalanced, "\(account.counters)")
  }

  /// Random segments that are looked at: ten million, or as many as are asked for.
  private static let randomSegments =
    ProcessInfo.processInfo.environment["WIRETALLY_SEGMENTS"].flatMap { Int($0) } ?? 10_000_000

  @Test func `of ten million random segments none is taken for frames`() {
    var random = SeededGenerator(seed: 20)
    var stage = FrameStage(limits: .file, seed: 3)
    var bytes = [UInt8](repeating: 0, count: (1 << 20) + 64)
    var segments = 0, found = 0
    while segments < Self.randomSegments {
      for offset in stride(from: 0, to: bytes.count, by: 8) {
        let word = random.next()
        for byte in 0..<8 { bytes[offset + byte] = UInt8(truncatingIfNeeded: word >> UInt64(8 * byte)) }
      }
      // Each byte begins a segment.
      let span = bytes.rawSpan
      for offset in 0..<(1 << 20)
      where stage.sender(span.extracting(offset..<offset + 64), length: 64) != nil {
        found += 1
      }
      segments += 1 << 20
    }
    print("random segments: \(segments), taken for frames: \(found)")
    #expect(found == 0)
  }

  @Test func `an ordinary header before random bytes is not taken for frames`() {
    var random = SeededGenerator(seed: 21)
    var stage = FrameStage(limits: .file, seed: 3)
    var bytes = [UInt8](repeating: 0, count: 64)
    var found = 0
    for _ in 0..<100_000 {
      for offset in stride(from: 0, to: 64, by: 8) {
        let word = random.next()
        for byte in 0..<8 { bytes[offset + byte] = UInt8(truncatingIfNeeded: word >> UInt64(8 * byte)) }
      }
      bytes.replaceSubrange(0..<9, with: [0, 0, 30, 1, 4, 0, 0, 0, 1])
      if stage.sender(bytes.rawSpan, length: 64) != nil { found += 1 }
    }
    #expect(found == 0)
  }

  @Test func `the table of streams does as a dictionary does`() {
    var random = SeededGenerator(seed: 8)
    var table = StreamTable(seed: random.next())
    var reference: [UInt32: UInt16] = [:]
    for _ in 0..<20_000 {
      let stream = UInt32.random(in: 1...400, using: &random) &* 2 &+ 1
      if let status = reference[stream] {
        #expect(table.find(stream)?.status == status)
        table.remove(stream)
        reference[stream] = nil
      } else {
        #expect(table.find(stream) == nil)
        var state = StreamState(stream: stream)
        state.status = UInt16.random(in: 1...999, using: &random)
        table.add(state)
        reference[stream] = state.status
      }
    }
    #expect(table.count == reference.count)
    for (stream, status) in reference { #expect(table.find(stream)?.status == status) }
  }

  /// Without a SYN a direction's first segments wait for what may be before them; all connections do at once.
  @Test(arguments: [Int.max, 1_448]) func `more segments than can wait lose nothing`(size: Int) {
    let connections = (0..<33).map { index in
      var frames = FrameDialogue(isIndexed: true, size: size, clientPort: 40_000 + UInt16(index))
      frames.begin()
      for stream: UInt32 in [1, 3, 5] { frames.get(stream, "/a") }
      for stream: UInt32 in [1, 3] { frames.answer(stream, body: 9_000) }
      frames.get(7, "/b")
      frames.answer(5, "404", body: 0)
      frames.answer(7, "503")
      return frames.talk.packets
    }
    // In turns, as they come: each connection's next segment after the others'.
    var packets: [Dialogue.Packet] = []
    for turn in 0..<(connections.map(\.count).max() ?? 0) {
      packets += connections.compactMap { turn < $0.count ? $0[turn] : nil }
    }
    for places in [5, 16, 100] {
      var limits = ExchangeLimits.file
      limits.heldSegments = places
      let account = Account(packets, limits: limits)
      #expect(account.requests == ["a.example /a": 99, "a.example /b": 33], "\(places) places")
      #expect(
        account.answers == ["a.example /a 200": 66, "a.example /a 404": 33, "a.example /b 503": 33],
        "\(places) places")
      #expect(account.counters.h2Resyncs == 0 && account.counters.skippedBytes == 0, "\(places) places")
      #expect(account.isBalanced, "\(places) places")
    }
  }
}
