// SPDX-License-Identifier: Apache-2.0

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

  /// Where among the sixteen bytes at `offset`, which the caller has found to be there, `byte` stands
  /// first; 16 when it does not.
  @inlinable @inline(__always)
  package func firstOfSixteen(_ offset: Int, _ byte: UInt8) -> Int {
    assert(offset >= 0 && offset <= byteCount - 16)
    // In bounds by the caller's check; any bits are a valid vector, and a mask is as long as its vector.
    let bytes = unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: SIMD16<UInt8>.self)
    // A value of its own: in one expression the comparison is the generic one, a byte at a time.
    let wanted = SIMD16<UInt8>(repeating: byte)
    let equal: SIMDMask<SIMD16<Int8>> = bytes .== wanted
    let marks = unsafe unsafeBitCast(equal, to: SIMD2<UInt64>.self)
    let low = UInt64(littleEndian: marks[0]), high = UInt64(littleEndian: marks[1])
    if low != 0 { return low.trailingZeroBitCount &>> 3 }
    return 8 &+ high.trailingZeroBitCount &>> 3
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
