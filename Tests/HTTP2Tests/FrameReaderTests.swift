// SPDX-License-Identifier: Apache-2.0
import HTTP2
import HeaderBlocks
import Randomness
import Testing

extension FrameEvent {
  /// The header block that it is; nil for any other event.
  var block: HeaderBlock? {
    if case .block(let block) = self { block } else { nil }
  }
}

/// What a direction comes to: events, and the path or status of each decoded block.
struct Reading: Equatable {
  var events: [FrameEvent] = []
  var texts: [String] = []

  /// Reads bytes in chunks of `step` bytes, which lie in memory of their own.
  mutating func read(_ reader: FrameReader, _ bytes: ArraySlice<UInt8>, step: Int, _ list: HeaderList) {
    var start = bytes.startIndex
    while start < bytes.endIndex {
      let chunk = Array(bytes[start..<min(start + step, bytes.endIndex)])
      var offset = 0
      read(reader, chunk, &offset, list)
      start += step
    }
  }

  private mutating func read(
    _ reader: FrameReader, _ chunk: [UInt8], _ offset: inout Int, _ list: HeaderList
  ) {
    while true {
      let event = reader.next(chunk.wire, from: &offset, into: list)
      if event == .endOfChunk { return }
      events.append(event)
      if case .block(let block) = event, block.outcome == .decoded {
        texts.append("\(block.stream) \(list.text(.path) ?? list.text(.status) ?? "?")")
      }
    }
  }
}

@Suite struct FrameReaderTests {
  /// The header block of a request, inserted into the table once in four.
  private static func request(_ path: String, isInserted: Bool = false) -> [UInt8] {
    var block = BlockWriter()
    block.indexed(2)
    block.indexed(6)
    block.literal(isInserted ? .inserted : .plain, name: 4, value: Array(path.utf8), isEncoded: true)
    return block.bytes
  }

  /// A client's direction with frames of all kinds.
  private static func client() -> FrameWriter {
    var frames = FrameWriter()
    frames.preface()
    frames.settings([(1, 4096), (3, 100), (5, 16_384)])
    frames.frame(8, Array([0, 0, 0xff, 0xff]))
    frames.headers(1, request("/one", isInserted: true), ends: true, priority: true)
    frames.acknowledgement()
    frames.headers(3, request("/two"), parts: 4, padding: 7, priority: true)
    frames.data(3, 300)
    frames.frame(0, flags: 0x08, stream: 3, [9] + [UInt8](repeating: 0, count: 20))
    frames.data(3, 0, ends: true)
    frames.frame(2, stream: 5, [0, 0, 0, 3, 200])
    frames.headers(5, [0xbe, 0x82, 0x86], ends: true, padding: 0)
    frames.reset(5, 8)
    frames.frame(6, [UInt8](repeating: 1, count: 8))
    frames.frame(0xfe, flags: 0xff, stream: 77, [1, 2, 3])
    frames.goAway(2, 0, debug: Array("bye".utf8))
    return frames
  }

  private static let clientEvents: [FrameEvent] = {
    var settings = Settings()
    settings.tableSize = 4096
    settings.frameSize = 16_384
    func block(_ stream: UInt32, _ length: Int, ends: Bool) -> FrameEvent {
      var block = HeaderBlock(stream: stream)
      block.length = length
      block.endsStream = ends
      return .block(block)
    }
    return [
      .preface, .settings(settings), block(1, request("/one").count, ends: true), .settingsAcknowledged,
      block(3, request("/two").count, ends: false), .data(stream: 3, length: 300, endsStream: false),
      .data(stream: 3, length: 21, endsStream: false), .data(stream: 3, length: 0, endsStream: true),
      block(5, 3, ends: true), .reset(stream: 5, code: .cancel), .goAway(lastStream: 2, code: .noError),
    ]
  }()

  @Test func `events are the same however the bytes are cut`() {
    let bytes = Self.client().bytes
    let list = HeaderList()
    for step in Array(1...40) + [100, bytes.count] {
      let reader = FrameReader(sender: .client, from: .connection)
      var reading = Reading()
      reading.read(reader, bytes[...], step: step, list)
      #expect(reading.events == Self.clientEvents, "in steps of \(step)")
      #expect(reading.texts == ["1 /one", "3 /two", "5 /one"])
      #expect(reader.isInStep)
    }
  }

