// SPDX-License-Identifier: Apache-2.0

/// The Huffman decoder: twelve bits select one or two symbols at once, codes longer than that are found by length.
///
///     bits:  b11 ............ b0          entry: | second | first | count | bits of first | bits |
///            one or two whole codes                     8       8       4          4         8
///
/// One for all decoders, built from `HuffmanCode` at first use and never written after.
@safe
final class HuffmanDecoder: @unchecked Sendable {
  static let shared = HuffmanDecoder()

  /// Bits that select an entry.
  private static let width = 12

  /// The meaning of the next twelve bits, as one number: the next look-up waits for this one's bits, which are lowest.
  private struct Entry: BitwiseCopyable {
    private var word: UInt32 = 0

    init() {}

    init(symbols: UInt16, count: Int, all: Int, first: Int) {
      word = UInt32(symbols) << 16 | UInt32(count << 12 | first << 8 | all)
    }

    /// One or two symbols, the first one in the low byte.
    var symbols: UInt16 { UInt16(truncatingIfNeeded: word &>> 16) }
    /// The number of symbols; 0 when the code is longer than twelve bits.
    var count: Int { Int(word &>> 12 & 15) }
    /// Bits of all symbols.
    var all: Int { Int(word & 255) }
    /// Bits of the first symbol.
    var first: Int { Int(word &>> 8 & 15) }
    /// Whether the code is longer than twelve bits.
    var isLong: Bool { word == 0 }
  }

  /// The codes of one length longer than twelve bits.
  private struct Length: BitwiseCopyable {
    /// The first code.
    var code: UInt64 = 0
    /// The number of codes.
    var count: UInt64 = 0
    /// Where their symbols begin in `symbols`.
    var start = 0
  }

  // Written in init alone, so that threads may share them.
  private let entries: RecordArray<Entry>
  private let lengths: RecordArray<Length>
  private let symbols: RecordArray<UInt16>

  private init() {
    entries = RecordArray(capacity: 1 << Self.width, filledWith: Entry())
    lengths = RecordArray(capacity: HuffmanCode.longest + 1, filledWith: Length())
    symbols = RecordArray(capacity: HuffmanCode.endOfString + 1, filledWith: 0)
    for (place, symbol) in HuffmanCode.ordered.enumerated() {
      symbols[place] = UInt16(symbol)
      let bits = Int(HuffmanCode.lengths[symbol])
      var length = lengths[bits]
      if length.count == 0 {
        length.code = UInt64(HuffmanCode.codes[symbol])
        length.start = place
      }
      length.count += 1
      lengths[bits] = length
    }
    for pattern in 0..<(1 << Self.width) { entries[pattern] = entry(UInt64(pattern)) }
  }

  private func entry(_ pattern: UInt64) -> Entry {
    let aligned = pattern << UInt64(64 - Self.width)
    guard let first = symbol(aligned, upTo: Self.width) else { return Entry() }
    let second = symbol(aligned << UInt64(first.bits), upTo: Self.width - first.bits)
    let all = first.bits + (second?.bits ?? 0)
    return Entry(
      symbols: first.symbol | (second?.symbol ?? 0) << 8, count: second == nil ? 1 : 2, all: all,
      first: first.bits)
  }

  /// The symbol whose code the left-aligned bits begin with, when it has at most `limit` bits.
  private func symbol(_ bits: UInt64, upTo limit: Int) -> (symbol: UInt16, bits: Int)? {
    var length = 5
    while length <= limit {
      let codes = lengths[length]
      let place = (bits &>> UInt64(64 &- length)) &- codes.code
      if place < codes.count { return (symbols[codes.start &+ Int(place)], length) }
      length &+= 1
    }
    return nil
  }

  /// Decodes the bytes from `start` up to `end` to `target` in `memory`, which has 8 bytes for each 5.
  /// - Returns: The number of bytes they stand for; -1 when they hold the end-of-string symbol, or end in
  ///   more than 7 bits of padding or in padding that is not all ones (RFC 7541, section 5.2).
  func decode(
    _ bytes: RawSpan, _ start: Int, _ end: Int, into memory: borrowing ByteMemory, at target: Int
  ) -> Int {
    precondition(start >= 0 && start <= end && end <= bytes.byteCount)
    // No code is shorter than 5 bits; this covers every store below.
    precondition(target >= 0 && target &+ Self.most(end &- start) <= memory.capacity)
    var bits: UInt64 = 0
    var available = 0
    var offset = start
    var output = target
    while true {
      if offset &+ 8 <= end {
        bits |= bytes.number64(offset) &>> UInt64(truncatingIfNeeded: available)
        let taken = (63 &- available) &>> 3
        offset &+= taken
        available &+= taken &* 8
        // What lies below is read once more: keep only what was counted.
      } else {
        if available < 64 { bits &= ~(UInt64.max &>> UInt64(truncatingIfNeeded: available)) }
        while available <= 56, offset < end {
          bits |= UInt64(bytes.octet(offset)) &<< UInt64(truncatingIfNeeded: 56 &- available)
          offset &+= 1
          available &+= 8
        }
      }
      while available >= Self.width {
        let entry = entries[Int(bits &>> UInt64(64 &- Self.width))]
        if entry.isLong { break }
        bits &<<= UInt64(truncatingIfNeeded: entry.all)
        available &-= entry.all
        memory.storePair(entry.symbols, at: output)
        output &+= entry.count
      }
      if available >= Self.width {
        // A long code; its bits are all here, or this is the string's end.
        if available < HuffmanCode.longest, offset < end { continue }
        guard let long = symbol(bits, upTo: min(available, HuffmanCode.longest)),
          long.symbol != HuffmanCode.endOfString
        else { return -1 }
        memory.storePair(long.symbol, at: output)
        output &+= 1
        bits &<<= UInt64(truncatingIfNeeded: long.bits)
        available &-= long.bits
      } else if offset >= end {
        return finish(bits, available, into: memory, at: output, from: target)
      }
    }
  }

  /// The most bytes that `count` encoded ones stand for.
  @inline(__always)
  static func most(_ count: Int) -> Int { count &* 8 / 5 }

  /// Decodes the last bits, fewer than twelve: one or two symbols and padding.
  private func finish(
    _ bits: UInt64, _ available: Int, into memory: borrowing ByteMemory, at output: Int, from target: Int
  ) -> Int {
    var bits = bits, available = available, output = output
    while available > 0 {
      // Ones after the end: never a whole code by themselves.
      let padded = bits | UInt64.max &>> UInt64(truncatingIfNeeded: available)
      let entry = entries[Int(padded &>> UInt64(64 &- Self.width))]
      guard !entry.isLong, entry.first <= available else {
        return available <= 7 && padded == .max ? output &- target : -1
      }
      memory.storePair(entry.symbols & 0xff, at: output)
      output &+= 1
      bits &<<= UInt64(truncatingIfNeeded: entry.first)
      available &-= entry.first
    }
    return output &- target
  }
}
