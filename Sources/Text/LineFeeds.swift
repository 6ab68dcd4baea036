// SPDX-License-Identifier: Apache-2.0

public import System

/// The line feeds of bytes, one after the other: 64 bytes are looked at at once, so that a line costs no search.
@usableFromInline
package struct LineFeeds {
  /// Those of the block that are not passed yet, bit n for its byte n.
  @usableFromInline var marks: UInt64 = 0
  /// Where the block begins.
  @usableFromInline var block: Int
  /// What comes after it; at most the count of the bytes.
  @usableFromInline var end: Int

  /// Those at or after `start`, which is not negative.
  @inlinable @inline(__always)
  package init(from start: Int) {
    (block, end) = (start, start)
  }

  /// The offset of the next one in `bytes`, which are the same at each call; -1 after the last one.
  @inlinable @inline(__always)
  package mutating func next(in bytes: RawSpan) -> Int {
    while marks == 0 {
      guard end < bytes.byteCount else { return -1 }
      look(bytes)
    }
    let place = block &+ marks.trailingZeroBitCount
    marks &= marks &- 1
    return place
  }

  /// Looks at the next block.
  @inlinable @inline(__always)
  mutating func look(_ bytes: RawSpan) {
    let count = bytes.byteCount
    block = end
    if count &- block >= 64 {
      marks = bytes.marksOfSixtyFour(block, UInt8(ascii: "\n"))
      end = block &+ 64
    } else {
      end = count
      marks = lastMarks(bytes)
    }
  }

  /// The marks of a last block of fewer than 64 bytes.
  @inlinable @inline(never)
  func lastMarks(_ bytes: RawSpan) -> UInt64 {
    let count = bytes.byteCount
    if count >= 64 {
      return bytes.marksOfSixtyFour(count &- 64, UInt8(ascii: "\n"))
        &>> UInt64(truncatingIfNeeded: 64 &- (count &- block))
    }
    var marks: UInt64 = 0, offset = block
    while offset < count {
      if bytes.byte(offset) == UInt8(ascii: "\n") {
        marks |= 1 &<< UInt64(truncatingIfNeeded: offset &- block)
      }
      offset &+= 1
    }
    return marks
  }
}