  @Test func `a gap within DATA loses nothing, and any other gap leads to nothing wrong`() {
    let bytes = Self.client().bytes
    let list = HeaderList()
    let wanted = Set(["1 /one", "3 /two", "5 /one", "5 ?"])
    var inStep = 0
    for start in 0..<bytes.count {
      for length in [1, 2, 5, 9, 40, 200] where start + length <= bytes.count {
        let reader = FrameReader(sender: .client, from: .connection)
        var reading = Reading()
        reading.read(reader, bytes[..<start], step: 64, list)
        let isPayload = reader.skippable >= length
        if reader.gap(length) { inStep += 1 }
        reading.read(reader, bytes[(start + length)...], step: 64, list)
        #expect(Set(reading.texts).isSubset(of: wanted), "\(length) bytes at \(start): \(reading.texts)")
        #expect(!isPayload || reading.events == Self.clientEvents)
      }
    }
    #expect(inStep > 500)
  }

  @Test func `after a lost header block its stream is known and the table is not`() throws {
    var frames = FrameWriter()
    frames.settings()
    frames.headers(1, Self.request("/lost", isInserted: true), ends: true)
    let start = FrameHeader.length + FrameHeader.length + 2
    frames.headers(3, [0xbe, 0x82], ends: true)
    let reader = FrameReader(sender: .client, from: .middle)
    let list = HeaderList()
    var reading = Reading()
    reader.resume()
    reading.read(reader, frames.bytes[..<start], step: 100, list)
    #expect(reader.gap(3))
    reading.read(reader, frames.bytes[(start + 3)...], step: 100, list)
    try #require(reading.events.count == 3)
    let lost = try #require(reading.events[1].block)
    let next = try #require(reading.events[2].block)
    #expect(lost.stream == 1 && lost.endsStream && lost.outcome == .lost)
    #expect(next.stream == 3 && next.outcome == .decoded && list.find(.path) == .unknown)
  }

  @Test func `a gap of unknown length, or across frames, waits for a frame's beginning`() throws {
    let bytes = Self.client().bytes
    let reader = FrameReader(sender: .client, from: .connection)
    let list = HeaderList()
    var reading = Reading()
    reading.read(reader, bytes[..<80], step: 80, list)
    #expect(!reader.gap(nil) && !reader.isInStep)
    reading = Reading()
    reading.read(reader, bytes[80...], step: 10, list)
    #expect(reading == Reading())
    reader.resume()
    var frames = FrameWriter()
    // The end of a block whose beginning is unknown, then one that refers to what it may have inserted.
    frames.frame(9, flags: 4, stream: 7, [0x40, 0x01])
    frames.headers(9, [0xbe, 0x82])
    reading.read(reader, frames.bytes[...], step: 10, list)
    #expect(reading.events.count == 2 && reading.texts == ["9 ?"])
    let first = try #require(reading.events[0].block)
    #expect(first.outcome == .lost && first.stream == 7)
  }

