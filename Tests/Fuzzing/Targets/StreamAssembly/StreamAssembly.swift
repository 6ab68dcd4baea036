// SPDX-License-Identifier: Apache-2.0

import Capture
@testable import Exchanges
import Randomness
import Support
import System

/// The stage of streams alone, against a plain list of bytes: segments of two streams in any order, doubled and
/// overlapping, become chunks that hold each byte once and in order; what is held is given back.
enum StreamAssembly: FuzzTarget {
  private static let size = 12_000
  private static let flow = FlowIndex(offset: 0)

  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<200).map { _ in
      (0..<Int.random(in: 8..<200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
  }

  /// The stage and what it has given out so far.
  private struct Assembly: ~Copyable {
    var streams: StreamAssembler
    /// By direction: the first byte's number, and which bytes were read.
    var starts: [UInt32]
    var isRead = [[Bool]](repeating: [Bool](repeating: false, count: size), count: 2)
    var clock: UInt64 = 1

    init(_ limits: ExchangeLimits, isStreams: Bool, starts: [UInt32]) {
      streams = StreamAssembler(limits: limits, isStreams: isStreams, seed: 7)
      self.starts = starts
      let key = FlowKey(aHigh: 0, aLow: 1, bHigh: 0, bLow: 2, ports: 80)
      let made = streams.insert(key, hash: key.hash(FlowSecrets(seed: 7)))
      expect(made == flow, "the first flow has the first index")
    }

    static func content(_ direction: Direction, _ offset: Int) -> UInt8 {
      UInt8(truncatingIfNeeded: offset &* 7 &+ offset >> 8 &+ (direction == .forward ? 1 : 99))
    }

    func index(_ direction: Direction) -> Int { direction == .forward ? 0 : 1 }

    /// Takes a chunk that is to be read at its direction's next byte, or late.
    mutating func read(_ chunk: Chunk, _ bytes: RawSpan, isLate: Bool) {
      let offset = Int(chunk.sequence &- starts[index(chunk.direction)])
      for at in 0..<bytes.byteCount {
        expect(
          bytes.byte(at) == Self.content(chunk.direction, offset + at), "bytes are those of their numbers")
      }
      for at in offset..<offset + Int(chunk.length) {
        if !isLate { expect(!isRead[index(chunk.direction)][at], "byte \(at) is read once") }
        isRead[index(chunk.direction)][at] = true
      }
      if isLate {
        streams.receive(chunk)
      } else {
        expect(
          streams.position(of: flow, chunk.direction) == chunk.sequence, "chunks follow on one another")
        streams.advance(past: chunk)
      }
    }

    mutating func take(_ chunk: Chunk, _ bytes: RawSpan, _ placement: Placement) {
      switch placement {
      case .next, .first: read(chunk, bytes, isLate: false)
      case .overlap(let seen):
        let rest = chunk.dropping(seen)
        read(rest, bytes.slice(min(Int(seen), bytes.byteCount), bytes.byteCount), isLate: false)
      case .late: read(chunk, bytes, isLate: true)
      case .gap(let gap):
        if streams.position(of: flow, chunk.direction) != chunk.sequence { streams.jump(to: chunk, known: 0) }
        expect(gap > 0, "a gap has a size")
        read(chunk, bytes, isLate: false)
      case .duplicate: break
      case .held, .passedOver, .noRoom: expect(false, "\(placement) is nothing to read")
      }
    }

    mutating func drain(_ demand: Demand) {
      for direction in [Direction.forward, .backward] {
        while let first = streams.firstHeld(flow, direction),
          let placement = streams.placeHeld(flow, direction, for: demand), placement != .held
        {
          let held = streams.held(first), blocks = streams.heldBytes
          take(held.chunk, blocks.bytes(of: held.block, count: Int(held.captured)), placement)
          streams.removeFirstHeld(flow, direction)
        }
      }
      streams.settle(flow, isOver: true, at: clock)
      expect(streams.isWaiting(flow) == streams.hasHeld(flow), "what holds something waits, nothing else")
    }

    mutating func giveUp() {
      for direction in [Direction.forward, .backward] {
        _ = streams.resume(flow, direction)
        drain(.responses)
      }
    }

    mutating func arrive(_ chunk: Chunk, _ bytes: RawSpan, _ demand: Demand) {
      let placement = streams.place(chunk, bytes, for: demand, at: clock)
      switch placement {
      case .held, .passedOver: break
      case .noRoom:
        giveUp()
        take(chunk, bytes, streams.placeAtOnce(chunk))
      default: take(chunk, bytes, placement)
      }
      drain(demand)
    }
  }

  static func test(_ input: RawSpan) {
    var script = Script(input)
    var limits = ExchangeLimits()
    limits.flows = 2
    let isRoomy = script.flag(), isStreams = script.byte() & 3 != 0
    (limits.heldSegments, limits.heldPerDirection) = isRoomy ? (600, 300) : (6, 4)
    let bases: [UInt32] = [0, 0xffff_f000, 0x7fff_f000, 1_000]
    let starts = [bases[script.below(4)], bases[script.below(4)]]
    var assembly = Assembly(limits, isStreams: isStreams, starts: starts)
    let isOpen = script.flag()
    if isOpen {
      assembly.streams.open(flow, .forward, at: starts[0])
      assembly.streams.open(flow, .backward, at: starts[1])
    }
    var isSent = [[Bool]](repeating: [Bool](repeating: false, count: size), count: 2)
    var ends = [0, 0], sent = 0
    while !script.isOver, sent < 120 {
      let direction: Direction = script.flag() ? .forward : .backward
      let index = direction == .forward ? 0 : 1
      // Further on mostly, else anywhere before.
      let start = script.flag() ? ends[index] : script.below(ends[index] + 200)
      let length = min(
        script.byte() & 7 == 0 ? script.below(5_000) + 1 : Int(script.byte()) + 1, size - start)
      guard start < size, length > 0 else { break }
      for at in start..<start + length { isSent[index][at] = true }
      ends[index] = max(ends[index], start + length)
      let captured = script.byte() & 15 == 0 ? length / 2 : length
      let payload = (start..<start + captured).map { Assembly.content(direction, $0) }
      let chunk = Chunk(
        flow: flow, direction: direction, kind: .stream, hasAcknowledgement: false,
        sequence: starts[index] &+ UInt32(start), acknowledgement: 0, length: UInt32(length),
        time: assembly.clock)
      assembly.clock += 1
      assembly.arrive(chunk, payload.span.bytes, .requests)
      sent += 1
    }
    if isRoomy, isStreams, isOpen {
      for index in 0..<2 {
        let whole = isSent[index].firstIndex(of: false) ?? size
        let position = assembly.streams.position(of: flow, index == 0 ? .forward : .backward)
        expect(position.map { Int($0 &- starts[index]) >= whole } == true, "what came whole was read whole")
      }
    }
    // Each turn gives up one gap of each direction.
    var turns = 0
    while assembly.streams.hasHeld(flow) {
      assembly.giveUp()
      turns += 1
      expect(turns <= 600, "what is given up is read")
    }
    expect(assembly.streams.heldBytes.used == 0, "nothing is left")
    expect(assembly.streams.firstWaiting == nil, "nothing waits")
    for index in 0..<2 {
      for at in 0..<size where assembly.isRead[index][at] {
        expect(isSent[index][at], "byte \(at) was sent before it was read")
      }
    }
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  StreamAssembly.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe StreamAssembly.run(bytes, count)
}
