// SPDX-License-Identifier: Apache-2.0
package import Randomness

/// The header blocks of one direction of a connection, with the decoder's settings between them.
package struct BlockSequence: Sendable {
  package enum Step: Sendable {
    case block([UInt8])
    /// SETTINGS_HEADER_TABLE_SIZE, acknowledged.
    case bound(UInt32)
  }

  package var steps: [Step] = []

  package init() {}
}

/// Makes sequences of blocks: mostly well-formed, in every representation, with faults and damage in some.
package struct BlockGenerator {
  package static let names = [
    ":authority", ":method", ":path", ":scheme", ":status", ":protocol", "host", "content-type",
    "content-length", "user-agent", "referer", "grpc-status", "grpc-message", "accept", "cookie", "x-trace",
    "x", "te", "grpc-encoding", "x-request-id", "grpc-timeout", "content-lengthy", ":pathx",
  ]

  private var random: SeededGenerator
  // What an encoder knows of the table, so that most indices are right: sizes of entries, newest first.
  private var entries: [Int] = []
  private var size = 0
  private var maximum = 4096
  private var bound = 4096
  private var demanded = false

  package init(_ random: SeededGenerator) { self.random = random }

  /// A sequence of up to `most` blocks.
  package static func sequence(_ random: inout SeededGenerator, most: Int) -> BlockSequence {
    var generator = BlockGenerator(random)
    let sequence = generator.sequence(most: most)
    random = generator.random
    return sequence
  }

  private mutating func sequence(most: Int) -> BlockSequence {
    var sequence = BlockSequence()
    let hasFaults = below(4) == 0
    for _ in 0..<(1 + below(most)) {
      if below(12) == 0 {
        // Once between two blocks: what several come to, implementations see differently.
        bound = [0, 31, 100, 256, 4096, 16_384, 65_536, below(5000)][below(8)]
        sequence.steps.append(.bound(UInt32(bound)))
        demanded = bound < maximum
      }
      var bytes = block()
      if hasFaults, below(6) == 0 { damage(&bytes) }
      sequence.steps.append(.block(bytes))
    }
    return sequence
  }

  private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }

  private mutating func block() -> [UInt8] {
    var writer = BlockWriter()
    if demanded || below(20) == 0 {
      for _ in 0..<(1 + below(3) / 2) {
        resize(to: [bound, bound, below(bound + 1), 0][below(4)])
        writer.tableSize(maximum)
      }
      demanded = false
    }
    let count = below(30) == 0 ? below(300) : below(14)
    for _ in 0..<count { field(&writer) }
    return writer.bytes
  }

  private mutating func field(_ writer: inout BlockWriter) {
    let kind = BlockWriter.Literal.allCases[below(4) % 3]
    let isEncoded = below(2) == 0
    switch below(8) {
    case 0, 1: writer.indexed(1 + below(61))
    case 2, 3, 4:
      if entries.isEmpty { return writer.indexed(1 + below(61)) }
      writer.indexed(62 + below(entries.count))
    case 5:
      let index = 1 + below(61 + entries.count)
      let value = value()
      writer.literal(kind, name: index, value: value, isEncoded: isEncoded)
      // A static name's length matters to the table.
      let length = index <= 61 ? StaticNames.lengths[index - 1] : entries[index - 62] >> 32
      if kind == .inserted { insert(name: length, value: value.count) }
    default:
      let name = name()
      let value = value()
      writer.literal(kind, name: name, value: value, isEncoded: isEncoded)
      if kind == .inserted { insert(name: name.count, value: value.count) }
    }
  }

  private mutating func name() -> [UInt8] {
    if below(20) == 0 { return (0..<below(40)).map { _ in UInt8(below(256)) } }
    return Array(Self.names[below(Self.names.count)].utf8)
  }

  private mutating func value() -> [UInt8] {
    let length = below(40) == 0 ? below(5000) : below(30)
    if below(4) == 0 { return (0..<length).map { _ in UInt8(below(256)) } }
    return (0..<length).map { _ in UInt8(ascii: "a") + UInt8(below(26)) }
  }

  // An entry is its name's length in the high half, its size in the low one.
  private mutating func insert(name: Int, value: Int) {
    let bytes = 32 + name + value
    while size + bytes > maximum, let last = entries.popLast() { size -= last & 0xffff_ffff }
    guard bytes <= maximum else { return }
    entries.insert(name << 32 | bytes, at: 0)
    size += bytes
  }

  private mutating func resize(to bytes: Int) {
    maximum = bytes
    while size > maximum, let last = entries.popLast() { size -= last & 0xffff_ffff }
  }

  private mutating func damage(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return bytes.append(UInt8(below(256))) }
    switch below(6) {
    case 0: bytes.removeLast(1 + below(min(bytes.count, 8)))
    case 1: bytes[below(bytes.count)] = UInt8(below(256))
    case 2: bytes[below(bytes.count)] ^= 1 << UInt8(below(8))
    case 3: bytes.insert(UInt8(below(256)), at: below(bytes.count))
    case 4:
      var writer = BlockWriter()
      writer.indexed([0, 62 + entries.count, 62 + entries.count + below(1000), 1 << 40][below(4)])
      bytes += writer.bytes
    default:
      // A string that ends badly: the end-of-string symbol, too much padding, or padding of zeros.
      var bits = (0..<below(6)).flatMap { _ in HuffmanWriter.bits(97 + below(26)) }
      let isZero = below(3) == 0
      if below(2) == 0 { bits += HuffmanWriter.bits(256) }
      var encoded = HuffmanWriter.pack(bits, padding: !isZero)
      if below(2) == 0 { encoded.append(0xff) }
      bytes += [0x00, 0x01, 0x78, 0x80 | UInt8(encoded.count)] + encoded
    }
  }
}
