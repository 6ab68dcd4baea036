// SPDX-License-Identifier: Apache-2.0

/// Text that is not off the wire (file names, the system's words) made safe for a terminal and a line.
///
/// Names off the wire are printable ASCII before they come here (`PrintableName`). A capture file's name
/// may hold anything, though, and a shell's `*` hands it on unseen.
package enum VisibleText {
  /// Whether a character may move a cursor, end a line, or change how others are read.
  package static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: true
    default: false
    }
  }

  /// Whether a byte is printable ASCII: from the space to the tilde.
  @inline(__always)
  private static func isPrintable(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: " ") && byte <= UInt8(ascii: "~")
  }

  /// The text with such characters as `\u{1b}`; as it is when there are none.
  package static func escaped(_ text: String) -> String {
    if text.utf8.allSatisfy({ isPrintable($0) }) { return text }
    var escaped = ""
    for scalar in text.unicodeScalars {
      if isInvisible(scalar) {
        escaped += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// The text as ASCII, every other character escaped: one column a character on any terminal.
  package static func cells(_ text: String) -> String {
    if text.utf8.allSatisfy({ isPrintable($0) }) { return text }
    var cells = ""
    for scalar in text.unicodeScalars {
      if scalar.isASCII, isPrintable(UInt8(ascii: scalar)) {
        cells.unicodeScalars.append(scalar)
      } else {
        cells += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return cells
  }
}
