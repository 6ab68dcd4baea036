// SPDX-License-Identifier: Apache-2.0
import Foundation
import Randomness

/// A capture file taken apart into its packets, to be put together in another order.
struct ShuffledFile {
  /// What stands before the packets: the file's header, or a section's blocks that are no packets.
  private var parts: [(head: [UInt8], packets: [[UInt8]])] = []

  init(_ path: String) throws {
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    if bytes.starts(with: [0x0a, 0x0d, 0x0d, 0x0a]) { readBlocks(bytes) } else { readRecords(bytes) }
  }

  /// The file with its packets in any order, some of them twice; sections stay where they are.
  func bytes(using random: inout SeededGenerator) -> [UInt8] {
    var all: [UInt8] = []
    for (head, packets) in parts {
      var mixed = packets
      for packet in packets where Int.random(in: 0..<4, using: &random) == 0 { mixed.append(packet) }
      mixed.shuffle(using: &random)
      all += head
      for packet in mixed { all += packet }
    }
    return all
  }

  private mutating func readRecords(_ bytes: [UInt8]) {
    let isSwapped = bytes[0] == 0xd4 || bytes[0] == 0x4d
    var packets: [[UInt8]] = []
    var offset = 24
    while offset + 16 <= bytes.count {
      let length = 16 + Int(Self.number(bytes, offset + 8, isSwapped))
      packets.append(Array(bytes[offset..<(offset + length)]))
      offset += length
    }
    parts = [(Array(bytes[..<24]), packets)]
  }

  private mutating func readBlocks(_ bytes: [UInt8]) {
    var offset = 0, isLittle = true
    while offset + 12 <= bytes.count {
      let isSection = bytes[offset..<(offset + 4)].elementsEqual([0x0a, 0x0d, 0x0d, 0x0a])
      if isSection {
        isLittle = bytes[offset + 8] == 0x4d
        parts.append(([], []))
      }
      let length = Int(Self.number(bytes, offset + 4, isLittle))
      let block = Array(bytes[offset..<(offset + length)])
      if Self.number(bytes, offset, isLittle) == 6 {
        parts[parts.count - 1].packets.append(block)
      } else {
        parts[parts.count - 1].head += block
      }
      offset += length
    }
  }

  private static func number(_ bytes: [UInt8], _ offset: Int, _ isLittle: Bool) -> UInt32 {
    let four = bytes[offset..<(offset + 4)]
    return (isLittle ? Array(four.reversed()) : Array(four)).reduce(0) { $0 << 8 | UInt32($1) }
  }
}