  /// What ends a connection (RFC 9113, sections 4 to 6), after the client's preface and SETTINGS.
  static let faults: [(name: String, frame: @Sendable (inout FrameWriter) -> Void, code: ErrorCode)] = [
    ("DATA on stream 0", { $0.data(0, 1) }, .protocolError),
    ("HEADERS on stream 0", { $0.headers(0, [0x82]) }, .protocolError),
    ("a client's HEADERS on an even stream", { $0.headers(2, [0x82]) }, .protocolError),
    ("padding longer than the payload", { $0.frame(1, flags: 0x0c, stream: 1, [2, 0x82]) }, .protocolError),
    ("no byte for the padding", { $0.frame(1, flags: 0x0c, stream: 1, []) }, .frameSizeError),
    ("no bytes for the priority", { $0.frame(1, flags: 0x24, stream: 1, [0, 0]) }, .frameSizeError),
    (
      "padding in the priority", { $0.frame(1, flags: 0x2c, stream: 1, [3, 0, 0, 0, 0, 0, 0]) },
      .protocolError
    ),
    ("CONTINUATION after nothing", { $0.frame(9, flags: 4, stream: 1, [0x82]) }, .protocolError),
    (
      "another frame within a block",
      {
        $0.frame(1, stream: 1, [0x82])
        $0.frame(8, [0, 0, 0, 1])
      }, .protocolError
    ),
    (
      "another stream's CONTINUATION",
      {
        $0.frame(1, stream: 1, [0x82])
        $0.frame(9, flags: 4, stream: 3, [0x82])
      }, .protocolError
    ),
    ("RST_STREAM of 5 bytes", { $0.frame(3, stream: 1, [0, 0, 0, 0, 0]) }, .frameSizeError),
    ("RST_STREAM on stream 0", { $0.reset(0, 8) }, .protocolError),
    ("SETTINGS on a stream", { $0.frame(4, stream: 1) }, .protocolError),
    ("SETTINGS of 5 bytes", { $0.frame(4, [0, 1, 0, 0, 0]) }, .frameSizeError),
    ("an acknowledgement with settings", { $0.frame(4, flags: 1, [0, 1, 0, 0, 0, 0]) }, .frameSizeError),
    ("ENABLE_PUSH of 2", { $0.settings([(2, 2)]) }, .protocolError),
    ("a window of 2 GiB", { $0.settings([(4, 1 << 31)]) }, .flowControlError),
    ("frames of 16,383 bytes", { $0.settings([(5, 16_383)]) }, .protocolError),
    ("frames of 16 MiB", { $0.settings([(5, 1 << 24)]) }, .protocolError),
    ("ENABLE_CONNECT_PROTOCOL of 2", { $0.settings([(8, 2)]) }, .protocolError),
    ("a client's PUSH_PROMISE", { $0.promise(1, 2, [0x82]) }, .protocolError),
    ("PING of 7 bytes", { $0.frame(6, [0, 0, 0, 0, 0, 0, 0]) }, .frameSizeError),
    ("PING on a stream", { $0.frame(6, stream: 1, [0, 0, 0, 0, 0, 0, 0, 0]) }, .protocolError),
    ("GOAWAY of 7 bytes", { $0.frame(7, [0, 0, 0, 0, 0, 0, 0]) }, .frameSizeError),
    ("GOAWAY on a stream", { $0.frame(7, stream: 1, [0, 0, 0, 0, 0, 0, 0, 0]) }, .protocolError),
    ("WINDOW_UPDATE of 3 bytes", { $0.frame(8, [0, 0, 1]) }, .frameSizeError),
    ("PRIORITY on stream 0", { $0.frame(2, [0, 0, 0, 3, 1]) }, .protocolError),
    ("a frame longer than allowed", { $0.frame(0, stream: 1, [], length: 16_385) }, .frameSizeError),
  ]

  @Test(arguments: faults.indices)
  func `a frame that ends the connection is noticed`(index: Int) {
    let fault = Self.faults[index]
    var frames = FrameWriter()
    frames.preface()
    frames.settings()
    fault.frame(&frames)
    for step in [1, 7, frames.bytes.count] {
      let reader = FrameReader(sender: .client, from: .connection)
      var reading = Reading()
      reading.read(reader, frames.bytes[...], step: step, HeaderList())
      #expect(reading.events.last == .outOfStep(fault.code), "\(fault.name)")
      #expect(!reader.isInStep)
    }
  }

