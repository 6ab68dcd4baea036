// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import HTTP1
import HTTP2
import HeaderBlocks
import System
import Testing

@testable import Exchanges

/// The HTTP/2 stage alone: chunks of a connection in, messages of its streams out.
@Suite struct FrameStageTests {
  private static let flow = FlowIndex(offset: 0)

  /// The stage with one connection, and where its directions stand.
  private struct Reader: ~Copyable {
    var stage = FrameStage(limits: .file, seed: 7)
    var next: [UInt32] = [100, 200]
    /// Requests that were added.
    var requests = 0

    init(first: FrameSender? = .client) {
      stage.begin(flow, requestsIn: .forward, first: first)
    }

    /// What a chunk comes to, step by step.
    mutating func read(_ sender: FrameSender, _ write: (inout FrameWriter) -> Void) -> [String] {
      var writer = FrameWriter()
      write(&writer)
      return read(sender, writer.bytes)
    }

    mutating func read(_ sender: FrameSender, _ bytes: [UInt8]) -> [String] {
      let side = sender == .client ? 0 : 1
      let chunk = Chunk(
        flow: flow, direction: sender == .client ? .forward : .backward, kind: .stream,
        hasAcknowledgement: true, sequence: next[side], acknowledgement: next[1 - side],
        length: UInt32(bytes.count), time: 9)
      next[side] &+= UInt32(bytes.count)
      var reading = ChunkReading(), steps: [String] = []
      guard let connection = stage.connection(of: flow) else { return ["no connection"] }
      while steps.count < 2_000 {
        switch connection.next(chunk, bytes.rawSpan, &reading, into: stage.fields) {
        case .endOfChunk:
          stage.noteRead(flow, connection)
          return steps
        case .noFrames(let isClients): return steps + ["no frames, client's: \(isClients)"]
        case .request(let request):
          if let ended = connection.makeRoom() { steps.append("makes room: \(text(ended))") }
          connection.add(request, RequestIndex(offset: requests))
          requests += 1
          let path = stage.fields.value(of: .path)
          let text = String(decoding: (0..<path.byteCount).map { path.byte($0) }, as: UTF8.self)
          steps.append("request \(request.stream) \(request.method) \(text)")
        case .interim(let status, let request): steps.append("interim \(status) of \(request?.offset ?? -1)")
        case .response(let response):
          steps.append("response" + (response.ended.map { ", \(text($0))" } ?? ""))
        case .unmatched(let status): steps.append("unmatched \(status)")
        case .ended(let ended): steps.append(text(ended))
        case .promise(let isRead): steps.append("promise \(isRead)")
        case .resync(let ended): steps.append("resync" + (ended.map { ", \(text($0))" } ?? ""))
        }
      }
      return steps
    }

    private func text(_ ended: EndedStream) -> String {
      "\(ended.request.index?.offset ?? -1) \(ended.end) \(ended.outcome) \(ended.status)"
        + (ended.isBodyKnown ? " \(ended.bodyBytes)" : "")
    }
  }

  private static func get(_ path: String) -> [UInt8] {
    var block = BlockWriter()
    block.indexed(2)
    block.indexed(6)
    block.literal(.plain, name: Array(":path".utf8), value: Array(path.utf8), isEncoded: true)
    return block.bytes
  }

  private static func status(_ status: String) -> [UInt8] {
    var block = BlockWriter()
    block.literal(.plain, name: Array(":status".utf8), value: Array(status.utf8), isEncoded: true)
    return block.bytes
  }

  @Test func `an exchange is a request, a response's head, and the end of its stream`() {
    var reader = Reader()
    let asked = reader.read(.client) {
      $0.preface()
      $0.settings()
      $0.headers(1, Self.get("/a"), ends: true)
      $0.headers(3, Self.get("/b"), ends: true)
    }
    #expect(asked == ["request 1 get /a", "request 3 get /b"])
    let answered = reader.read(.server) {
      $0.settings()
      $0.headers(3, Self.status("103"))
      $0.headers(3, Self.status("200"))
      $0.data(3, 40)
      $0.headers(1, Self.status("404"), ends: true)
      $0.data(3, 2, ends: true)
      $0.headers(5, Self.status("200"), ends: true)
    }
    #expect(
      answered == [
        "interim 103 of 1", "response", "response, 0 answered failure 404 0", "1 answered success 200 42",
        "unmatched 200",
      ])
  }

  @Test func `one GOAWAY ends all that it leaves out, one step each`() {
    var reader = Reader()
    _ = reader.read(.client) {
      $0.preface()
      $0.settings()
      for stream: UInt32 in [1, 3, 5, 7] { $0.headers(stream, Self.get("/"), ends: true) }
    }
    let steps = reader.read(.server) {
      $0.settings()
      $0.goAway(1, 0)
      $0.headers(1, Self.status("200"), ends: true)
    }
    #expect(Set(steps.dropLast()) == Set((1...3).map { "\($0) aborted success 0 0" }))
    #expect(steps.count == 4 && steps.last == "response, 0 answered success 200 0")
  }

  @Test func `a server's first frame without a client's preface is none`() {
    var reader = Reader(first: .server)
    let first = reader.read(.server) { $0.settings() }
    #expect(first == [])
    let second = reader.read(.client, Array("GET / HTTP/1.1\r\n\r\n".utf8))
    #expect(second == ["no frames, client's: true"])
  }

  @Test func `a full table makes room, and what was given up is not answered later`() {
    var reader = Reader()
    _ = reader.read(.client) {
      $0.preface()
      $0.settings()
    }
    var steps: [String] = []
    for index in 0...UInt32(StreamTable.most) {
      steps += reader.read(.client) { $0.headers(2 * index + 1, Self.get("/"), ends: true) }
    }
    let evicted = steps.filter { $0.hasPrefix("makes room") }
    #expect(evicted.count == 1 && evicted.allSatisfy { $0.hasSuffix("aborted success 0 0") })
    _ = reader.read(.server) { $0.settings() }
    var answers = 0
    for index in 0...UInt32(StreamTable.most) {
      answers += reader.read(.server) { $0.headers(2 * index + 1, Self.status("200"), ends: true) }.count
    }
    #expect(answers == StreamTable.most)
  }

  @Test func `a call is under way from its response's head on, and given up it is unknown`() {
    var reader = Reader()
    _ = reader.read(.client) {
      $0.preface()
      $0.settings()
      var block = BlockWriter()
      block.indexed(3)
      block.indexed(6)
      block.literal(.plain, name: Array(":path".utf8), value: Array("/s/m".utf8), isEncoded: true)
      block.literal(
        .plain, name: Array("content-type".utf8), value: Array("application/grpc".utf8), isEncoded: true)
      $0.headers(1, block.bytes)
    }
    let wasUnderWay = reader.stage.isUnderWay(Self.flow, 1)
    let head = reader.read(.server) {
      $0.settings()
      $0.headers(1, Self.status("200"))
    }
    let isUnderWay = reader.stage.isUnderWay(Self.flow, 1)
    #expect(!wasUnderWay && head == ["response"] && isUnderWay)
    let other = reader.stage.giveUp(RequestIndex(offset: 5), on: 1, of: Self.flow)
    let ended = reader.stage.giveUp(RequestIndex(offset: 0), on: 1, of: Self.flow)
    let again = reader.stage.giveUp(RequestIndex(offset: 0), on: 1, of: Self.flow)
    #expect(ended?.end == .unknown && ended?.hasResponse == true)
    #expect(other == nil && again == nil)
  }
}
