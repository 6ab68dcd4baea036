// SPDX-License-Identifier: Apache-2.0

/// A buffer of text that is rewritten for every page or line and keeps its memory.
package struct ByteText: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init() { bytes.reserveCapacity(4096) }

  package var string: String { String(decoding: bytes, as: UTF8.self) }

  /// Empties it.
  package mutating func clear() { bytes.removeAll(keepingCapacity: true) }

  package mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  package mutating func append(_ byte: UInt8) { bytes.append(byte) }

  package mutating func append(_ text: ArraySlice<UInt8>) { bytes.append(contentsOf: text) }

  /// A line with its newline, `indent` tabs before it: whatever is in the text, it stays one line that
  /// moves no cursor.
  package mutating func line(_ text: String = "", indent: Int = 0) {
    for _ in 0..<indent { bytes.append(UInt8(ascii: "\t")) }
    append(VisibleText.escaped(text))
    bytes.append(UInt8(ascii: "\n"))
  }

  /// A number in decimal digits, without an intermediate string; `width` digits at least.
  package mutating func append(_ number: UInt64, width: Int = 1) {
    var divisor: UInt64 = 1
    var digits = 1
    while number / divisor >= 10 {
      divisor *= 10
      digits += 1
    }
    for _ in 0..<max(0, width - digits) { bytes.append(UInt8(ascii: "0")) }
    while divisor > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
      divisor /= 10
    }
  }
}
