// SPDX-License-Identifier: Apache-2.0

import System
import Text

/// The header fields that counting needs, out of the lines after a start line.
///
/// Fields are distinguished by their first letter and length; all others cost one search for the line's
/// end. A line that begins with white space continues the field before it (obs-fold, RFC 9112,
/// section 5.2); only a `Host` whose own line is empty looks there.
enum HeaderFields {
  /// The first bytes of lines that are looked at, and some more: bit n for those whose lowest six bits are n.
  private static var wanted: UInt64 {
    mark(UInt8(ascii: "H")) | mark(UInt8(ascii: "h")) | mark(UInt8(ascii: "C")) | mark(UInt8(ascii: "c"))
      | mark(UInt8(ascii: "T")) | mark(UInt8(ascii: "t")) | mark(UInt8(ascii: "U")) | mark(UInt8(ascii: "u"))
      | mark(UInt8(ascii: " ")) | mark(UInt8(ascii: "\t")) | mark(UInt8(ascii: "\r"))
      | mark(UInt8(ascii: "\n"))
  }

  @inline(__always)
  private static func mark(_ byte: UInt8) -> UInt64 { 1 &<< UInt64(byte) }

  /// Reads lines from `start` on, whose ends are next in `feeds`; true when the empty line that ends the head was found.
  static func parse(
    _ bytes: RawSpan, from start: Int, _ feeds: LineFeeds, into head: inout MessageHead
  ) -> Bool {
    var feeds = feeds
    let count = bytes.byteCount
    var line = start
    var hostWaits = false
    while line < count {
      let first = bytes.byte(line)
      if wanted &>> UInt64(first) & 1 == 0 {
        let feed = feeds.next(in: bytes)
        if feed < 0 { return false }
        hostWaits = false
        line = feed &+ 1
        continue
      }
      if first == UInt8(ascii: "\n") {
        head.length = line &+ 1
        return true
      }
      if first == UInt8(ascii: "\r"), line &+ 1 < count, bytes.byte(line &+ 1) == UInt8(ascii: "\n") {
        head.length = line &+ 2
        return true
      }
      let feed = feeds.next(in: bytes)
      if feed < 0 { return false }
      // Only the line directly after a `Host` continues it.
      hostWaits = take(
        first, bytes, line, HeadParser.trimmedEnd(bytes, line, feed), continuesHost: hostWaits, into: &head)
      line = feed &+ 1
    }
    return false
  }

  /// Takes a line that begins with `first`; true when it is a `Host` that is empty so far.
  @inline(__always)
  private static func take(
    _ first: UInt8, _ bytes: RawSpan, _ line: Int, _ end: Int, continuesHost: Bool,
    into head: inout MessageHead
  ) -> Bool {
    switch first | ByteScan.caseBit {
    case UInt8(ascii: "h"):
      if let value = valueStart(bytes, line, end, "host") { return takeHost(bytes, value, end, into: &head) }
    case UInt8(ascii: "c"):
      if let value = valueStart(bytes, line, end, "content-length") {
        takeContentLength(bytes, value, end, into: &head)
      }
    case UInt8(ascii: "t"):
      if let value = valueStart(bytes, line, end, "transfer-encoding") {
        takeTransferEncoding(bytes, value, end, into: &head)
      }
    case UInt8(ascii: "u"):
      if valueStart(bytes, line, end, "upgrade") != nil { head.upgrade = true }
    case UInt8(ascii: " "), UInt8(ascii: "\t") | ByteScan.caseBit:
      if continuesHost, isBlank(first) {
        head.hostFields &-= 1
        return takeHost(bytes, line, end, into: &head)
      }
    default: break
    }
    return false
  }

  /// Where the value begins when the line's field name is `name` (lower case); nil for another one.
  @inline(__always)
  static func valueStart(_ bytes: RawSpan, _ line: Int, _ end: Int, _ name: StaticString) -> Int? {
    let length = name.utf8CodeUnitCount
    guard end &- line > length else { return nil }
    // Words of the line with the case bit set; the last word overlaps the one before it. The compiler
    // makes numbers of the name's.
    if length >= 8 {
      var offset = 0
      while offset &+ 8 <= length {
        guard agree(bytes.little64(line &+ offset), WireWord.little64(name, offset)) else { return nil }
        offset &+= 8
      }
      let last = length &- 8
      guard agree(bytes.little64(line &+ last), WireWord.little64(name, last)) else { return nil }
    } else {
      let lowerCase = UInt32(truncatingIfNeeded: ByteScan.repeated(ByteScan.caseBit))
      let last = length &- 4
      guard bytes.big32(line) | lowerCase == WireWord.big32(name, 0),
        bytes.big32(line &+ last) | lowerCase == WireWord.big32(name, last)
      else { return nil }
    }
    return afterColon(bytes, line &+ length, end)
  }

