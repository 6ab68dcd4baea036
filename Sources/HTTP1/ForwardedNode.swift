// SPDX-License-Identifier: Apache-2.0

import System
import Text

/// One element of a field that proxies add who asked them to: `X-Forwarded-For` and the like, or `Forwarded` (RFC 7239).
package enum ForwardedNode: Equatable, Sendable {
  case address(high: UInt64, low: UInt64)
  /// `unknown`, `_hidden`, a name, or garbage.
  case other

  /// The form of a value.
  package enum Form: BitwiseCopyable, Sendable {
    /// Addresses and commas.
    case list
    /// Elements of `Forwarded`, whose address is the parameter `for`; a quote is a character like others.
    case parameters
    /// The same, in which quoted strings may have commas.
    case quoted
  }

  /// Whether each quote of a value of `Forwarded` is closed. Where one is not, it hides nothing: the element of the proxy after it
  /// would belong to the client's string.
  package static func closesQuotes(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
    var offset = start, isQuoted = false
    while offset < end {
      switch bytes.byte(offset) {
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: "\\") where isQuoted: offset &+= 1
      default: break
      }
      offset &+= 1
    }
    return !isQuoted
  }

  /// Reads the element of a value that begins at `offset`, which is moved behind the comma after it; nil for an empty one.
  ///
  package static func next(
    _ bytes: RawSpan, _ offset: inout Int, _ end: Int, _ form: Form
  ) -> ForwardedNode? {
    let start = offset
    if form == .list {
      while offset < end, bytes.byte(offset) != UInt8(ascii: ",") { offset &+= 1 }
      let element = HeaderFields.trimmed(bytes, start, offset)
      if offset < end { offset &+= 1 }
      return element.isEmpty ? nil : node(bytes, Int(element.start), element.end)
    }
    var found: ForwardedNode?
    var isEmpty = true
    while true {
      let pair = pairEnd(bytes, offset, end, hasQuotes: form == .quoted)
      let range = HeaderFields.trimmed(bytes, offset, pair)
      if !range.isEmpty { isEmpty = false }
      if found == nil, let value = valueOfFor(bytes, Int(range.start), range.end) {
        found = node(bytes, value, range.end)
      }
      offset = min(pair &+ 1, end)
      if pair >= end || bytes.byte(pair) == UInt8(ascii: ",") { break }
    }
    return isEmpty ? nil : found ?? .other
  }

  /// Where a parameter ends: at a semicolon or a comma that is in no quotes.
  private static func pairEnd(_ bytes: RawSpan, _ start: Int, _ end: Int, hasQuotes: Bool) -> Int {
    var offset = start, isQuoted = false
    while offset < end {
      switch bytes.byte(offset) {
      case UInt8(ascii: "\"") where hasQuotes: isQuoted.toggle()
      case UInt8(ascii: "\\") where isQuoted: offset &+= 1
      case UInt8(ascii: ";") where !isQuoted, UInt8(ascii: ",") where !isQuoted: return offset
      default: break
      }
      offset &+= 1
    }
    return end
  }

  /// Where the value of a parameter begins that is called `for`.
  private static func valueOfFor(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Int? {
    guard end &- start > 4, bytes.big32(start) | 0x2020_2000 == 0x666f_723d else { return nil }
    return start &+ 4
  }

  /// An address with or without a port, IPv6 in brackets or without, perhaps in quotes.
  private static func node(_ bytes: RawSpan, _ start: Int, _ end: Int) -> ForwardedNode {
    var first = start, last = end
    if last &- first >= 2, bytes.byte(first) == UInt8(ascii: "\""),
      bytes.byte(last &- 1) == UInt8(ascii: "\"")
    {
      (first, last) = (first &+ 1, last &- 1)
    }
    guard first < last else { return .other }
    if bytes.byte(first) == UInt8(ascii: "[") {
      var bracket = first
      while bracket < last, bytes.byte(bracket) != UInt8(ascii: "]") { bracket &+= 1 }
      guard bracket < last, isPort(bytes, bracket &+ 1, last),
        let address = AddressName.parse(bytes, first &+ 1, bracket),
        !isIPv4(address) || hasColon(bytes, first, bracket)
      else { return .other }
      return .address(high: address.high, low: address.low)
    }
    if let address = AddressName.parse(bytes, first, last) {
      return .address(high: address.high, low: address.low)
    }
    // IPv4 with a port; with more than one colon it would have been IPv6.
    var colon = first
    while colon < last, bytes.byte(colon) != UInt8(ascii: ":") { colon &+= 1 }
    guard colon < last, isPort(bytes, colon, last), let address = AddressName.parse(bytes, first, colon),
      isIPv4(address)
    else { return .other }
    return .address(high: address.high, low: address.low)
  }

  private static func isIPv4(_ address: (high: UInt64, low: UInt64)) -> Bool {
    address.high == 0 && address.low >> 32 == 0xffff
  }

  private static func hasColon(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
    for offset in start..<end where bytes.byte(offset) == UInt8(ascii: ":") { return true }
    return false
  }

  /// Nothing, or a colon and up to five digits.
  private static func isPort(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
    if start == end { return true }
    guard (2...6).contains(end &- start), bytes.byte(start) == UInt8(ascii: ":") else { return false }
    for offset in start &+ 1..<end where !StartLine.isDigit(bytes.byte(offset)) { return false }
    return true
  }
}
