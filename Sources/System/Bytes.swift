// SPDX-License-Identifier: Apache-2.0
public import CBytes

/// Reading numbers out of borrowed bytes: the one place of this target that loads unaligned memory.
///
/// Every load is bounds-checked; an offset outside of the span traps, so callers check the length
/// once and then read.
extension RawSpan {
  /// The byte at `offset`.
  @inlinable @inline(__always)
  package func byte(_ offset: Int) -> UInt8 {
    // A byte has no alignment and no invalid pattern; the load checks the bounds.
    unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  /// The two bytes at `offset` as a big-endian number.
  @inlinable @inline(__always)
  package func big16(_ offset: Int) -> UInt16 {
    // An integer has no invalid pattern; the load checks the bounds.
    UInt16(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  /// The four bytes at `offset` as a big-endian number.
  @inlinable @inline(__always)
  package func big32(_ offset: Int) -> UInt32 {
    // As above.
    UInt32(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  /// The eight bytes at `offset` as a big-endian number.
  @inlinable @inline(__always)
  package func big64(_ offset: Int) -> UInt64 {
    // As above.
    UInt64(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// The eight bytes at `offset` as a little-endian number: the first byte is the lowest one.
  @inlinable @inline(__always)
  package func little64(_ offset: Int) -> UInt64 {
    // As above.
    UInt64(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// The eight bytes at `offset` as a little-endian number; the caller has found that they are there.
  @inlinable @inline(__always)
  package func knownLittle64(_ offset: Int) -> UInt64 {
    assert(offset >= 0 && offset <= byteCount - 8)
    // In bounds by the caller's check, which the searches make once for a whole step.
    return UInt64(littleEndian: unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
  }

  /// Which of the 64 bytes at `offset`, which the caller has found to be there, are `byte`: bit n for the byte n after it.
  @inlinable @inline(__always)
  package func marksOfSixtyFour(_ offset: Int, _ byte: UInt8) -> UInt64 {
    assert(offset >= 0 && offset <= byteCount - 64)
    // In bounds by the caller's check; the function reads 64 bytes, of any alignment.
    return unsafe withUnsafeBytes {
      guard let start = $0.baseAddress else { return 0 }
      return unsafe wt_equal_bytes(start + offset, byte)
    }
  }

  /// The sum of the 64-bit words in memory's order of all whole blocks of 64 bytes, modulo 2^64 - 1.
  @inlinable @inline(__always)
  package var sumOfBlocks: UInt64 {
    // In bounds by the count; of any alignment.
    unsafe withUnsafeBytes {
      guard let start = $0.baseAddress else { return 0 }
      return unsafe wt_sum_words(start, $0.count / Int(WT_BLOCK))
    }
  }

  /// The last `count` bytes, 1 to 8, before `end` as a little-endian number with zeros above them.
  @inlinable @inline(__always)
  package func littleTail(_ end: Int, _ count: Int) -> UInt64 {
    if end >= 8 { return little64(end &- 8) &>> UInt64(truncatingIfNeeded: (8 &- count) &* 8) }
    var word: UInt64 = 0
    var offset = end
    while offset > end &- count {
      offset &-= 1
      word = word &<< 8 | UInt64(byte(offset))
    }
    return word
  }

  /// The bytes from `start` up to, not including, `end`.
  @inlinable @inline(__always)
  @_lifetime(copy self)
  package func slice(_ start: Int, _ end: Int) -> RawSpan {
    extracting(start..<end)
  }
}

extension Array where Element == UInt8 {
  /// The array's bytes, borrowed.
  package var rawSpan: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // Bytes have no padding and no invalid patterns; the span lives no longer than the borrow.
      unsafe _overrideLifetime(span.bytes, borrowing: self)
    }
  }
}
