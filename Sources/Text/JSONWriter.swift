// SPDX-License-Identifier: Apache-2.0

/// JSON text (RFC 8259), written member by member into a buffer that is used again; no tree is built.
///
/// It puts the commas; the caller balances the brackets.
package struct JSONWriter: Sendable {
  package private(set) var text = ByteText()
  /// Whether the next value needs a comma before it.
  private var needsComma = false

  package init() {}

  /// Empties it for the next line.
  package mutating func clear() {
    text.clear()
    needsComma = false
  }

  package mutating func beginObject() { open(UInt8(ascii: "{")) }
  package mutating func endObject() { close(UInt8(ascii: "}")) }
  package mutating func beginArray() { open(UInt8(ascii: "[")) }
  package mutating func endArray() { close(UInt8(ascii: "]")) }

  /// A member that is an array of objects, one for each of `items`, whose members `write` adds.
  package mutating func objects<Items: Sequence>(
    _ name: String, of items: Items, _ write: (inout JSONWriter, Items.Element) -> Void
  ) {
    key(name)
    beginArray()
    for item in items {
      beginObject()
      write(&self, item)
      endObject()
    }
    endArray()
  }

  /// A member's name; its value comes next.
  package mutating func key(_ name: String) {
    string(name)
    text.append(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func number(_ value: UInt64) {
    separate()
    text.append(value)
  }

  /// A number with the fewest digits that read back the same; null when it is not finite.
  package mutating func number(_ value: Double) {
    separate()
    text.append(value.isFinite ? "\(value)" : "null")
  }

  /// Nanoseconds as seconds, exactly, without trailing zeros: `0.00125`.
  package mutating func seconds(_ nanoseconds: UInt64) {
    separate()
    text.append(nanoseconds / 1_000_000_000)
    var rest = nanoseconds % 1_000_000_000
    guard rest > 0 else { return }
    var width = 9
    while rest % 10 == 0 {
      rest /= 10
      width -= 1
    }
    text.append(UInt8(ascii: "."))
    text.append(rest, width: width)
  }

  package mutating func bool(_ value: Bool) {
    separate()
    text.append(value ? "true" : "false")
  }

  package mutating func null() {
    separate()
    text.append("null")
  }

  /// A string: with the escapes of RFC 8259 section 7 for whatever is neither printable nor harmless.
  ///
  /// Names are printable ASCII when they come here; the escapes keep the line valid whatever comes, and
  /// keep control and format characters (C1, bidirectional overrides, separators) off a terminal.
  package mutating func string(_ value: String) {
    separate()
    text.append(UInt8(ascii: "\""))
    let bytes = value.utf8.span
    if bytes.indices.allSatisfy({ Self.isPlain(bytes[$0]) }) {
      text.append(value)
    } else {
      for scalar in value.unicodeScalars { append(scalar) }
    }
    text.append(UInt8(ascii: "\""))
  }

  /// Whether a byte stands for itself in a string: printable ASCII, neither quotation mark nor backslash.
  @inline(__always)
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: " ") && byte <= UInt8(ascii: "~") && byte != UInt8(ascii: "\"")
      && byte != UInt8(ascii: "\\")
  }

  /// A string of printable ASCII, as names off the wire are.
  package mutating func string(printable bytes: ArraySlice<UInt8>) {
    separate()
    text.append(UInt8(ascii: "\""))
    for byte in bytes {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { text.append(UInt8(ascii: "\\")) }
      text.append(byte)
    }
    text.append(UInt8(ascii: "\""))
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "\"": text.append("\\\"")
    case "\\": text.append("\\\\")
    case _ where VisibleText.isInvisible(scalar):
      // Beyond the basic plane as a surrogate pair.
      for unit in UTF16.encode(scalar).map({ Array($0) }) ?? [] { escape(UInt32(unit)) }
    default: text.append(String(scalar))
    }
  }

  /// Ends the line.
  package mutating func newline() {
    text.append("\n")
    needsComma = false
  }

  private mutating func escape(_ value: UInt32) {
    let digits = String(value, radix: 16)
    text.append("\\u" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits)
  }

  private mutating func separate() {
    if needsComma { text.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    text.append(bracket)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    text.append(bracket)
    needsComma = true
  }
}

extension JSONWriter {
  /// A member with a number.
  package mutating func member(_ name: String, _ value: UInt64) {
    key(name)
    number(value)
  }

  /// A member with a string.
  package mutating func member(_ name: String, _ value: String) {
    key(name)
    string(value)
  }
}
