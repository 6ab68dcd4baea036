// SPDX-License-Identifier: Apache-2.0

/// Counts by small codes, such as a histogram's buckets: those that are not zero, 32 bits each.
///
///     31        11 10      0
///     ┌───────────┬─────────┐
///     │   count   │  code   │   a larger count takes several words
///     └───────────┴─────────┘
enum PackedCounts {
  private static let codeBits: UInt32 = 11
  private static let most = UInt64(UInt32.max >> codeBits)

  /// Appends a count; the code is below 2,048.
  static func append(_ count: UInt64, of code: Int, to words: inout [UInt32]) {
    var left = count
    while left > 0 {
      let part = min(left, most)
      words.append(UInt32(part) << codeBits | UInt32(code))
      left -= part
    }
  }

  /// The code of a word, and what it adds to the code's count.
  static func unpack(_ word: UInt32) -> (code: Int, count: UInt64) {
    (Int(word & (1 << codeBits - 1)), UInt64(word >> codeBits))
  }

  /// The same counts with each code once.
  static func merged(_ words: [UInt32]) -> [UInt32] {
    var counts: [Int: UInt64] = [:]
    for word in words {
      let (code, count) = unpack(word)
      counts[code, default: 0] += count
    }
    var merged: [UInt32] = []
    for (code, count) in counts.sorted(by: { $0.key < $1.key }) { append(count, of: code, to: &merged) }
    return merged
  }
}
