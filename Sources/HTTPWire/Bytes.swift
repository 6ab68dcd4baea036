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
