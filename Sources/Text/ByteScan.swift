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

  /// Whether a byte stands from `start` up to `end`.
  @inlinable @inline(__always)
  package static func contains(_ byte: UInt8, in bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
    let wanted = repeated(byte)
    var offset = start
    while offset &+ 8 <= end {
      if zeroBytes(bytes.little64(offset) ^ wanted) != 0 { return true }
      offset &+= 8
    }
    guard offset < end else { return false }
    // Above the bytes that are left there are zeros: whatever the byte is, none of them counts.
    let marks = zeroBytes(bytes.littleTail(end, end &- offset) ^ wanted)
    return marks != 0 && marks.trailingZeroBitCount &>> 3 < end &- offset
  }

  /// The offset of the first line feed at or after `start`, or -1.
  @inlinable @inline(__always)
  package static func lineFeed(in bytes: RawSpan, from start: Int) -> Int {
    guard start >= 0 else { return -1 }
    var feeds = LineFeeds(from: start)
    return feeds.next(in: bytes)
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
    var feeds = LineFeeds(from: start)
    while true {
      let feed = feeds.next(in: bytes)
      if feed < 0 { return -1 }
      let next = feed &+ 1
      if next < count {
        let byte = bytes.byte(next)
        if byte == UInt8(ascii: "\n") { return next &+ 1 }
        if byte == UInt8(ascii: "\r"), next &+ 1 < count, bytes.byte(next &+ 1) == UInt8(ascii: "\n") {
          return next &+ 2
        }
      }
    }
  }
}
