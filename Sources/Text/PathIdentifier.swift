// SPDX-License-Identifier: Apache-2.0

import System

/// Segments of paths that name one thing among many, as in `/users/17`: sections count them as one, `/users/{id}`.
package enum PathIdentifier {
  /// What stands for one in a section.
  package static let name = "{id}"

  /// Whether a segment is digits alone, a UUID (RFC 9562), or at least 16 hexadecimal digits of which one is a decimal one.
  package static func matches(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
    guard start < end else { return false }
    var digits = 0, letters = 0, hyphens = 0
    for index in start..<end {
      let byte = bytes.byte(index)
      let letter = byte | ByteScan.caseBit
      if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
        digits &+= 1
      } else if letter >= UInt8(ascii: "a"), letter <= UInt8(ascii: "f") {
        letters &+= 1
      } else if byte == UInt8(ascii: "-"), [8, 13, 18, 23].contains(index &- start) {
        hyphens &+= 1
      } else {
        return false
      }
    }
    if hyphens > 0 { return hyphens == 4 && end &- start == 36 }
    return letters == 0 || digits > 0 && letters &+ digits >= 16
  }
}
