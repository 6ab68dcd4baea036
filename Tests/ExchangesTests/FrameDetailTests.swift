// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import HeaderBlocks
import System
import Testing
import Text

@testable import Exchanges

/// What a reader of single exchanges gets of HTTP/2.
@Suite struct FrameDetailTests {
  /// Kind, method, target, referer, user agent, version and body of each event, in order.
  static func details(_ frames: FrameDialogue) -> [String] {
    var tracker = ExchangeTracker(limits: .file, depth: .streams, seed: 7)
    tracker.batch.isDetailed = true
    for packet in frames.talk.packets { tracker.process(packet.segment, packet.payload.rawSpan) }
    tracker.finish()
    func text(_ range: NameRange) -> String {
      let bytes = tracker.batch.names.bytes(start: Int(range.start), count: Int(range.count))
      return String(decoding: (0..<bytes.byteCount).map { bytes.byte($0) }, as: UTF8.self)
    }
    return (0..<tracker.batch.count).map { index in
      let event = tracker.batch[index], detail = tracker.batch.detail(index)
      let body = detail.isBodyKnown ? "\(detail.bodyBytes)" : "-"
      return switch event.kind {
      case .request:
        "request \(text(event.methodName)) \(text(detail.target)) \(text(detail.referer)) "
          + "\(text(detail.userAgent)) \(detail.major).\(detail.minor) to \(detail.server.port)"
      default: "\(event.kind) \(event.status) \(body) of \(detail.server.port)"
      }
    }
  }

  @Test func `a request has its target, its fields and its version, a response its body`() {
    var frames = FrameDialogue()
    frames.open()
    let fields = frames.block(
      fromClient: true,
      [
        (":method", "BREW"), (":scheme", "http"), (":path", "/pot?x=1"), (":authority", "a.example"),
        ("referer", "http://b.example/"), ("user-agent", "t/1"),
      ])
    frames.client { $0.headers(1, fields, ends: true) }
    let early = frames.block(fromClient: false, [(":status", "103")])
    frames.server { $0.headers(1, early) }
    frames.answer(1, body: 40)
    #expect(
      Self.details(frames) == [
        "request BREW /pot?x=1 http://b.example/ t/1 2.0 to 80", "interim 103 - of 80",
        "answered 200 40 of 80",
      ])
  }

  /// It is over with its head: of the body that follows nothing is waited for.
  @Test(
    arguments: [
      ("GET", "197", "197"), ("GET", nil, "-"), ("GET", "nine", "-"), ("HEAD", "197", "-"),
      ("GET", "9999999999999999999", "-"),
    ] as [(String, String?, String)])
  func `a failure's body is as long as its head says, or nobody knows`(
    method: String, length: String?, body: String
  ) {
    var frames = FrameDialogue()
    frames.open()
    let fields = frames.block(
      fromClient: true,
      [(":method", method), (":scheme", "http"), (":path", "/x"), (":authority", "a.example")])
    frames.client { $0.headers(1, fields, ends: true) }
    let head = frames.block(
      fromClient: false, [(":status", "503")] + (length.map { [("content-length", $0)] } ?? []))
    frames.server {
      $0.headers(1, head)
      $0.data(1, 197, ends: true)
    }
    #expect(Self.details(frames).last == "answered 503 \(body) of 80")
  }

  @Test func `a tunnel's target is its authority`() {
    var frames = FrameDialogue()
    frames.open()
    let fields = frames.block(fromClient: true, [(":method", "CONNECT"), (":authority", "c.example:443")])
    frames.client { $0.headers(1, fields) }
    #expect(
      Self.details(frames) == ["request  c.example:443   2.0 to 80", "inFlight 0 - of 0"])
  }
}
