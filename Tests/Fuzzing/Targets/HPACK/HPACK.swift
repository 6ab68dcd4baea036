// SPDX-License-Identifier: Apache-2.0

import HTTP2
import HeaderBlocks
import Randomness
import Support
import System

/// HPACK: libnghttp2 and this decoder accept the same blocks and read the same fields, and a decoder that joins late or
/// lost a block knows nothing wrong.
///
/// An input is steps: a setting, or a block with its length, then its bytes.
enum HPACK: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<300).map { _ in
      let sequence = BlockGenerator.sequence(&random, most: 8)
      return [UInt8.random(in: 0...255, using: &random)]
        + sequence.steps.flatMap { step -> [UInt8] in
          switch step {
          case .bound(let bytes):
            return [0, UInt8(bytes >> 16 & 0xff), UInt8(bytes >> 8 & 0xff), UInt8(bytes & 0xff)]
          case .block(let block):
            let block = block.prefix(1000)
            return [1, UInt8(block.count >> 8), UInt8(block.count & 0xff)] + block
          }
        }
    }
  }

  // One thread uses them: libFuzzer runs one input at a time.
  nonisolated(unsafe) private static let list = HeaderList()
  nonisolated(unsafe) private static let lateList = HeaderList()
  nonisolated(unsafe) private static let results = ReferenceResults()

  static func test(_ input: RawSpan) {
    // As above.
    let list = unsafe Self.list, lateList = unsafe Self.lateList, results = unsafe Self.results
    var script = Script(input)
    let join = Int(script.byte() & 7)
    guard let reference = Reference(results: results) else { fatalError("no memory") }
    let decoder = HeaderDecoder(joinedLate: false), late = HeaderDecoder(joinedLate: true)
    let lossy = HeaderDecoder(joinedLate: false)
    var number = 0
    while !script.isOver {
      if script.byte() == 0 {
        let bytes = UInt32(script.byte()) << 16 | UInt32(script.number16())
        expect(reference.setBound(bytes), "the reference takes a setting")
        for each in [decoder, late, lossy] { each.setBound(bytes, isAcknowledged: true) }
        continue
      }
      let block = script.take(Int(script.number16()))
      let fields = reference.decode(block)
      let isAccepted = decode(decoder, block, list)
      expect(isAccepted == (fields != nil), "both accept or both refuse: \(block)")
      guard let fields else { return }
      let difference = list.difference(from: fields)
      expect(difference == nil, "the fields are the same: \(difference ?? "")")
      if number >= join {
        expect(decode(late, block, lateList), "what is right is right for the late one")
        compare(lateList, list)
      }
      if number == join {
        lossy.clear()
      } else {
        expect(decode(lossy, block, lateList), "what is right is right after a loss")
        compare(lateList, list)
      }
      expect(decoder.memory <= 256 * 1024 && late.memory <= 256 * 1024, "memory is bounded")
      number += 1
    }
  }

  private static func decode(_ decoder: HeaderDecoder, _ block: [UInt8], _ list: HeaderList) -> Bool {
    do {
      // Bytes have no padding; the borrow ends with the call.
      try unsafe decoder.decode(block.span.bytes, into: list)
      return true
    } catch {
      return false
    }
  }

  /// What the late list knows is what the whole one has.
  private static func compare(_ lateList: HeaderList, _ list: HeaderList) {
    expect(lateList.total == list.total, "as many fields")
    for index in 0..<lateList.count {
      let field = lateList[index], wanted = list[index]
      if field.name == .unknown { continue }
      expect(
        field.name == wanted.name && field.nameLength == wanted.nameLength
          && field.valueLength == wanted.valueLength, "field \(index) is \(wanted), not \(field)")
      if field.hasValue, wanted.hasValue {
        expect(lateList.value(at: index).array == list.value(at: index).array, "the values are the same")
      }
    }
    let regular = (0..<list.count).first { !list[$0].name.isPseudo } ?? list.count
    for name in FieldName.allCases where name.isKept {
      // A pseudo-header field after another one makes a block malformed: its peer ends the stream.
      guard case .field(let index) = list.find(name), !name.isPseudo || index < regular else { continue }
      expect(lateList.find(name) != .absent, "\(name) is not absent")
    }
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  HPACK.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe HPACK.run(bytes, count)
}
