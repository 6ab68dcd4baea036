// SPDX-License-Identifier: Apache-2.0

import System
import Text

/// The name of a field that the operator chose, to be compared with names off the wire.
package struct FieldKey: BitwiseCopyable, Equatable, Sendable {
  /// Characters of the longest one.
  package static let longest = 16

  // In lower case, the first character in the lowest byte.
  private var characters: UInt128 = 0
  private var count = 0

  /// Nil for what is no field's name, or too long a one.
  package init?(_ name: some StringProtocol) {
    let bytes = Array(name.utf8)
    guard (1...Self.longest).contains(bytes.count) else { return nil }
    for byte in bytes.reversed() {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
        UInt8(ascii: "_"):
        characters = characters << 8 | UInt128(byte)
      case UInt8(ascii: "A")...UInt8(ascii: "Z"):
        characters = characters << 8 | UInt128(byte | ByteScan.caseBit)
      default: return nil
      }
    }
    count = bytes.count
  }

  /// Where the value begins when a line's field has this name; nil for another one.
  func valueStart(_ bytes: RawSpan, _ line: Int, _ end: Int) -> Int? {
    guard end &- line > count else { return nil }
    var rest = characters, offset = line
    while offset < line &+ count {
      var byte = bytes.byte(offset)
      if byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") { byte |= ByteScan.caseBit }
      guard byte == UInt8(truncatingIfNeeded: rest) else { return nil }
      rest >>= 8
      offset &+= 1
    }
    return HeaderFields.afterColon(bytes, offset, end)
  }
}

/// The values of a request's fields of one name, in the order sent: a second reading of a whole head.
package struct NamedFields: BitwiseCopyable {
  private let key: FieldKey
  private let end: Int
  private var line: Int

  /// - Parameter head: a request whose end was seen.
  package init(_ key: FieldKey, _ head: MessageHead) {
    self.key = key
    end = head.length
    // SP HTTP/d.d follows the target.
    line = head.target.end &+ 9
  }

  /// The next value; nil when there is no further one.
  package mutating func next(_ bytes: RawSpan) -> ByteRange? {
    while line < end {
      let feed = ByteScan.lineFeed(in: bytes, from: line)
      guard feed >= 0, feed < end else { break }
      let last = HeadParser.trimmedEnd(bytes, line, feed)
      defer { line = feed &+ 1 }
      if let value = key.valueStart(bytes, line, last) { return HeaderFields.trimmed(bytes, value, last) }
    }
    line = end
    return nil
  }
}
