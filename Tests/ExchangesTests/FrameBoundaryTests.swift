// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import Exchanges
import HTTP2
import HeaderBlocks
import System
import Testing

/// HTTP/2 at depth `auto` with a filter that passes DATA over: what it asks, and what it leaves out.
@Suite struct FrameBoundaryTests {
  final class Answers { var all: [(isServers: Bool, boundary: UInt32)] = [] }

  private static func tracker(_ answers: Answers = Answers()) -> ExchangeTracker {
    var tracker = ExchangeTracker(limits: ExchangeLimits(), depth: .auto, seed: 7)
    tracker.answer = { (segment: borrowing Segment, boundary: UInt32) in
      answers.all.append((segment.source.port == 80, boundary))
    }
    return tracker
  }

  /// Exchanges with bodies both ways, in segments of `size` bytes.
  private static func conversation(size: Int) -> [Dialogue.Packet] {
    var frames = FrameDialogue(isIndexed: true, size: size)
    frames.begin()
    for stream: UInt32 in [1, 3, 5] {
      let fields = frames.block(
        fromClient: true,
        [(":method", "POST"), (":scheme", "http"), (":path", "/up"), (":authority", "a.example")])
      frames.client {
        $0.headers(stream, fields, parts: 3)
        for _ in 0..<4 { $0.data(stream, 3_000) }
        $0.data(stream, 2_000, ends: true)
      }
      frames.answer(stream, body: 7_000)
    }
    return frames.talk.packets
  }

