// SPDX-License-Identifier: Apache-2.0
import Capture
import Conversations
import HTTP2
import HeaderBlocks
import System
import Testing

@testable import Exchanges

/// HTTP/2 that means harm: memory stays within its bound, a counter says what was met, and other connections are read.
@Suite struct HostileFrameTests {
  /// What an attack left behind.
  private struct Aftermath {
    var counters = ExchangeCounters()
    /// The most bytes that HTTP/2 connections held.
    var memory = 0
    /// Exchanges of an ordinary connection beside it, of which half came before the attack and half after it.
    var others = 0
  }

  /// Plays an attack between the two halves of an ordinary connection.
  private static func play(_ attack: [Dialogue.Packet], limits: ExchangeLimits? = nil) -> Aftermath {
    var ordinary = FrameDialogue(isIndexed: true, clientPort: 50_000)
    ordinary.open()
    var halves: [[Dialogue.Packet]] = []
    for stream: UInt32 in [1, 3] {
      ordinary.get(stream, "/ordinary")
      ordinary.answer(stream)
      halves.append(ordinary.talk.packets)
      ordinary.talk.packets = []
    }
    var tracker = ExchangeTracker(limits: limits ?? self.limits, depth: .streams, seed: 7)
    var after = Aftermath()
    var ports: [RequestIndex: UInt16] = [:]
    tracker.batch.isDetailed = true
    for packet in halves[0] + attack + halves[1] {
      tracker.process(packet.segment, packet.payload.rawSpan)
      after.memory = max(after.memory, tracker.frames.memory)
      for index in 0..<tracker.batch.count {
        let event = tracker.batch[index]
        guard let exchange = event.exchange else { continue }
        if event.kind == .request { ports[exchange] = tracker.batch.detail(index).client.port }
        if event.kind == .answered, ports[exchange] == 50_000 { after.others += 1 }
      }
      tracker.batch.clear()
    }
    tracker.finish()
    after.counters = tracker.counters
    return after
  }

  private static var limits: ExchangeLimits {
    var limits = ExchangeLimits()
    (limits.flows, limits.pendingRequests, limits.http2Connections) = (1_024, 4_096, 512)
    return limits
  }

  /// A connection on which a side sends `frames` in segments of 1,400 bytes, then the client asks once more.
  private static func attack(
    byServer: Bool = false, _ frames: (inout FrameWriter) -> Void,
    then rest: (inout FrameDialogue) -> Void = { _ in }
  ) -> [Dialogue.Packet] {
    var talk = FrameDialogue(size: 1_400)
    talk.open()
    talk.talk.step = 1_000
    if byServer { talk.server(frames) } else { talk.client(frames) }
    rest(&talk)
    return talk.talk.packets
  }

  private static func get(_ path: String = "/x") -> [UInt8] {
    var block = BlockWriter()
    block.indexed(2)
    block.indexed(6)
    block.literal(.plain, name: Array(":path".utf8), value: Array(path.utf8))
    block.literal(.plain, name: Array(":authority".utf8), value: Array("bad.example".utf8))
    return block.bytes
  }

  @Test(arguments: [0, 1, 1_000])
  func `a flood of CONTINUATION is bounded, and its block is not read`(size: Int) {
    let after = Self.play(
      Self.attack {
        $0.frame(1, stream: 1, Self.get())
        for _ in 0..<(size == 1_000 ? 4_000 : 30_000) {
          $0.frame(9, stream: 1, [UInt8](repeating: 0x82, count: size))
        }
        $0.frame(9, flags: 4, stream: 1)
        $0.headers(3, Self.get(), ends: true)
      })
    #expect(after.memory < 300_000 && after.others == 2, "\(after)")
    // 30,000 bytes are a block, though a foolish one; megabytes are none.
    #expect((after.counters.h2Resyncs > 0) == (size == 1_000), "\(after)")
    #expect(after.counters.requests >= 3, "\(after)")
  }

  @Test func `a block that expands to megabytes takes no more than a block's memory`() {
    let after = Self.play(
      Self.attack {
        var first = BlockWriter()
        first.raw(Self.get())
        first.literal(.inserted, name: Array("referer".utf8), value: [UInt8](repeating: 0x61, count: 4_000))
        $0.headers(1, first.bytes, ends: true, parts: 1)
        for stream: UInt32 in 1..<20 {
          var bomb = BlockWriter()
          bomb.raw(Self.get())
          for _ in 0..<12_000 { bomb.indexed(62) }
          $0.headers(2 * stream + 1, bomb.bytes, ends: true)
        }
      })
    #expect(after.memory < 400_000 && after.others == 2, "\(after)")
    #expect(after.counters.h2Resyncs == 0 && after.counters.requests == 22, "\(after)")
  }

