// SPDX-License-Identifier: Apache-2.0

import Capture
import Glibc
import System
@testable import KernelCapture
import Randomness
import Support

/// A ring with any records in it: the reader delivers what the slow reference reads, and is after it afterwards.
enum RingRecords: FuzzTarget {
  private static let capacity = 4_096
  private static let page = Int(getpagesize())
  // One file in memory as the ring's pages, used by one thread.
  private static let file = MemoryFile.make(size: 2 * page + 2 * capacity)

  /// An input is a list of records: a size, what is odd about it, and its bytes.
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<150).map { _ in
      var bytes = [UInt8.random(in: 0...255, using: &random), UInt8.random(in: 0...255, using: &random)]
      for _ in 0..<Int.random(in: 0..<6, using: &random) {
        let length = Int.random(in: 0..<100, using: &random)
        bytes += [UInt8(length), UInt8.random(in: 0..<12, using: &random)]
        bytes += (0..<72 + length).map { $0 == 60 ? UInt8.random(in: 0..<4, using: &random) : UInt8($0) }
      }
      return bytes
    }
  }

  private struct Record: Equatable {
    var kind: UInt8
    var sequence: UInt32
    var ports: [UInt16]
    var length: UInt32
    var payload: [UInt8]
  }

  static func test(_ input: RawSpan) {
    var script = Script(input)
    let consumed = UInt64(script.number16() & 0xfff8)
    var data: [UInt8] = []
    var plain: [Record] = []
    var isOver = false
    var end = consumed
    while !script.isOver {
      let length = Int(script.byte()), odd = script.byte()
      // Sizes that the kernel writes, and now and then one that it does not.
      var body = script.take(72 + length)
      if odd == 1 { body = Array(body.prefix(Int(script.byte()) % 72)) }
      let room = (body.count + 15) & ~7
      guard data.count + room <= capacity else { break }
      var header = UInt32(body.count)
      if odd == 2 { header |= 1 << 30 }
      if odd == 3 { header |= 1 << 31 }
      if odd == 4 { header = UInt32(capacity * 2) }
      data += (0..<4).map { UInt8(header >> (8 * UInt32($0)) & 255) } + [0, 0, 0, 0] + body
      data += [UInt8](repeating: 0xee, count: (8 - data.count % 8) % 8)
      if isOver { continue }
      if odd == 3 || odd == 4 { isOver = true }
      if odd == 3 { continue }
      end = odd == 4 ? .max : consumed + UInt64(data.count)
      if odd != 2, odd != 4, let record = read(body) { plain.append(record) }
    }
    let produced = consumed + UInt64(data.count)
    if end == .max { end = produced }
    put(data, consumed, produced)
    guard
      let ring = try? RingMemory(Descriptor(dup(file)), capacity: capacity)
    else { return expect(false, "the ring can be mapped") }
    let reader = RingReader(ring: ring, clock: CaptureClock { nil }, life: CaptureLife())
    var records: [Record] = []
    var announced: [[UInt16]] = []
    let outcome = try? reader.receive(
      timeout: 0, ahead: { announced.append([$0.source.port, $0.destination.port]) }
    ) { segment, payload in
      records.append(
        Record(
          kind: segment.kind.rawValue, sequence: segment.sequence,
          ports: [segment.source.port, segment.destination.port], length: segment.payloadLength,
          payload: payload.array))
    }
    expect(records == plain, "both read the same records: \(records.count), \(plain.count)")
    // Kinds above 2 belong to no connection that is followed.
    expect(announced == plain.filter { $0.kind <= 2 }.map(\.ports), "all are announced: \(announced)")
    expect(outcome == .delivered(plain.count), "all are counted")
    expect(ring.consumed == end, "the reader is after what it read: \(ring.consumed), \(end)")
  }

  /// A record as the filter's header lays it out.
  private static func read(_ body: [UInt8]) -> Record? {
    // The kinds of segments; 3 is a fragment, which is none.
    guard body.count >= 72, body[60] <= 5, body[60] != 3 else { return nil }
    func number(_ at: Int, _ count: Int) -> UInt32 {
      body[at..<(at + count)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
    return Record(
      kind: body[60], sequence: number(40, 4), ports: [UInt16(number(56, 2)), UInt16(number(58, 2))],
      length: number(48, 4), payload: Array(body[72...].prefix(Int(number(48, 4)))))
  }

  /// Writes the positions, and the records into both of the data's mappings.
  private static func put(_ data: [UInt8], _ consumed: UInt64, _ produced: UInt64) {
    var pages = [UInt8](repeating: 0, count: 2 * capacity)
    for (index, byte) in data.enumerated() {
      let at = (Int(consumed) + index) % capacity
      pages[at] = byte
      pages[at + capacity] = byte
    }
    for (position, at) in [(consumed, 0), (produced, page)] {
      let bytes = (0..<8).map { UInt8(position >> (8 * UInt64($0)) & 255) }
      MemoryFile.write(bytes.span.bytes, to: file, at: at)
    }
    MemoryFile.write(pages.span.bytes, to: file, at: 2 * page)
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  RingRecords.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe RingRecords.run(bytes, count)
}
