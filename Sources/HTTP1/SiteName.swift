// SPDX-License-Identifier: Apache-2.0

import System
package import Text

/// The site a request is for: the authority of its target, else its `Host` (RFC 9112, section 3.2),
/// in lower case, without user information, port and trailing dot; IPv6 literals keep their brackets, and one without
/// them gets them.
package enum SiteName {
  /// Appends the site of `head`; a count of 0 when the head names none.
  package static func append(
    _ head: MessageHead, _ bytes: RawSpan, to names: NameBuffer
  ) -> (start: Int, count: Int) {
    var authority = RequestTarget.authority(head, bytes)
    var place = append(authority, bytes, to: names)
    if place.count == 0, authority != head.host {
      authority = head.host
      place = append(authority, bytes, to: names)
    }
    return place
  }

  /// Appends the host of an authority.
  private static func append(
    _ authority: ByteRange, _ bytes: RawSpan, to names: NameBuffer
  ) -> (start: Int, count: Int) {
    var start = Int(authority.start)
    var end = authority.end
    if ByteScan.contains(UInt8(ascii: "@"), in: bytes, start, end) { start = afterUser(bytes, end) }
    if isBareAddress(bytes, start, end) {
      let mark = names.count
      names.append(UInt8(ascii: "["))
      _ = PrintableName.append(bytes, start, end, lowercased: true, to: names)
      names.append(UInt8(ascii: "]"))
      return (mark, names.count &- mark)
    }
    end = withoutPort(bytes, start, end)
    if end &- start > 1, bytes.byte(end &- 1) == UInt8(ascii: ".") { end &-= 1 }
    return PrintableName.append(bytes, start, end, lowercased: true, to: names)
  }

  /// Where the host begins after the last `@` before `end`, of which there is one.
  private static func afterUser(_ bytes: RawSpan, _ end: Int) -> Int {
    var offset = end
    while bytes.byte(offset &- 1) != UInt8(ascii: "@") { offset &-= 1 }
    return offset
  }

  /// Bytes of an IPv6 address and its zone at most; what is longer is none.
  private static let longestAddress = 64

  /// Whether a host is an IPv6 address without brackets, as `fe80::1%eth0`: its colons are its own, none is a port's.
  ///
  /// Of almost all other hosts one of the first five bytes says so.
  private static func isBareAddress(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
    var offset = start, colons = 0, hasDouble = false
    while offset < end {
      let byte = bytes.byte(offset)
      if byte == UInt8(ascii: ":") {
        if offset > start, bytes.byte(offset &- 1) == byte { hasDouble = true }
        colons &+= 1
      } else if byte == UInt8(ascii: "%") {
        break
      } else if colons == 0 ? !isHex(byte) || offset &- start > 3 : !isHex(byte) && byte != UInt8(ascii: ".")
      {
        return false
      }
      offset &+= 1
    }
    return (hasDouble || colons == 7) && end &- start <= longestAddress
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    StartLine.isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 6
  }

  /// The end of the host: before the colon of a port, behind the bracket of an IPv6 literal.
  private static func withoutPort(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Int {
    var offset = end
    while offset > start {
      offset &-= 1
      let byte = bytes.byte(offset)
      if byte == UInt8(ascii: ":") { return offset }
      // Anything but digits behind the last colon is no port: the colon belongs to the name.
      if !StartLine.isDigit(byte) { return end }
    }
    return end
  }
}
