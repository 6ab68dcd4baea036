// SPDX-License-Identifier: Apache-2.0
import Capture
import Foundation
import Randomness
import System
import Testing

@testable import CaptureWriting

/// The queue between a worker and the thread that writes.
@Suite struct SegmentQueueTests {
  /// A segment whose numbers say which one it is.
  private static func segment(_ number: UInt32, _ count: Int) -> Segment {
    Segment(
      time: UInt64(number) + 1, source: Endpoint(ipv4: 1, port: 1), destination: Endpoint(ipv4: 2, port: 80),
      sequence: number, acknowledgement: 0, payloadLength: UInt32(count), flags: .ack, kind: .start)
  }

  private static func payload(_ number: UInt32, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: Int(number) &* 31 &+ $0) }
  }

  /// The numbers and payloads of the packets in a file's blocks.
  private static func read(_ blocks: CaptureBlocks) -> [(number: UInt32, payload: [UInt8])] {
    var packets: [(UInt32, [UInt8])] = []
    var start = 0
    func number(_ place: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(blocks.bytes[place + $1]) << ($1 * 8) }
    }
    while start < blocks.bytes.count {
      let captured = number(start + 20), first = start + 28
      let sequence = (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(blocks.bytes[first + 44 + $1]) }
      packets.append((sequence, Array(blocks.bytes[(first + 60)..<(first + captured)])))
      start += number(start + 4)
    }
    return packets
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `segments come out whole and in order, and those without room are counted`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let queue = try SegmentQueue(WakePipe(), places: 16, room: 1_000)
    var expected: [UInt32: [UInt8]] = [:]
    var number: UInt32 = 0, dropped: UInt64 = 0, last: UInt32?
    for _ in 0..<4_000 {
      if Bool.random(using: &generator) {
        let bytes = Self.payload(number, .random(in: 0...400, using: &generator))
        queue.add(Self.segment(number, bytes.count), bytes.rawSpan)
        if queue.dropped == dropped { expected[number] = bytes } else { dropped += 1 }
        #expect(queue.dropped == dropped)
        number += 1
      } else if queue.nextTime != nil {
        var blocks = CaptureBlocks()
        queue.take(into: &blocks, shift: 0)
        let packet = try #require(Self.read(blocks).first)
        #expect(last.map { $0 < packet.number } ?? true)
        last = packet.number
        #expect(expected.removeValue(forKey: packet.number) == packet.payload)
      }
      #expect(queue.waiting == expected.count)
    }
    #expect(dropped > 0 && number > 1_000)
  }

  @Test func `a queue that was emptied takes a payload as large as its room`() throws {
    let queue = try SegmentQueue(WakePipe(), places: 4, room: 100)
    for number in 0..<20 as Range<UInt32> {
      let bytes = Self.payload(number, number % 2 == 0 ? 100 : 30)
      queue.add(Self.segment(number, bytes.count), bytes.rawSpan)
      var blocks = CaptureBlocks()
      queue.take(into: &blocks, shift: 0)
      #expect(Self.read(blocks).map(\.payload) == [bytes])
    }
    #expect(queue.dropped == 0)
    queue.add(Self.segment(1, 101), Self.payload(1, 101).rawSpan)
    #expect(queue.dropped == 1)
  }

  @Test func `between two threads nothing is torn, and what has no room is counted`() throws {
    let queue = try SegmentQueue(WakePipe(), places: 64, room: 8_192)
    let total: UInt32 = 20_000
    Thread.detachNewThread {
      for number in 0..<total {
        let bytes = Self.payload(number, Int(number % 300))
        queue.add(Self.segment(number, bytes.count), bytes.rawSpan)
      }
    }
    var taken: UInt64 = 0, isWhole = true, isInOrder = true, last: UInt32?
    while taken + queue.dropped < total {
      guard queue.nextTime != nil else { continue }
      var blocks = CaptureBlocks()
      queue.take(into: &blocks, shift: 0)
      for packet in Self.read(blocks) {
        taken += 1
        if packet.payload != Self.payload(packet.number, Int(packet.number % 300)) { isWhole = false }
        if let last, last >= packet.number { isInOrder = false }
        last = packet.number
      }
    }
    #expect(isWhole && isInOrder && taken > 0)
  }

  @Test func `a reader that sleeps is awake as soon as something waits`() throws {
    let queue = try SegmentQueue(WakePipe(), places: 4, room: 100)
    #expect(queue.sleep())
    queue.add(Self.segment(1, 0), [UInt8]().rawSpan)
    #expect(!queue.sleep())
  }
}