  @Test func `a connection begins with the preface and SETTINGS`() {
    var late = FrameWriter()
    late.headers(1, [0x88])
    for (sender, bytes) in [
      (FrameSender.client, Array("GET / HTTP/1.1\r\n".utf8)), (.server, late.bytes), (.client, late.bytes),
    ] {
      let reader = FrameReader(sender: sender, from: .connection)
      var reading = Reading()
      reading.read(reader, bytes[...], step: 3, HeaderList())
      #expect(reading.events == [.outOfStep(.protocolError)])
    }
    let preface = Array("xPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    #expect(ConnectionPreface.match(preface.wire, from: 1) == 24)
    #expect(ConnectionPreface.match(preface[..<20].map { $0 }.wire, from: 1) == 19)
    #expect(ConnectionPreface.match(preface.wire, from: 0) == nil)
  }

  @Test func `a header block longer than the limit is given up, with its table`() throws {
    let list = HeaderList()
    for parts in [8, 70, 4000] {
      var frames = FrameWriter()
      frames.settings()
      var block = BlockWriter()
      block.literal(.inserted, name: 4, value: [UInt8](repeating: 0x61, count: 70_000))
      frames.headers(1, block.bytes, parts: parts)
      frames.headers(3, [0xbe, 0x82])
      let reader = FrameReader(sender: .client, from: .middle)
      reader.resume()
      var reading = Reading()
      reading.read(reader, frames.bytes[...], step: 1460, list)
      try #require(reading.events.count == 3, "\(parts) parts")
      let long = try #require(reading.events[1].block)
      #expect(long.outcome == .tooLong && reading.texts == ["3 ?"])
      #expect(reader.memory < 32 * 1024)
    }
  }

  @Test func `a flood of CONTINUATION frames holds no more than a block`() {
    let reader = FrameReader(sender: .client, from: .middle)
    reader.resume()
    var frames = FrameWriter()
    frames.frame(1, stream: 1, [0x82])
    for _ in 0..<5000 { frames.frame(9, stream: 1, [UInt8](repeating: 0x82, count: 1000)) }
    var reading = Reading()
    reading.read(reader, frames.bytes[...], step: 64 * 1024, HeaderList())
    #expect(reading.events.isEmpty && reader.isInStep)
    #expect(reader.memory < 160 * 1024)
  }

  @Test func `a refused block clears the table, and frames are read on`() throws {
    let reader = FrameReader(sender: .client, from: .middle)
    let list = HeaderList()
    reader.headers.setBound(4096, isAcknowledged: true)
    reader.resume()
    var frames = FrameWriter()
    frames.headers(1, Self.request("/one", isInserted: true))
    frames.headers(3, [0x80])
    frames.headers(5, [0xbe, 0x82])
    var reading = Reading()
    reading.read(reader, frames.bytes[...], step: 1000, list)
    #expect(reading.texts == ["1 /one", "5 ?"])
    let refused = try #require(reading.events[1].block)
    #expect(refused.outcome == .refused(.index))
  }

  @Test func `what the receiver announces holds from the acknowledgement on, its larger values at once`()
    throws
  {
    let list = HeaderList()
    var settings = Settings()
    settings.tableSize = 100
    settings.frameSize = 20_000
    let reader = FrameReader(sender: .server, from: .connection)
    reader.receiverAnnounced(settings)
    var frames = FrameWriter()
    frames.settings()
    frames.frame(0, stream: 1, [UInt8](repeating: 0, count: 20_000))
    // The old table is allowed still.
    frames.headers(1, [0x3f, 0xe1, 0x1f, 0x88])
    frames.acknowledgement()
    frames.headers(3, [0x88])
    var reading = Reading()
    reading.read(reader, frames.bytes[...], step: 5000, list)
    #expect(reading.texts == ["1 200"])
    let refused = try #require(reading.events.last?.block)
    #expect(refused.outcome == .refused(.tableSize))
    reader.receiverSettingsUnknown()
    #expect(reader.headers.bound == nil)
  }

  @Test func `a promised request is a block of its own kind`() throws {
    let reader = FrameReader(sender: .server, from: .connection)
    let list = HeaderList()
    var frames = FrameWriter()
    frames.settings()
    frames.promise(1, 2, Self.request("/pushed"))
    var reading = Reading()
    reading.read(reader, frames.bytes[...], step: 11, list)
    let block = try #require(reading.events.last?.block)
    #expect(block.isPromise && block.promised == 2 && block.stream == 1 && reading.texts == ["1 /pushed"])
  }

  @Test func `random frames neither stop the reader nor hold memory`() {
    var random = SeededGenerator(seed: 9)
    let list = HeaderList()
    for _ in 0..<300 {
      let reader = FrameReader(sender: Bool.random(using: &random) ? .client : .server, from: .middle)
      reader.resume()
      var frames = FrameWriter()
      for _ in 0..<50 {
        let count = Int.random(in: 0..<60, using: &random)
        let payload = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        frames.frame(
          UInt8.random(in: 0..<12, using: &random), flags: UInt8.random(in: 0...255, using: &random),
          stream: UInt32.random(in: 0..<6, using: &random), payload)
      }
      var reading = Reading()
      var start = 0
      while start < frames.bytes.count {
        let end = min(start + Int.random(in: 1..<200, using: &random), frames.bytes.count)
        if Int.random(in: 0..<9, using: &random) == 0 {
          reader.gap(end - start)
        } else {
          reading.read(reader, frames.bytes[start..<end], step: 1000, list)
        }
        if !reader.isInStep { reader.resume() }
        start = end
      }
      #expect(reader.memory < 300 * 1024)
    }
  }
}
