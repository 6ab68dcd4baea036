// SPDX-License-Identifier: Apache-2.0

import System
package import Text

/// The site a request is for: the authority of its target, else its `Host` (RFC 9112, section 3.2),
/// in lower case, without user information, port and trailing dot; IPv6 literals keep their brackets.
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
    var offset = end
    while offset > start {
      offset &-= 1
      if bytes.byte(offset) == UInt8(ascii: "@") {
        start = offset &+ 1
        break
      }
    }
    end = withoutPort(bytes, start, end)
    if end &- start > 1, bytes.byte(end &- 1) == UInt8(ascii: ".") { end &-= 1 }
    return PrintableName.append(bytes, start, end, lowercased: true, to: names)
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