  /// The numbers at which a direction's frames begin.
  private static func boundaries(_ packets: [Dialogue.Packet], ofServer: Bool) -> Set<UInt32> {
    let parts = packets.filter { ($0.segment.source.port == 80) == ofServer }
    let bytes = parts.flatMap(\.payload), start = parts[0].segment.sequence
    var offset = ofServer ? 0 : ConnectionPreface.length
    var found: Set<UInt32> = []
    while offset + 3 <= bytes.count {
      found.insert(start &+ UInt32(offset))
      offset += 9 + (Int(bytes[offset]) << 16 | Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2]))
    }
    found.insert(start &+ UInt32(offset))
    return found
  }

  @Test(arguments: [7, 100, 1_000, 100_000])
  func `each answer is where a frame begins`(size: Int) {
    let answers = Answers()
    var tracker = Self.tracker(answers)
    let packets = Self.conversation(size: size)
    let places = [false, true].map { Self.boundaries(packets, ofServer: $0) }
    for packet in packets {
      var segment = packet.segment
      segment.question = 9
      let before = answers.all.count
      tracker.process(segment, packet.payload.rawSpan)
      tracker.batch.clear()
      for answer in answers.all[before...] {
        #expect(places[answer.isServers ? 1 : 0].contains(answer.boundary))
        #expect(Int32(bitPattern: answer.boundary &- (segment.sequence &+ segment.payloadLength)) >= 0)
      }
    }
    // Not within a header, nor before it is sure that these are frames.
    #expect(tracker.counters.exchanges == 3 && answers.all.count > packets.count * 3 / 4)
  }

  @Test func `nothing is answered where frames are out of step, unknown, or not asked for`() {
    let answers = Answers()
    var tracker = Self.tracker(answers)
    let packets = Self.conversation(size: 1_000)
    for packet in packets { tracker.process(packet.segment, packet.payload.rawSpan) }
    #expect(answers.all.isEmpty)
    var other = Dialogue(clientPort: 50_000)
    other.ask(get("/a"))
    other.answer(ok("a"))
    for var packet in other.packets {
      packet.segment.question = 1
      tracker.process(packet.segment, packet.payload.rawSpan)
    }
    // The client's frames are lost: what follows makes no sense at this place.
    var lost = packets[0]
    lost.segment.question = 1
    lost.segment.sequence = packets.filter { $0.segment.source.port != 80 }.reduce(1_000) {
      $0 &+ UInt32($1.payload.count)
    }
    lost.payload = [UInt8](repeating: 0xff, count: 40)
    lost.segment.payloadLength = 40
    tracker.process(lost.segment, lost.payload.rawSpan)
    #expect(answers.all.isEmpty)
  }

  /// The packets as the filter passes them: of DATA of 512 bytes or more the header alone.
  private static func passed(_ packets: [Dialogue.Packet]) -> [Dialogue.Packet] {
    var frames = [FrameCutter(skip: ConnectionPreface.length), FrameCutter(skip: 0)]
    return packets.flatMap { packet in
      frames[packet.segment.source.port == 80 ? 1 : 0].pieces(packet)
    }
  }

  @Test(arguments: [100, 1_000, 4_000, 100_000])
  func `what the filter leaves out of DATA changes no total and delays nothing`(size: Int) {
    let packets = Self.conversation(size: size)
    let passed = Self.passed(packets)
    #expect(passed.reduce(0) { $0 + $1.payload.count } < 2_000)
    var tracker = Self.tracker()
    for packet in passed {
      tracker.process(packet.segment, packet.payload.rawSpan)
      tracker.batch.clear()
    }
    // Before anything is given up that waits for missing bytes.
    #expect(tracker.counters.requests == 3 && tracker.counters.exchanges == 3, "\(tracker.counters)")
    let account = Account(passed, depth: .auto, limits: ExchangeLimits())
    #expect(account.totals == Account(packets).totals && account.isBalanced)
    #expect(account.counters.h2Resyncs == 0 && account.counters.skippedBytes == 0)
  }

  @Test(arguments: [1_000, 4_000])
  func `records may overtake one another`(size: Int) {
    let packets = Self.conversation(size: size)
    let passed = Self.passed(packets)
    for index in 4..<passed.count - 1 {
      var swapped = passed
      swapped.swapAt(index, index + 1)
      var tracker = Self.tracker()
      for packet in swapped {
        tracker.process(packet.segment, packet.payload.rawSpan)
        tracker.batch.clear()
      }
      #expect(tracker.counters.exchanges == 3 && tracker.counters.h2Resyncs == 0, "\(size), \(index)")
    }
  }

  @Test func `an end after DATA that was left out delays no answer`() {
    var frames = FrameDialogue(isIndexed: true, size: 1_000)
    frames.begin()
    let fields = frames.block(
      fromClient: true,
      [(":method", "PUT"), (":scheme", "http"), (":path", "/up"), (":authority", "a.example")])
    frames.client {
      $0.headers(1, fields)
      $0.data(1, 9_000, ends: true)
    }
    frames.talk.finish(byClient: true)
    frames.answer(1, "201")
    var tracker = Self.tracker()
    for packet in Self.passed(frames.talk.packets) {
      tracker.process(packet.segment, packet.payload.rawSpan)
      tracker.batch.clear()
    }
    #expect(tracker.counters.exchanges == 1 && tracker.counters.aborted == 0, "\(tracker.counters)")
  }
}

/// One direction's filter: passes frames, and of long DATA the header.
private struct FrameCutter {
  /// Bytes before the next header.
  var skip: Int
  var isData = false
  var header: [UInt8] = []

  init(skip: Int) { self.skip = skip }

  mutating func pieces(_ packet: Dialogue.Packet) -> [Dialogue.Packet] {
    guard !packet.payload.isEmpty else { return [packet] }
    var pieces: [Dialogue.Packet] = []
    var offset = 0, begin: Int?
    /// Ends a piece that answers for all up to `end`.
    func end(_ end: Int, captured: Int) {
      guard let first = begin else { return }
      var piece = packet
      piece.segment.sequence &+= UInt32(first)
      piece.segment.payloadLength = UInt32(end - first)
      piece.payload = Array(packet.payload[first..<captured])
      pieces.append(piece)
      begin = nil
    }
    while offset < packet.payload.count {
      let count = min(skip, packet.payload.count - offset)
      if skip > 0 {
        if isData { end(offset + count, captured: offset) } else if begin == nil { begin = offset }
        offset += count
        skip -= count
        continue
      }
      isData = false
      if begin == nil { begin = offset }
      header.append(packet.payload[offset])
      offset += 1
      guard header.count == 9 else { continue }
      skip = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
      isData = header[3] == 0 && skip >= 512
      header = []
    }
    end(packet.payload.count, captured: packet.payload.count)
    return pieces
  }
}
