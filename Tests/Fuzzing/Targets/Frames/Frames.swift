// SPDX-License-Identifier: Apache-2.0

import HTTP2
import HeaderBlocks
import Randomness
import Support
import System

/// Frames: events are the same however the bytes are cut; a gap anywhere stops nothing, and memory is bounded.
enum Frames: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<200).map { _ in
      func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
      let isClient = below(2) == 0
      var frames = FrameWriter()
      if isClient { frames.preface() }
      let sizes: [(UInt16, UInt32)] = [(1, UInt32(below(70_000))), (5, 16_384 + UInt32(below(1000)))]
      frames.settings(below(2) == 0 ? sizes : [])
      for step in BlockGenerator.sequence(&random, most: 6).steps {
        guard case .block(let block) = step else { continue }
        let stream = UInt32(2 * below(9) + 1)
        frames.headers(
          stream, Array(block.prefix(300)), ends: below(2) == 0, parts: 1 + below(4),
          padding: below(3) == 0 ? below(20) : nil, priority: below(3) == 0)
        switch below(6) {
        case 0: frames.data(stream, below(100))
        case 1: frames.reset(stream, UInt32(below(14)))
        case 2: frames.goAway(stream, UInt32(below(14)), debug: [1, 2, 3])
        case 3: frames.acknowledgement()
        case 4: frames.frame(8, stream: stream, [0, 0, 0, 1])
        default: frames.promise(stream, stream + 1, [0x82, 0x84])
        }
      }
      return [isClient ? 0 : 1, UInt8(below(256)), UInt8(below(256))] + frames.bytes
    }
  }

  // One thread uses it: libFuzzer runs one input at a time.
  nonisolated(unsafe) private static let list = HeaderList()

  static func test(_ input: RawSpan) {
    guard input.byteCount > 3 else { return }
    let bytes = input.slice(3, input.byteCount).array
    let sender: FrameSender = input.byte(0) & 1 == 0 ? .client : .server
    let step = Int(input.byte(1)) % 40 + 1
    let whole = FrameReader(sender: sender, from: .connection)
    let cut = FrameReader(sender: sender, from: .connection)
    let events = read(whole, bytes[...], step: bytes.count)
    expect(read(cut, bytes[...], step: step) == events, "events are the same in steps of \(step)")
    expect(whole.isInStep == cut.isInStep, "both are in step, or neither")
    follow(bytes, sender, gapAt: Int(input.byte(2)) * bytes.count / 256, of: step)
  }

  /// Reads with a gap, and from then on as somebody who joins late.
  private static func follow(_ bytes: [UInt8], _ sender: FrameSender, gapAt start: Int, of count: Int) {
    let reader = FrameReader(sender: sender, from: .connection)
    _ = read(reader, bytes[..<start], step: 50)
    let end = min(start + count, bytes.count)
    let isSkipped = reader.skippable >= end - start
    let inStep = reader.gap(end - start)
    expect(inStep || !isSkipped || end == start || start == 0, "a gap in what is skipped loses nothing")
    if !reader.isInStep { reader.resume() }
    _ = read(reader, bytes[end...], step: 50)
    expect(reader.memory <= 512 * 1024, "memory is bounded: \(reader.memory)")
  }

  /// All events, and what is known of each block.
  private static func read(_ reader: FrameReader, _ bytes: ArraySlice<UInt8>, step: Int) -> [String] {
    // As above.
    let list = unsafe Self.list
    var events: [String] = []
    var start = bytes.startIndex
    while start < bytes.endIndex {
      let chunk = Array(bytes[start..<min(start + step, bytes.endIndex)])
      var offset = 0
      while true {
        let event = unsafe reader.next(chunk.span.bytes, from: &offset, into: list)
        if event == .endOfChunk { break }
        var text = "\(event)"
        if case .block(let block) = event, block.outcome == .decoded {
          for index in 0..<list.count { text += " \(list[index].name) \(list.value(at: index).array)" }
        }
        events.append(text)
      }
      expect(offset == chunk.count, "the chunk is read")
      start += step
    }
    return events
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  Frames.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe Frames.run(bytes, count)
}
