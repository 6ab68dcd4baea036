// SPDX-License-Identifier: Apache-2.0

import System

/// Reading numbers and vectors (RFC 8446, section 3.4) one after the other, never beyond an end.
struct VectorReader {
  /// The next byte, and the one after the last.
  private(set) var offset: Int
  let end: Int

  init(_ range: Range<Int>) { (offset, end) = (range.lowerBound, range.upperBound) }

  var isAtEnd: Bool { offset >= end }

  /// The next number of `width` bytes, 1 to 3; nil when they are not there.
  mutating func number(_ bytes: RawSpan, _ width: Int) -> Int? {
    guard end - offset >= width else { return nil }
    var value = 0
    for _ in 0..<width {
      value = value << 8 | Int(bytes.byte(offset))
      offset += 1
    }
    return value
  }

  /// The place of the next `count` bytes; nil when they are not there.
  mutating func skip(_ count: Int) -> Range<Int>? {
    guard count >= 0, end - offset >= count else { return nil }
    defer { offset += count }
    return offset..<offset + count
  }

  /// The place of the next vector, whose length has `width` bytes; nil when it is not there.
  mutating func vector(_ bytes: RawSpan, _ width: Int) -> Range<Int>? {
    guard let count = number(bytes, width) else { return nil }
    return skip(count)
  }

  /// The place of what is there of the next vector, whose end may be missing; nil when its length is.
  mutating func beginning(_ bytes: RawSpan, _ width: Int) -> Range<Int>? {
    guard let count = number(bytes, width) else { return nil }
    return skip(min(count, end - offset))
  }
}
