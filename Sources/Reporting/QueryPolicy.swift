// SPDX-License-Identifier: Apache-2.0

package import Text

/// The policy for the query string of a target or a referer, which may hold secrets.
package enum QueryPolicy: String, CaseIterable, Sendable {
  /// All of it.
  case keep
  /// The names of its parameters: `?user=*&page=*`. A parameter without a name is a value.
  case names
  /// Nothing.
  case drop

  /// Appends a target or a referer, as this policy has it.
  ///
  /// What follows a `#` counts as query. Of parameters inside the path (`;jsessionid=...`), only `keep` leaves the value.
  package func append(_ text: ArraySlice<UInt8>, to output: inout ByteText) {
    guard self != .keep, let first = text.firstIndex(where: Self.isMark) else { return output.append(text) }
    output.append(text[..<first])
    var isParameter = false
    var isValue = false
    for (index, byte) in zip(text.indices, text).dropFirst(first - text.startIndex) {
      switch byte {
      case UInt8(ascii: "?"), UInt8(ascii: "#"):
        if self == .names {
          output.append(byte)
          Self.appendNames(text[(index + 1)...], to: &output)
        }
        return
      case UInt8(ascii: ";"): (isParameter, isValue) = (true, false)
      case UInt8(ascii: "/"): (isParameter, isValue) = (false, false)
      case UInt8(ascii: "=") where isParameter && !isValue:
        output.append("=*")
        isValue = true
        continue
      default: break
      }
      if !isValue { output.append(byte) }
    }
  }

  /// A target or a referer, as this policy has it.
  package func text(_ text: ArraySlice<UInt8>) -> String {
    var output = ByteText()
    append(text, to: &output)
    return output.string
  }

  /// Whether what follows the byte may be masked.
  private static func isMark(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";")
  }

  /// Appends the parameters of a query with their values masked.
  private static func appendNames(_ query: ArraySlice<UInt8>, to output: inout ByteText) {
    var rest = query
    while true {
      let piece = rest.prefix { $0 != UInt8(ascii: "&") && $0 != UInt8(ascii: ";") }
      if let sign = piece.firstIndex(of: UInt8(ascii: "=")) {
        output.append(piece[...sign])
        if sign + 1 < piece.endIndex { output.append(UInt8(ascii: "*")) }
      } else if !piece.isEmpty {
        output.append(UInt8(ascii: "*"))
      }
      guard piece.endIndex < rest.endIndex else { return }
      output.append(rest[piece.endIndex])
      rest = rest[(piece.endIndex + 1)...]
    }
  }
}
