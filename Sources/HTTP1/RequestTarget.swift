// SPDX-License-Identifier: Apache-2.0

import System
package import Text

/// The four forms of a request target (RFC 9112, section 3.2) and what counting takes from them.
package enum RequestTarget {
  /// Where the site's name stands: in the target of an absolute-form or CONNECT request, else in
  /// `Host`.
  package static func authority(_ head: MessageHead, _ bytes: RawSpan) -> ByteRange {
    if head.method.isConnect { return head.target }
    let start = authorityStart(head, bytes)
    guard start >= 0 else { return head.host }
    return ByteRange(start, pathStart(bytes, start, head.target.end))
  }

  /// Appends the section: `/` and the first path segment without its parameters (RFC 3986, section 3.3), or `*`;
  /// nothing for CONNECT.
  ///
  /// - Parameter depth: the number of segments, at least 1; identifiers are folded from the second one on.
  package static func appendSection(
    _ head: MessageHead, _ bytes: RawSpan, depth: Int = 1, to names: NameBuffer
  ) -> (start: Int, count: Int) {
    if head.method.isConnect { return (names.count, 0) }
    var start = Int(head.target.start)
    let end = head.target.end
    let authority = authorityStart(head, bytes)
    if authority >= 0 { start = pathStart(bytes, authority, end) }
    guard start < end, bytes.byte(start) == UInt8(ascii: "/") || authority < 0 else {
      // "http://site" and "http://site?query" have the empty path, which is "/".
      return appendRoot(to: names)
    }
    if depth > 1, bytes.byte(start) == UInt8(ascii: "/") {
      return DeepSection.append(bytes, start, end, depth: depth, to: names)
    }
    var offset = start &+ 1
    while offset < end, !isSegmentEnd(bytes.byte(offset)) { offset &+= 1 }
    if bytes.byte(start) == UInt8(ascii: "?") { return appendRoot(to: names) }
    return PrintableName.append(bytes, start, offset, lowercased: false, to: names)
  }

  private static func appendRoot(to names: NameBuffer) -> (start: Int, count: Int) {
    names.append(UInt8(ascii: "/"))
    return (names.count - 1, 1)
  }

  /// Where the authority of an absolute-form target begins; -1 for the other forms.
  private static func authorityStart(_ head: MessageHead, _ bytes: RawSpan) -> Int {
    let start = Int(head.target.start), end = head.target.end
    // A scheme begins with a letter; origin-form with a slash, asterisk-form is "*".
    guard start < end, bytes.byte(start) != UInt8(ascii: "/"), bytes.byte(start) != UInt8(ascii: "*") else {
      return -1
    }
    var offset = start
    while offset < end, isSchemeByte(bytes.byte(offset)) { offset &+= 1 }
    guard offset > start, offset &+ 3 <= end, bytes.byte(offset) == UInt8(ascii: ":"),
      bytes.byte(offset &+ 1) == UInt8(ascii: "/"), bytes.byte(offset &+ 2) == UInt8(ascii: "/")
    else { return -1 }
    return offset &+ 3
  }

  /// Where the path, query or end begins behind an authority.
  private static func pathStart(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Int {
    var offset = start
    while offset < end, !isPathEnd(bytes.byte(offset)) { offset &+= 1 }
    return offset
  }

  /// A byte that ends the name of a path segment.
  @inline(__always)
  static func isSegmentEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ";") || isPathEnd(byte) }

  /// A byte that ends an authority or a path segment.
  @inline(__always)
  static func isPathEnd(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
  }

  /// Beside the bytes of a scheme (RFC 3986, section 3.1), `_`, as in the targets of cache managers.
  private static func isSchemeByte(_ byte: UInt8) -> Bool {
    let letter = byte | ByteScan.caseBit
    return (letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z")) || StartLine.isDigit(byte)
      || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "_")
  }
}