  /// Where the value begins after a field's name that ends at `offset`; nil when no colon follows.
  @inline(__always)
  static func afterColon(_ bytes: RawSpan, _ offset: Int, _ end: Int) -> Int? {
    var colon = offset
    // RFC 9112, section 5.1 forbids white space here; servers that let it through mean this field.
    while colon < end, isBlank(bytes.byte(colon)) { colon &+= 1 }
    guard colon < end, bytes.byte(colon) == UInt8(ascii: ":") else { return nil }
    return colon &+ 1
  }

  /// Whether eight bytes are these letters and hyphens, whatever the case.
  @inline(__always)
  private static func agree(_ bytes: UInt64, _ name: UInt64) -> Bool {
    // The case bit turns no other tchar into a letter or a hyphen, but a CR into a hyphen.
    bytes | ByteScan.repeated(ByteScan.caseBit) == name
      && ByteScan.zeroBytes(bytes ^ ByteScan.repeated(UInt8(ascii: "\r"))) == 0
  }

  /// Takes a `Host`; true when it is empty so far, so that a folded line may still bring it.
  private static func takeHost(
    _ bytes: RawSpan, _ start: Int, _ end: Int, into head: inout MessageHead
  ) -> Bool {
    head.hostFields &+= 1
    guard head.host.isEmpty else { return false }
    let value = trimmed(bytes, start, end)
    head.host = value
    return value.isEmpty
  }

  /// RFC 9112, section 6.3: a list of equal numbers is that number, anything else is an error.
  @inline(__always)
  private static func takeContentLength(
    _ bytes: RawSpan, _ start: Int, _ end: Int, into head: inout MessageHead
  ) {
    // Transfer-Encoding wins, whatever the order.
    guard head.framing == .unspecified || head.framing == .length else { return }
    var offset = start
    while true {
      while offset < end, isBlank(bytes.byte(offset)) { offset &+= 1 }
      var value: UInt64 = 0
      let first = offset
      while offset < end, StartLine.isDigit(bytes.byte(offset)) {
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(UInt64(StartLine.value(bytes.byte(offset))))
        // More than anybody can send: the body lasts until the connection ends.
        value = overflow || carry ? .max : sum
        offset &+= 1
      }
      while offset < end, isBlank(bytes.byte(offset)) { offset &+= 1 }
      let more = offset < end && bytes.byte(offset) == UInt8(ascii: ",")
      if first == offset || (offset < end && !more)
        || (head.framing == .length && head.contentLength != value)
      {
        head.framing = .unknown
        return
      }
      head.framing = .length
      head.contentLength = value
      if !more { return }
      offset &+= 1
    }
  }

  /// Only a final `chunked` gives the body an end of its own (RFC 9112, section 6.1).
  private static func takeTransferEncoding(
    _ bytes: RawSpan, _ start: Int, _ end: Int, into head: inout MessageHead
  ) {
    let value = trimmed(bytes, start, end)
    let name: StaticString = "chunked"
    var isChunked = value.count >= 7
    var index = 0
    while isChunked, index < 7 {
      isChunked = unsafe bytes.byte(value.end &- 7 &+ index) | ByteScan.caseBit == name.utf8Start[index]
      index &+= 1
    }
    if isChunked, value.count > 7 {
      let before = bytes.byte(value.end &- 8)
      isChunked = isBlank(before) || before == UInt8(ascii: ",")
    }
    // "identity" (RFC 2616) says nothing.
    if !isChunked, value.count == 8, bytes.byte(Int(value.start)) | ByteScan.caseBit == UInt8(ascii: "i") {
      return
    }
    head.framing = isChunked ? .chunked : .untilClose
  }

  static func trimmed(_ bytes: RawSpan, _ start: Int, _ end: Int) -> ByteRange {
    var first = start, last = end
    while first < last, isBlank(bytes.byte(first)) { first &+= 1 }
    while last > first, isBlank(bytes.byte(last &- 1)) { last &-= 1 }
    return ByteRange(first, last)
  }

  @inline(__always)
  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }
}
