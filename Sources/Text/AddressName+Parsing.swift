// SPDX-License-Identifier: Apache-2.0

import System

extension AddressName {
  /// The longest text of an address: IPv6 with dotted IPv4 at its end.
  private static let longest = 45

  /// The bytes of an address that is written as RFC 4291 (section 2.2) and dotted IPv4 have it, as two big-endian
  /// numbers, IPv4 in its IPv4-mapped form; nil for anything else.
  package static func parse(_ text: some StringProtocol) -> (high: UInt64, low: UInt64)? {
    let bytes = Array(text.utf8)
    return parse(bytes.rawSpan, 0, bytes.count)
  }

  /// The same of the bytes from `start` up to `end`, off the wire.
  package static func parse(_ bytes: RawSpan, _ start: Int, _ end: Int) -> (high: UInt64, low: UInt64)? {
    guard end &- start <= longest else { return nil }
    if let address = dotted(bytes, start, end) { return (0, 0xffff_0000_0000 | UInt64(address)) }
    return groups(bytes, start, end)
  }

  /// Four numbers without leading zeros.
  private static func dotted(_ bytes: RawSpan, _ start: Int, _ end: Int) -> UInt32? {
    var offset = start, address: UInt32 = 0, parts = 0
    while true {
      let first = offset
      var number: UInt32 = 0
      while offset < end, offset &- first < 3 {
        let digit = bytes.byte(offset) &- UInt8(ascii: "0")
        guard digit < 10 else { break }
        number = number &* 10 &+ UInt32(digit)
        offset &+= 1
      }
      guard offset > first, number <= 255, offset &- first == 1 || bytes.byte(first) != UInt8(ascii: "0")
      else { return nil }
      address = address << 8 | number
      parts &+= 1
      if parts == 4 { return offset == end ? address : nil }
      guard offset < end, bytes.byte(offset) == UInt8(ascii: ".") else { return nil }
      offset &+= 1
    }
  }

  /// The eight groups of an IPv6 address, of which one gap leaves out those that are zero; the last two may be dotted.
  private static func groups(_ bytes: RawSpan, _ start: Int, _ end: Int) -> (high: UInt64, low: UInt64)? {
    var offset = start, value: UInt128 = 0, count = 0
    /// The number of groups before the gap; -1 without one.
    var gap = -1
    if end &- start >= 2, isColon(bytes, start), isColon(bytes, start &+ 1) {
      (gap, offset) = (0, start &+ 2)
    }
    while offset < end || gap != count {
      if count <= 6, let address = dotted(bytes, offset, end) {
        value = value << 32 | UInt128(address)
        count &+= 2
        break
      }
      guard count < 8, let (part, next) = digits(bytes, offset, end) else { return nil }
      value = value << 16 | UInt128(part)
      count &+= 1
      if next == end { break }
      guard isColon(bytes, next) else { return nil }
      offset = next &+ 1
      if offset < end, isColon(bytes, offset) {
        guard gap < 0 else { return nil }
        gap = count
        offset &+= 1
      }
    }
    guard gap < 0 ? count == 8 : count < 8 else { return nil }
    if gap >= 0 {
      let behind = UInt128(16 * (count - gap))
      let tail = value & ((1 << behind) - 1)
      value = ((value >> behind) << UInt128(16 * (8 - gap))) | tail
    }
    return (UInt64(truncatingIfNeeded: value >> 64), UInt64(truncatingIfNeeded: value))
  }

  /// One to four hexadecimal digits, and where they end.
  private static func digits(_ bytes: RawSpan, _ start: Int, _ end: Int) -> (value: UInt16, end: Int)? {
    var offset = start, value: UInt16 = 0
    while offset < end, offset &- start < 4, let digit = hexDigit(bytes.byte(offset)) {
      value = value << 4 | UInt16(digit)
      offset &+= 1
    }
    return offset > start ? (value, offset) : nil
  }

  @inline(__always)
  private static func isColon(_ bytes: RawSpan, _ offset: Int) -> Bool {
    bytes.byte(offset) == UInt8(ascii: ":")
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    let digit = byte &- UInt8(ascii: "0")
    if digit < 10 { return digit }
    let letter = (byte | 0x20) &- UInt8(ascii: "a")
    return letter < 6 ? letter &+ 10 : nil
  }
}
