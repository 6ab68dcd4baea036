// SPDX-License-Identifier: Apache-2.0

import System
import Text

/// The first line of a message: a request line or a status line (RFC 9112, sections 3 and 4).
enum StartLine {
  /// A request line longer than this is no request line; servers refuse far shorter ones.
  static let longestToken = 64

  /// Reads the line from `start` up to `end`, its line end left out; false when it is not valid.
  static func parse(_ bytes: RawSpan, _ start: Int, _ end: Int, into head: inout MessageHead) -> Bool {
    if isVersionStart(bytes, start, end) {
      return parseStatus(bytes, start, end, into: &head)
    }
    return parseRequest(bytes, start, end, into: &head)
  }

  /// Whether bytes without a line end yet may still become a start line.
  static func mayBegin(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
    let available = end &- start
    if isVersionPrefix(bytes, start, end) {
      // "HTTP/1.1 200 ..." as far as it goes.
      if available > 5, !isDigit(bytes.byte(start &+ 5)) { return false }
      if available > 6, bytes.byte(start &+ 6) != UInt8(ascii: ".") { return false }
      if available > 7, !isDigit(bytes.byte(start &+ 7)) { return false }
      if available > 8, bytes.byte(start &+ 8) != UInt8(ascii: " ") { return false }
      var digit = 9
      while digit < min(available, 12) {
        guard isDigit(bytes.byte(start &+ digit)) else { return false }
        digit &+= 1
      }
      return true
    }
    // A token, then a space, then no control byte and no second space but the one before HTTP/.
    var offset = start
    while offset < end, offset &- start <= longestToken, isToken(bytes.byte(offset)) { offset &+= 1 }
    if offset == end { return offset &- start <= longestToken }
    return offset > start && offset &- start <= longestToken && bytes.byte(offset) == UInt8(ascii: " ")
  }

  /// Reads the status of a status line without its end yet: the kernel's filter passes no more of a response than that.
  @inline(never)
  static func readStatus(_ bytes: RawSpan, _ start: Int, _ end: Int, into head: inout MessageHead) {
    guard isVersionStart(bytes, start, end), end &- start > 12 else { return }
    let isCarriageReturn = end &- start == 13 && bytes.byte(start &+ 12) == UInt8(ascii: "\r")
    _ = parseStatus(bytes, start, isCarriageReturn ? end &- 1 : end, into: &head)
  }

  /// Whether the bytes are "HTTP/" as far as they reach.
  static func isVersionPrefix(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
    let prefix: StaticString = "HTTP/"
    var matched = 0
    while matched < min(end &- start, 5), unsafe bytes.byte(start &+ matched) == prefix.utf8Start[matched] {
      matched &+= 1
    }
    return matched == min(end &- start, 5)
  }

  /// Whether `HTTP/d.d ddd` with a status from 100 on stands after the "HTTP/" at `start`; twelve bytes must be there.
  @inline(__always)
  static func isStatus(_ bytes: RawSpan, _ start: Int) -> Bool {
    let first = bytes.byte(start &+ 9)
    return isVersion(bytes, start) && bytes.byte(start &+ 8) == UInt8(ascii: " ") && isDigit(first)
      && first != UInt8(ascii: "0") && isDigit(bytes.byte(start &+ 10)) && isDigit(bytes.byte(start &+ 11))
  }

  @inline(__always)
  private static func parseStatus(
    _ bytes: RawSpan, _ start: Int, _ end: Int, into head: inout MessageHead
  ) -> Bool {
    guard end &- start >= 12, isStatus(bytes, start) else { return false }
    let a = bytes.byte(start &+ 9), b = bytes.byte(start &+ 10), c = bytes.byte(start &+ 11)
    // The space before an absent reason phrase is often left out.
    guard end &- start == 12 || bytes.byte(start &+ 12) == UInt8(ascii: " ") else { return false }
    head.kind = .response
    head.status = UInt16(value(a)) &* 100 &+ UInt16(value(b)) &* 10 &+ UInt16(value(c))
    return true
  }

  @inline(__always)
  private static func parseRequest(
    _ bytes: RawSpan, _ start: Int, _ end: Int, into head: inout MessageHead
  ) -> Bool {
    // token SP target SP HTTP/d.d: at least "A * HTTP/1.1".
    guard end &- start >= 12 else { return false }
    let version = end &- 8
    // "HTTP/1." and the digit at once.
    let name = bytes.big64(version)
    guard
      name &>> 8 == WireWord.http1 && isDigit(UInt8(truncatingIfNeeded: name))
        || isVersionStart(bytes, version, end) && isVersion(bytes, version),
      bytes.byte(version &- 1) == UInt8(ascii: " ")
    else { return false }
    var space = start
    if bytes.big32(start) == WireWord.get {
      space = start &+ 3
    } else {
      while bytes.byte(space) != UInt8(ascii: " ") {
        guard isToken(bytes.byte(space)), space &- start < longestToken else { return false }
        space &+= 1
      }
    }
    var target = space &+ 1, targetEnd = version &- 1
    guard space > start, target < targetEnd else { return false }
    // The grammar forbids a space, and servers answer nevertheless. Other bytes that it forbids are not looked for;
    // they are escaped before anybody sees them.
    if ByteScan.contains(UInt8(ascii: " "), in: bytes, target, targetEnd) {
      while target < targetEnd, bytes.byte(target) == UInt8(ascii: " ") { target &+= 1 }
      while target < targetEnd, bytes.byte(targetEnd &- 1) == UInt8(ascii: " ") { targetEnd &-= 1 }
      guard target < targetEnd else { return false }
      head.isMalformed = true
    }
    head.kind = .request
    head.methodBytes = ByteRange(start, space)
    head.method = Method.named(bytes, start, space)
    head.target = ByteRange(target, targetEnd)
    return true
  }

  /// Whether "HTTP/" stands at `start`.
  @inline(__always)
  static func isVersionStart(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
    end &- start >= 5 && bytes.big32(start) == WireWord.http && bytes.byte(start &+ 4) == UInt8(ascii: "/")
  }

  /// Whether d.d stands after the "HTTP/" at `start`; eight bytes must be there.
  @inline(__always)
  private static func isVersion(_ bytes: RawSpan, _ start: Int) -> Bool {
    isDigit(bytes.byte(start &+ 5)) && bytes.byte(start &+ 6) == UInt8(ascii: ".")
      && isDigit(bytes.byte(start &+ 7))
  }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { value(byte) < 10 }

  /// The value of a decimal digit; 10 or more for any other byte.
  @inline(__always)
  static func value(_ digit: UInt8) -> UInt8 { digit &- UInt8(ascii: "0") }

  /// RFC 9110, section 5.6.2: tchar.
  static func isToken(_ byte: UInt8) -> Bool {
    // Bit n of the two words: byte n is a tchar.
    let low: UInt64 = 0x03ff_6cfa_0000_0000
    let high: UInt64 = 0x57ff_ffff_c7ff_fffe
    if byte < 64 { return low >> UInt64(byte) & 1 == 1 }
    if byte < 128 { return high >> UInt64(byte &- 64) & 1 == 1 }
    return false
  }
}
