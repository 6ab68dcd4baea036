// SPDX-License-Identifier: Apache-2.0

import System

/// Where a status line begins (RFC 9112, section 4), among bytes that may be something else.
package enum StatusLine {
  /// Whether bytes are `HTTP/` as far as they reach, after any empty lines: the beginning of no other line is the
  /// beginning of a server's head.
  package static func mayBegin(_ bytes: RawSpan) -> Bool {
    let start = HeadParser.skipEmptyLines(bytes)
    return StartLine.isVersionPrefix(bytes, start, bytes.byteCount)
  }

  /// The offset of the first status line from `start` on, wherever in a line it stands; nil when there is none.
  ///
  /// What is found is a valid start line, whatever follows it: so a reader that continues there always gets ahead, and
  /// bytes that look like many of them cost one pass.
  package static func first(in bytes: RawSpan, from start: Int) -> Int? {
    var offset = start
    while offset &+ 13 <= bytes.byteCount {
      if StartLine.isVersionStart(bytes, offset, bytes.byteCount), StartLine.isStatus(bytes, offset),
        isEnd(bytes, offset &+ 12)
      {
        return offset
      }
      offset &+= 1
    }
    return nil
  }

  /// Whether the status may end before `offset`, by a space or the line's end.
  private static func isEnd(_ bytes: RawSpan, _ offset: Int) -> Bool {
    let byte = bytes.byte(offset)
    return byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n")
      || byte == UInt8(ascii: "\r")
        && (offset &+ 1 == bytes.byteCount || bytes.byte(offset &+ 1) == UInt8(ascii: "\n"))
  }
}