  @Test func `sizes of tables are believed up to a bound, and games with them end the table`() {
    let after = Self.play(
      Self.attack {
        $0.settings([(1, .max)])
        for round: UInt32 in 0..<2_000 {
          var block = BlockWriter()
          for size in 0..<50 { block.tableSize(round.isMultiple(of: 2) ? size : 1 << 30) }
          block.raw(Self.get())
          $0.headers(2 * round + 1, block.bytes, ends: true)
        }
      } then: { talk in
        // The server's table, which the client's setting allows to be as large as it likes.
        talk.server { writer in
          for round: UInt32 in 0..<400 {
            var block = BlockWriter()
            if round == 0 { block.tableSize(1 << 30) }
            block.indexed(8)
            block.literal(
              .inserted, name: Array("x-\(round)".utf8), value: [UInt8](repeating: 0x61, count: 9_000))
            writer.headers(2 * round + 1, block.bytes, ends: true)
          }
        }
      })
    #expect(after.memory < 400_000 && after.others == 2, "\(after)")
    #expect(after.counters.h2Resyncs >= 1_000, "\(after)")
  }

  @Test func `rapid resets are aborted requests, and leave no stream behind`() {
    let after = Self.play(
      Self.attack {
        for stream: UInt32 in 0..<30_000 {
          $0.headers(2 * stream + 1, Self.get(), ends: true)
          $0.reset(2 * stream + 1, 8)
        }
      })
    #expect(after.counters.aborted == 30_000 && after.counters.requests == 30_002, "\(after)")
    #expect(after.memory < 20_000 && after.others == 2, "\(after)")
  }

  @Test func `floods of frames that say nothing are passed over`() {
    let after = Self.play(
      Self.attack {
        for round: UInt32 in 0..<5_000 {
          $0.settings([(3, round), (0x7fff, round)])
          $0.frame(6, [UInt8](repeating: 0, count: 8))
          $0.frame(8, stream: round, [0, 0, 0, 1])
          $0.frame(2, stream: 2 * round + 1, [0, 0, 0, 0, 1])
          $0.frame(0x77, stream: round, [1, 2, 3])
        }
        $0.settings((0..<2_000).map { ([1, 3, 4, 6][$0 % 4], UInt32($0)) })
        $0.headers(1, Self.get(), ends: true)
      })
    #expect(after.counters.requests == 3 && after.counters.h2Resyncs == 0, "\(after)")
    #expect(after.counters.otherSegments > 100 && after.memory < 20_000 && after.others == 2, "\(after)")
  }

  @Test(arguments: [UInt8(1), 4, 5, 9, 0x77])
  func `a frame of 16 MiB is a fault, after which frames are found again`(type: UInt8) {
    let after = Self.play(
      Self.attack {
        $0.headers(1, Self.get(), ends: true)
        $0.frame(
          type, flags: 4, stream: type == 4 ? 0 : 3, [UInt8](repeating: 0x2a, count: 20_000),
          length: 0xff_ffff)
      } then: { talk in
        for _ in 0..<2 { talk.client { $0.headers(5, Self.get("/found"), ends: true) } }
      })
    #expect(after.memory < 100_000 && after.others == 2, "\(after)")
    #expect(after.counters.h2Resyncs > 0 && after.counters.requests >= 4, "\(after)")
  }

  @Test func `streams up to the highest number are read, and no more than a table's wait`() {
    let after = Self.play(
      Self.attack {
        for index: UInt32 in 0..<5_000 { $0.headers(2 * index + 1, Self.get(), ends: true) }
        $0.headers(0x7fff_ffff, Self.get("/last"), ends: true)
        // No number is left: these are frames of streams that are over.
        $0.headers(0x7fff_fffd, Self.get(), ends: true)
        $0.headers(0xffff_ffff, Self.get(), ends: true)
      })
    #expect(after.counters.requests == 5_003, "\(after)")
    #expect(after.counters.evictedRequests == 5_001 - UInt64(StreamTable.most), "\(after)")
    #expect(after.memory < 300_000 && after.others == 2, "\(after)")
  }

  @Test func `pushes that nobody asked for are counted apart`() {
    let after = Self.play(
      Self.attack(byServer: true) {
        for index: UInt32 in 1..<10_000 {
          $0.promise(1, 2 * index, Self.get())
          $0.headers(2 * index, [0x88], ends: true)
        }
      })
    #expect(after.counters.pushPromises == 9_999 && after.counters.requests == 2, "\(after)")
    #expect(after.memory < 20_000 && after.others == 2, "\(after)")
  }

  @Test func `connections that fill their tables give way to each other within the memory of all`() {
    var limits = Self.limits
    limits.http2Bytes = 1 << 20
    var packets: [Dialogue.Packet] = []
    for port: UInt16 in 0..<60 {
      var talk = FrameDialogue(size: 1_400, clientPort: 20_000 + port)
      talk.open()
      // Each asks for a table of 64 KiB and fills it with what is kept.
      talk.server { $0.settings([(1, 1 << 16)]) }
      talk.client { writer in
        writer.acknowledgement()
        var size = BlockWriter()
        size.tableSize(1 << 16)
        for index: UInt32 in 0..<14 {
          var block = BlockWriter()
          if index == 0 { block.raw(size.bytes) }
          block.raw(Self.get())
          block.literal(
            .inserted, name: Array("referer".utf8),
            value: [UInt8](repeating: 0x61 + UInt8(index), count: 4_500))
          writer.headers(2 * index + 1, block.bytes, ends: true)
        }
      }
      packets += talk.talk.packets
    }
    let after = Self.play(packets, limits: limits)
    #expect(after.counters.evictedHTTP2 > 0, "\(after)")
    #expect(after.memory < limits.http2Bytes + 300_000 && after.others == 2, "\(after)")
  }
}
