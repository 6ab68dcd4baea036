// SPDX-License-Identifier: Apache-2.0

import System
import Text

/// A section of several path segments, in which identifiers are folded so that `/users/17` and `/users/18` are one.
enum DeepSection {
  /// Bytes of the longest section that is folded; a longer one is a name as it was sent.
  private static let longest = 240

  /// Appends the first `depth` segments, at least 2, of the path that begins at `start` with a slash, or is empty.
  ///
  /// From the second on, a segment that is a number, a UUID or a hash becomes `{id}`; an empty one at the end is left out.
  static func append(
    _ bytes: RawSpan, _ start: Int, _ end: Int, depth: Int, to names: NameBuffer
  ) -> (start: Int, count: Int) {
    var scratch = InlineArray<240, UInt8>(repeating: 0)
    var used = 0
    func put(_ byte: UInt8) {
      if used < longest { scratch[used] = byte }
      used &+= 1
    }
    var offset = start, whole = start, number = 0
    while number < depth, offset < end, bytes.byte(offset) == UInt8(ascii: "/") {
      let first = offset &+ 1
      var last = first
      while last < end, !RequestTarget.isSegmentEnd(bytes.byte(last)) { last &+= 1 }
      var next = last
      // Parameters belong to no name (RFC 3986, section 3.3).
      while next < end, !RequestTarget.isPathEnd(bytes.byte(next)) { next &+= 1 }
      if number > 0, first == next, next >= end || bytes.byte(next) != UInt8(ascii: "/") { break }
      put(UInt8(ascii: "/"))
      if number > 0, PathIdentifier.matches(bytes, first, last) {
        put(UInt8(ascii: "{"))
        put(UInt8(ascii: "i"))
        put(UInt8(ascii: "d"))
        put(UInt8(ascii: "}"))
      } else {
        for index in first..<last { put(bytes.byte(index)) }
      }
      (offset, whole, number) = (next, last, number &+ 1)
    }
    guard used > 0, used <= longest else {
      return PrintableName.append(bytes, start, whole, lowercased: false, to: names)
    }
    // Bytes have no padding: all of them are initialized.
    return PrintableName.append(unsafe scratch.span.bytes, 0, used, lowercased: false, to: names)
  }
}
