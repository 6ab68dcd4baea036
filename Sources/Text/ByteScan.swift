// SPDX-License-Identifier: Apache-2.0

public import System

/// Searches in bytes, many at a time, each with a plain reference that tests compare it with.
@usableFromInline
package enum ByteScan {
  @inlinable package static var ones: UInt64 { 0x0101_0101_0101_0101 }
  @inlinable package static var lowBits: UInt64 { 0x7f7f_7f7f_7f7f_7f7f }

  /// The bit by which a small ASCII letter differs from the capital one.
  @inlinable package static var caseBit: UInt8 { 0x20 }

  /// Eight times this byte.
  @inlinable @inline(__always)
  package static func repeated(_ byte: UInt8) -> UInt64 { ones &* UInt64(byte) }

  /// Marks, by its top bit, each byte of `word` that is zero; exact, no false marks.
  @inlinable @inline(__always)
  package static func zeroBytes(_ word: UInt64) -> UInt64 {
    ~(((word & lowBits) &+ lowBits) | word | lowBits)
  }

  /// The offset of the first line feed at or after `start`, or -1.
  @inlinable @inline(__always)
  package static func lineFeed(in bytes: RawSpan, from start: Int) -> Int {
    let count = bytes.byteCount
    guard start >= 0 else { return -1 }
    var offset = start
    while offset &+ 16 <= count {
      let place = bytes.firstOfSixteen(offset, UInt8(ascii: "\n"))
      if place < 16 { return offset &+ place }
      offset &+= 16
    }
    if offset &+ 8 <= count {
      let marks = zeroBytes(bytes.knownLittle64(offset) ^ repeated(UInt8(ascii: "\n")))
      if marks != 0 { return offset &+ marks.trailingZeroBitCount &>> 3 }
      offset &+= 8
    }
    guard offset < count else { return -1 }
    let marks = zeroBytes(bytes.littleTail(count, count &- offset) ^ repeated(UInt8(ascii: "\n")))
    return marks == 0 ? -1 : offset &+ marks.trailingZeroBitCount &>> 3
  }

  /// The reference of `lineFeed(in:from:)`, a byte at a time.
  package static func plainLineFeed(in bytes: RawSpan, from start: Int) -> Int {
    var offset = start
    while offset < bytes.byteCount {
      if bytes.byte(offset) == UInt8(ascii: "\n") { return offset }
      offset += 1
    }
    return -1
  }

  /// The offset just after the first empty line at or after `start`, or -1.
  ///
  /// A line ends in LF or CR LF, so the end of a head is LF LF or LF CR LF. A caller that resumes
  /// a search in a grown buffer starts two bytes before the old end.
  package static func headEnd(in bytes: RawSpan, from start: Int) -> Int {
    let count = bytes.byteCount
    var offset = start
    while true {
      let feed = lineFeed(in: bytes, from: offset)
      if feed < 0 { return -1 }
      let next = feed &+ 1
      if next < count {
        let byte = bytes.byte(next)
        if byte == UInt8(ascii: "\n") { return next &+ 1 }
        if byte == UInt8(ascii: "\r"), next &+ 1 < count, bytes.byte(next &+ 1) == UInt8(ascii: "\n") {
          return next &+ 2
        }
      }
      offset = next
    }
  }
}
