// SPDX-License-Identifier: Apache-2.0

/// A sum of 16-bit words in memory's order, as the Internet checksum takes it (RFC 1071), before its last complement.
@usableFromInline
package struct InternetSum: Sendable {
  /// Any number that is the sum modulo 0xffff, and 0 only if the sum is.
  @usableFromInline
  var total: UInt64 = 0

  @inlinable @inline(__always)
  package init() {}

  /// Adds four words, the bytes of a number as they are in memory.
  @inlinable @inline(__always)
  package mutating func add(_ words: UInt64) { total &+= words & 0xffff_ffff &+ words &>> 32 }

  /// Adds bytes; only the last ones may have an odd number.
  @inlinable @inline(__always)
  package mutating func add(_ bytes: RawSpan) {
    let count = bytes.byteCount
    let blocks = UInt64(littleEndian: bytes.sumOfBlocks)
    var offset = count & ~63, first = blocks & 0xffff_ffff &+ blocks &>> 32, second: UInt64 = 0
    // Two sums that do not wait for one another; a segment is far from the 2^32 words that either may take.
    while offset &+ 16 <= count {
      let one = bytes.knownLittle64(offset), two = bytes.knownLittle64(offset &+ 8)
      first &+= one & 0xffff_ffff &+ one &>> 32
      second &+= two & 0xffff_ffff &+ two &>> 32
      offset &+= 16
    }
    if offset &+ 8 <= count {
      let one = bytes.knownLittle64(offset)
      first &+= one & 0xffff_ffff &+ one &>> 32
      offset &+= 8
    }
    if offset < count {
      let rest = bytes.littleTail(count, count &- offset)
      second &+= rest & 0xffff_ffff &+ rest &>> 32
    }
    // What is little-endian here is in memory's order on little-endian machines alone.
    let sum = first & 0xffff_ffff &+ first &>> 32 &+ second & 0xffff_ffff &+ second &>> 32
    add(UInt64(Self.fold(sum).littleEndian))
  }

  /// The sum in 16 bits; 0xffff where a checksum is right.
  @inlinable @inline(__always)
  package var folded: UInt16 { Self.fold(total) }

  @inlinable @inline(__always)
  static func fold(_ total: UInt64) -> UInt16 {
    var sum = total & 0xffff_ffff &+ total &>> 32
    sum = sum & 0xffff &+ sum &>> 16
    sum = sum & 0xffff &+ sum &>> 16
    sum = sum & 0xffff &+ sum &>> 16
    return UInt16(truncatingIfNeeded: sum)
  }
}
