// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTP2
import HeaderBlocks
import Testing

/// What decoding costs; printed, and asserted nowhere, since machines differ.
@Suite(.serialized) struct DecoderSpeedTests {
  private static let isAsked = ProcessInfo.processInfo.environment["WIRETALLY_MEASURE"] != nil
  private static let rounds = 2000

  /// The eight fields of a browser's request; the first ones vary.
  private static func browser(_ number: Int) -> [(String, String)] {
    [
      (":method", "GET"), (":scheme", "https"), (":authority", "shop.example"),
      (":path", "/item/\(number % 40)"),
      (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120 Safari/537.36"
      ), ("accept", "text/html,application/xhtml+xml"), ("accept-encoding", "gzip, deflate, br"),
      ("cookie", "sid=0123456789abcdef0123456789abcdef; theme=dark"),
    ]
  }

  private static func call(_: Int) -> [(String, String)] {
    [
      (":method", "POST"), (":scheme", "http"), (":authority", "shop.example"),
      (":path", "/helloworld.Greeter/SayHello"), ("content-type", "application/grpc"), ("te", "trailers"),
      ("user-agent", "grpc-python/1.85.3 grpc-c/51.0.0 (linux; chttp2)"),
      ("grpc-accept-encoding", "identity, deflate, gzip"),
    ]
  }

  /// Prints the best of twenty: a machine that others share only ever adds.
  private static func measure(_ what: String, _ blocks: [[UInt8]]) throws {
    let list = HeaderList()
    let clock = ContinuousClock()
    var best = Duration.seconds(1)
    for _ in 0..<20 {
      let decoder = HeaderDecoder(joinedLate: false)
      var accepted = 0
      let time = try clock.measure {
        for block in blocks {
          try decoder.decode(block.wire, into: list)
          accepted += list.total
        }
      }
      best = min(best, time / blocks.count)
      #expect(accepted == 8 * blocks.count)
    }
    let bytes = blocks.reduce(0) { $0 + $1.count } / blocks.count
    print("\(what), 8 fields in \(bytes) bytes: \(best) a block")
  }

  @Test(.enabled(if: isAsked, "measures a release build: WIRETALLY_MEASURE=1 swift test -c release"))
  func `what a block of eight fields costs`() throws {
    for (what, table, fields) in [
      ("browser, in the table", UInt32(4096), Self.browser), ("gRPC, in the table", 4096, Self.call),
      ("browser, Huffman literals", 0, Self.browser), ("gRPC, Huffman literals", 0, Self.call),
    ] as [(String, UInt32, (Int) -> [(String, String)])] {
      let encoder = try #require(Reference(table: table))
      let blocks = try (0..<Self.rounds).map { try #require(encoder.encode(fields($0))) }
      try Self.measure(what, blocks)
    }
  }

  @Test(.enabled(if: isAsked, "measures a release build: WIRETALLY_MEASURE=1 swift test -c release"))
  func `what the frames of a request cost`() throws {
    let encoder = try #require(Reference())
    var frames = FrameWriter()
    for number in 0..<Self.rounds {
      let block = try #require(encoder.encode(Self.browser(number)))
      frames.headers(UInt32(2 * number + 1), block, ends: true)
      frames.data(UInt32(2 * number + 1), 200)
    }
    let bytes = frames.bytes, list = HeaderList()
    let clock = ContinuousClock()
    for step in [1448, 65_536] {
      let chunks = stride(from: 0, to: bytes.count, by: step).map {
        Array(bytes[$0..<min($0 + step, bytes.count)])
      }
      var best = Duration.seconds(1)
      for _ in 0..<20 {
        let reader = FrameReader(sender: .client, from: .middle)
        reader.resume()
        var blocks = 0
        let time = clock.measure {
          for chunk in chunks {
            var offset = 0
            while true {
              let event = reader.next(chunk.wire, from: &offset, into: list)
              if event == .endOfChunk { break }
              if case .block = event { blocks += 1 }
            }
          }
        }
        #expect(blocks == Self.rounds)
        best = min(best, time / Self.rounds)
      }
      print("HEADERS of 8 fields and DATA of 200 bytes, in chunks of \(step) bytes: \(best)")
    }
  }

  @Test func `a decoder holds the same memory after its first blocks as after thousands`() throws {
    let encoder = try #require(Reference())
    let reader = FrameReader(sender: .client, from: .middle)
    reader.resume()
    let list = HeaderList()
    var memory: [Int] = []
    for number in 0..<5000 {
      var frames = FrameWriter()
      frames.headers(UInt32(2 * number + 1), try #require(encoder.encode(Self.browser(number))), ends: true)
      var reading = Reading()
      // A step that splits every header block.
      reading.read(reader, frames.bytes[...], step: 10, list)
      #expect(reading.texts.count == 1)
      memory.append(reader.memory)
    }
    #expect(memory[200...].allSatisfy { $0 == memory[200] })
    #expect(memory[200] < 16 * 1024)
  }
}
