// SPDX-License-Identifier: Apache-2.0

/// Reading numbers and ranges of bytes one after the other, never beyond an end.
package struct ByteReader {
  /// The next byte, and the one after the last.
  package private(set) var offset: Int
  package let end: Int

  package init(_ range: Range<Int>) { (offset, end) = (range.lowerBound, range.upperBound) }

  package var isAtEnd: Bool { offset >= end }

  /// The next number of `width` bytes, 1 to 8, most significant first; nil when they are not there. Of eight bytes the
  /// first bit is the sign.
  package mutating func number(_ bytes: RawSpan, _ width: Int) -> Int? {
    guard end - offset >= width else { return nil }
    var value = 0
    for _ in 0..<width {
      value = value << 8 | Int(bytes.byte(offset))
      offset += 1
    }
    return value
  }

  /// The place of the next `count` bytes; nil when they are not there.
  package mutating func skip(_ count: Int) -> Range<Int>? {
    guard count >= 0, end - offset >= count else { return nil }
    defer { offset += count }
    return offset..<offset + count
  }
}
