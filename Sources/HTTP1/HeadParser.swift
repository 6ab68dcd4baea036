// SPDX-License-Identifier: Apache-2.0

import System
import Text

/// Reads the head of an HTTP/1 request or response (RFC 9112) out of borrowed bytes.
///
/// It is lenient where servers are (empty lines before the start line, bare LF, white space before
/// a colon) and strict where counting depends on it: a start line must be whole and valid.
package enum HeadParser {
  package enum Verdict: Sendable {
    /// The head is whole.
    case complete
    /// What there is, is the beginning of a head.
    case incomplete
    /// No start line, whatever may follow.
    case invalid
  }

  /// Heads beyond this many bytes are read by their start line alone.
  package static let maximumLength = 64 * 1024

  /// Reads the head at the start of `bytes` into `head`.
  ///
  /// With `.incomplete`, `head` holds what could be read: `hasStartLine` tells whether its start
  /// line says what message it is.
  package static func parse(_ bytes: RawSpan, into head: inout MessageHead) -> Verdict {
    head = MessageHead()
    let start = skipEmptyLines(bytes)
    let count = bytes.byteCount
    guard start < count else { return .incomplete }
    var feeds = LineFeeds(from: start)
    let feed = feeds.next(in: bytes)
    if feed < 0 {
      guard StartLine.mayBegin(bytes, start, count) else { return .invalid }
      StartLine.readStatus(bytes, start, count, into: &head)
      return .incomplete
    }
    guard StartLine.parse(bytes, start, trimmedEnd(bytes, start, feed), into: &head) else {
      return .invalid
    }
    return HeaderFields.parse(bytes, from: feed &+ 1, feeds, into: &head) ? .complete : .incomplete
  }

  /// Whether an incomplete head says by its start line what message it is: a request by its whole line, a response by its
  /// status, whose reason phrase may be due.
  package static func hasStartLine(_ head: MessageHead) -> Bool {
    head.status != 0 || head.target.count > 0
  }

  /// The end of the line that `feed` ends: without the CR before it.
  @inline(__always)
  static func trimmedEnd(_ bytes: RawSpan, _ start: Int, _ feed: Int) -> Int {
    feed > start && bytes.byte(feed &- 1) == UInt8(ascii: "\r") ? feed &- 1 : feed
  }

  /// RFC 9112, section 2.2: a server ignores empty lines before a request line.
  static func skipEmptyLines(_ bytes: RawSpan) -> Int {
    var offset = 0
    while offset < bytes.byteCount {
      let byte = bytes.byte(offset)
      guard byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") else { break }
      offset &+= 1
    }
    return offset
  }
}
