// SPDX-License-Identifier: Apache-2.0

/// Numbers out of borrowed bytes, most significant byte first; an offset outside of the span traps, so
/// callers check the length once and then read.
extension RawSpan {
  /// The byte at `offset`.
  @inline(__always)
  func octet(_ offset: Int) -> UInt8 {
    // A byte has no alignment and no invalid pattern; the load checks the bounds.
    unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  /// The four bytes at `offset`.
  @inline(__always)
  func number32(_ offset: Int) -> UInt32 {
    // An integer has no invalid pattern; the load checks the bounds.
    UInt32(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  /// The eight bytes at `offset`.
  @inline(__always)
  func number64(_ offset: Int) -> UInt64 {
    // As above.
    UInt64(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// The bytes from `start` up to, not including, `end`, which may be fewer than sixteen, as two numbers whose lowest
  /// byte is the first one; zeros where there are no bytes.
  @inline(__always)
  func pair(_ start: Int, _ end: Int) -> (low: UInt64, high: UInt64) {
    var low: UInt64 = 0, high: UInt64 = 0
    var offset = min(end, start &+ 16)
    while offset > start {
      offset &-= 1
      high = high &<< 8 | low &>> 56
      low = low &<< 8 | UInt64(octet(offset))
    }
    return (low, high)
  }
}

extension Array where Element == UInt8 {
  /// The array's bytes, borrowed.
  var octets: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // Bytes have no padding and no invalid patterns; the span lives no longer than the borrow.
      unsafe _overrideLifetime(span.bytes, borrowing: self)
    }
  }
}
