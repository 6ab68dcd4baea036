// SPDX-License-Identifier: Apache-2.0

/// A buffer of text that is rewritten for every page or line and keeps its memory.
package struct ByteText: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init() { bytes.reserveCapacity(4096) }

  package var string: String { String(decoding: bytes, as: UTF8.self) }

  /// Empties it.
  package mutating func clear() { bytes.removeAll(keepingCapacity: true) }

  // Byte by byte: for names of a few bytes the sequence's own way costs several times as much.
  package mutating func append(_ text: String) {
    let span = text.utf8.span
    for index in span.indices { bytes.append(span[index]) }
  }

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
    if number >= Self.eightDigits {
      append(number / Self.eightDigits, width: max(1, width - 8))
      return append(below: number % Self.eightDigits, width: 8)
    }
    append(below: number, width: width)
  }

  private static var eightDigits: UInt64 { 100_000_000 }

  /// Appends a number of at most eight digits.
  private mutating func append(below number: UInt64, width: Int) {
    // The first digit is the word's lowest byte.
    var rest = number, digits: UInt64 = 0, count = 0
    repeat {
      digits = digits << 8 | (UInt64(UInt8(ascii: "0")) + rest % 10)
      rest /= 10
      count += 1
    } while rest > 0
    for _ in 0..<max(0, width - count) { bytes.append(UInt8(ascii: "0")) }
    for _ in 0..<count {
      bytes.append(UInt8(truncatingIfNeeded: digits))
      digits >>= 8
    }
  }
}
