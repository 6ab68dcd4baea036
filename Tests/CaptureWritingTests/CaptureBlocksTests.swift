// SPDX-License-Identifier: Apache-2.0
import Capture
import Foundation
import PcapCapture
import Randomness
import System
import Testing

@testable import CaptureWriting

/// What is written is read again as it was.
@Suite struct CaptureBlocksTests {
  /// A segment and what was captured of its payload, as a test compares them.
  struct Sample: Equatable {
    var time: UInt64
    var source: Endpoint
    var destination: Endpoint
    var numbers: [UInt32]
    var flags: UInt8
    var kind: UInt8
    var direction: UInt8
    var checksum: UInt8
    var payload: [UInt8]

    init(_ segment: borrowing Segment, _ bytes: RawSpan) {
      (time, source, destination) = (segment.time, segment.source, segment.destination)
      numbers = [
        segment.sequence, segment.acknowledgement, segment.payloadLength, segment.interface, segment.network,
      ]
      (flags, kind) = (segment.flags.rawValue, segment.kind.rawValue)
      (direction, checksum) = (segment.direction.rawValue, segment.checksum.rawValue)
      payload = (0..<bytes.byteCount).map { bytes.byte($0) }
    }
  }

  /// A segment that a capture may bring, and its captured payload.
  static func random(_ generator: inout SeededGenerator, time: UInt64) -> (Segment, [UInt8]) {
    func end() -> Endpoint {
      Bool.random(using: &generator)
        ? Endpoint(
          ipv4: .random(in: .min ... .max, using: &generator),
          port: .random(in: 1...65_535, using: &generator))
        : Endpoint(
          high: 0x20010db8_00000000, low: .random(in: .min ... .max, using: &generator),
          port: .random(in: 1...65_535, using: &generator))
    }
    let source = end()
    var destination = end()
    while destination.isIPv4 != source.isIPv4 { destination = end() }
    let captured = [0, 1, 17, 400, 1_460, 9_001].randomElement(using: &generator) ?? 0
    let missing = captured == 0 ? 0 : [0, 0, 5, 60_000, 1 << 20].randomElement(using: &generator) ?? 0
    let control: [UInt8] = [2, 18, 17, 4, 20]
    let flags = captured == 0 ? control.randomElement(using: &generator) ?? 2 : 24
    var segment = Segment(
      time: time, source: source, destination: destination,
      sequence: .random(in: .min ... .max, using: &generator),
      acknowledgement: .random(in: .min ... .max, using: &generator),
      payloadLength: UInt32(captured + missing), flags: Segment.Flags(rawValue: flags),
      kind: Segment.Kind(rawValue: .random(in: 0...2, using: &generator)) ?? .start,
      direction: Segment.Direction(rawValue: .random(in: 0...3, using: &generator)) ?? .unknown,
      interface: .random(in: 0...9, using: &generator))
    segment.network = .random(in: 0...3, using: &generator)
    segment.checksum = Segment.Checksum(rawValue: .random(in: 0...3, using: &generator)) ?? .unknown
    return (segment, (0..<captured).map { _ in .random(in: .min ... .max, using: &generator) })
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `what was queued is read again, field by field, whatever the ports are`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let queue = try SegmentQueue(WakePipe(), places: 64, room: 64 << 10)
    let path = NSTemporaryDirectory() + "wiretally-blocks-\(getpid())-\(seed).pcapng"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var bytes = CaptureBlocks.head(.init(program: "wiretally 1.2.3", source: "eth0", depth: .auto))
    var samples: [Sample] = []
    for number in 0..<300 as Range<UInt64> {
      let (segment, payload) = Self.random(&generator, time: 1_700_000_000_000_000_000 + number * 1_001)
      queue.add(segment, payload.rawSpan)
      var expected = Sample(segment, payload.rawSpan)
      expected.time += 7
      samples.append(expected)
      var blocks = CaptureBlocks()
      while queue.nextTime != nil { queue.take(into: &blocks, shift: 7) }
      #expect(blocks.packets == 1 && blocks.last == expected.time)
      bytes += blocks.bytes
    }
    #expect(queue.dropped == 0)
    #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
    let source = FileSource(paths: [path], ports: .http)
    #expect(try source.recordedDepth() == .auto)
    var found: [Sample] = []
    while true {
      let outcome = try source.receive(timeout: 0) { found.append(Sample($0, $1)) }
      if outcome == .ended { break }
    }
    #expect(found.count == samples.count)
    for (one, other) in zip(found, samples) { #expect(one == other) }
  }

  @Test func `checksums are right, but for those that were wrong`() throws {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<200 {
      var (segment, payload) = Self.random(&generator, time: 1)
      segment.payloadLength = UInt32(payload.count)
      let queue = try SegmentQueue(WakePipe(), places: 4, room: 64 << 10)
      queue.add(segment, payload.rawSpan)
      var blocks = CaptureBlocks()
      queue.take(into: &blocks, shift: 0)
      // The packet comes after the block's fixed fields and the cooked header.
      let packet = blocks.bytes[(28 + 20)...]
      let header = segment.source.isIPv4 ? 20 : 40
      let first = packet.startIndex + header
      let transport = Array(packet[first..<first + 20 + payload.count])
      var sum = InternetSum()
      sum.add(transport.rawSpan)
      sum.add(segment.source.high.bigEndian)
      sum.add(segment.source.low.bigEndian)
      sum.add(segment.destination.high.bigEndian)
      sum.add(segment.destination.low.bigEndian)
      sum.add(UInt64((6 << 16 | UInt32(transport.count)).bigEndian))
      #expect((sum.folded == 0xffff) == (segment.checksum != .wrong))
      guard segment.source.isIPv4 else { continue }
      var network = InternetSum()
      network.add(Array(packet[packet.startIndex..<first]).rawSpan)
      #expect(network.folded == 0xffff)
    }
  }

  @Test func `a recording of a depth that is not known is a foreign file`() throws {
    let path = NSTemporaryDirectory() + "wiretally-depth-\(getpid()).pcapng"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let queue = try SegmentQueue(WakePipe(), places: 4, room: 64 << 10)
    let segment = Segment(
      time: 1, source: Endpoint(ipv4: 1, port: 5_000), destination: Endpoint(ipv4: 2, port: 6_000),
      sequence: 1, acknowledgement: 1, payloadLength: 3, flags: .ack, kind: .start)
    queue.add(segment, Array("GET".utf8).rawSpan)
    var blocks = CaptureBlocks()
    queue.take(into: &blocks, shift: 0)
    let head = CaptureBlocks.head(.init(program: "wiretally", source: "eth0", depth: .auto))
    let place = try #require(head.indices.last { head[$0...].starts(with: "auto".utf8) })
    var unknown = head
    unknown[place] = UInt8(ascii: "A")
    for (bytes, isRecording) in [(head, true), (unknown, false)] {
      #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes + blocks.bytes)))
      let source = FileSource(paths: [path], ports: .http)
      #expect(try source.recordedDepth() == (isRecording ? .auto : nil))
      // What a recording holds was on a watched port.
      var found = 0
      while try source.receive(timeout: 0, { _, _ in found += 1 }) != .ended {}
      #expect(found == (isRecording ? 1 : 0))
    }
  }

  @Test func `a foreign file is no recording, nor is one that is cut in its header`() throws {
    let path = NSTemporaryDirectory() + "wiretally-foreign-\(getpid()).pcapng"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let head = CaptureBlocks.head(.init(program: "wiretally", source: "eth0", depth: .streams))
    for bytes in [Array(head.prefix(30)), Array(head.prefix(24)) + [0, 0, 0, 0], Array(head.prefix(4))] {
      #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
      #expect(try CaptureFile(path: path).recordedDepth == nil)
    }
    #expect(FileManager.default.createFile(atPath: path, contents: Data(head)))
    #expect(try CaptureFile(path: path).recordedDepth == .streams)
  }
}
