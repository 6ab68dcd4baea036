// SPDX-License-Identifier: Apache-2.0
import HTTP2
import HeaderBlocks
import Randomness
import Testing

/// Huffman strings, as the values of `:path`.
@Suite struct HuffmanDecoderTests {
  /// What some encoded bytes stand for; nil when they are refused.
  private static func decode(_ encoded: [UInt8], _ list: HeaderList) -> [UInt8]? {
    var block = BlockWriter()
    block.raw([0x04])
    block.integer(encoded.count, prefix: 7, 0x80)
    block.raw(encoded)
    let decoder = HeaderDecoder(joinedLate: false)
    return decoder.accepts(block.bytes, into: list) ? list.value(of: .path).array : nil
  }

  private static let symbols = Dictionary(
    uniqueKeysWithValues: (0...256).map { (HuffmanWriter.bits($0), $0) })

  /// The RFC's rules, a bit at a time.
  private static func plain(_ encoded: [UInt8]) -> [UInt8]? {
    var decoded: [UInt8] = [], pending: [Bool] = []
    for place in 0..<(8 * encoded.count) {
      pending.append(encoded[place / 8] >> UInt8(7 - place % 8) & 1 == 1)
      guard let symbol = symbols[pending] else { continue }
      if symbol == 256 { return nil }
      decoded.append(UInt8(symbol))
      pending = []
    }
    return pending.count < 8 && pending.allSatisfy { $0 } ? decoded : nil
  }

  @Test func `every byte is decoded, alone and between any two`() {
    let list = HeaderList()
    for byte in UInt8.min...UInt8.max {
      #expect(Self.decode(HuffmanWriter.encode([byte]), list) == [byte])
      for other in stride(from: 0, to: 256, by: 7) {
        let text = [UInt8(other), byte, UInt8(other), byte, byte]
        #expect(Self.decode(HuffmanWriter.encode(text), list) == text)
      }
    }
  }

  @Test func `strings of every length are decoded`() {
    let list = HeaderList()
    var random = SeededGenerator(seed: 5)
    for length in 0..<300 {
      for most in [UInt8(127), 255] {
        let text = (0..<length).map { _ in UInt8.random(in: 0...most, using: &random) }
        #expect(Self.decode(HuffmanWriter.encode(text), list) == text)
      }
    }
  }

  @Test func `any bytes mean what the code says, a bit at a time`() {
    let list = HeaderList()
    var random = SeededGenerator(seed: 6)
    var refused = 0
    for _ in 0..<3000 {
      var bytes = (0..<Int.random(in: 0..<12, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      // Long codes begin with ones.
      if Bool.random(using: &random), !bytes.isEmpty { bytes[0] = 0xff }
      if Bool.random(using: &random) { bytes.append(0xff) }
      let wanted = Self.plain(bytes)
      if wanted == nil { refused += 1 }
      #expect(Self.decode(bytes, list) == wanted, "\(bytes)")
    }
    #expect(refused > 300)
  }

  @Test func `the end-of-string symbol and padding that is no padding are refused`() {
    let list = HeaderList()
    for (bits, padding) in [
      (HuffmanWriter.bits(256), true), (HuffmanWriter.bits(97) + HuffmanWriter.bits(256), true),
      (HuffmanWriter.bits(97), false), (HuffmanWriter.bits(66), false),
    ] {
      #expect(Self.decode(HuffmanWriter.pack(bits, padding: padding), list) == nil)
    }
    let text = HuffmanWriter.encode(Array("a".utf8))
    #expect(Self.decode(text, list) == [97])
    #expect(Self.decode(text + [0xff], list) == nil)
    #expect(Self.decode([0xff], list) == nil)
    #expect(Self.decode([], list) == [])
  }
}
