// SPDX-License-Identifier: Apache-2.0

import System
import Text

/// The fields of a request that only its line in an access log needs: `Referer` and `User-Agent`.
///
/// They are looked for in a second reading of the head, so that the first one, which every head goes
/// through, does not pay for them.
package struct RequestFields: Equatable, Sendable {
  package var referer = ByteRange()
  package var userAgent = ByteRange()
  /// The version of the request line: the digits on both sides of the dot.
  package var version: (major: UInt8, minor: UInt8) = (0, 0)

  /// Reads `head`, a request out of `bytes`, whose start line is whole.
  package init(_ head: MessageHead, _ bytes: RawSpan) {
    let count = head.length > 0 ? head.length : bytes.byteCount
    // SP HTTP/d.d follows the target.
    let digits = head.target.end &+ 6
    guard digits &+ 2 < count else { return }
    version = (StartLine.value(bytes.byte(digits)), StartLine.value(bytes.byte(digits &+ 2)))
    var line = digits &+ 3
    while true {
      let feed = ByteScan.lineFeed(in: bytes, from: line)
      // A line without an end may lack a part of its value.
      guard feed >= 0, feed < count else { return }
      let end = HeadParser.trimmedEnd(bytes, line, feed)
      switch end > line ? bytes.byte(line) | ByteScan.caseBit : 0 {
      case UInt8(ascii: "r"):
        if referer.isEmpty, let value = HeaderFields.valueStart(bytes, line, end, "referer") {
          referer = HeaderFields.trimmed(bytes, value, end)
        }
      case UInt8(ascii: "u"):
        if userAgent.isEmpty, let value = HeaderFields.valueStart(bytes, line, end, "user-agent") {
          userAgent = HeaderFields.trimmed(bytes, value, end)
        }
      default: break
      }
      line = feed &+ 1
    }
  }

  package static func == (a: RequestFields, b: RequestFields) -> Bool {
    a.referer == b.referer && a.userAgent == b.userAgent && a.version == b.version
  }
}
