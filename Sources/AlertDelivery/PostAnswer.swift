// SPDX-License-Identifier: Apache-2.0

/// What a server has answered to a post, out of the bytes that have come so far.
package struct PostAnswer: Equatable, Sendable {
  package var status: Int
  /// The beginning of its body on one line, for people; whatever a server says may be in it.
  package var text: String
  /// Whether nothing more is worth waiting for. A server may keep its connection open though it was asked
  /// not to, and a status that is good needs no body.
  package var isWhole: Bool

  /// Whether its body has come, as its Content-Length says.
  package var hasItsBody: Bool

  /// Characters of the text that are kept.
  private static let textLimit = 200

  /// Nil while the head has not ended, and for what is no answer of HTTP/1.
  package init?(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while true {
      guard let end = Self.headEnd(rest) else { return nil }
      let lines = String(decoding: rest[..<end], as: UTF8.self).split(whereSeparator: \.isNewline)
      let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
      guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3,
        let status = Int(words[1]), status >= 100
      else { return nil }
      rest = rest[end...]
      // 100 Continue is no answer yet (RFC 9110 section 15.2).
      if status < 200, status != 101 { continue }
      self.status = status
      let body = String(decoding: rest, as: UTF8.self).split { $0.isWhitespace }
      text = String(body.joined(separator: " ").prefix(Self.textLimit))
      hasItsBody = Self.length(lines).map { rest.count >= $0 } ?? false
      isWhole = (200..<300).contains(status) || hasItsBody
      return
    }
  }

  /// Whether an answer may begin with these bytes.
  static func mayBegin(with bytes: [UInt8]) -> Bool {
    zip(bytes, "HTTP/1.".utf8).allSatisfy { $0 == $1 }
  }

  /// Where the body begins: behind the first empty line.
  private static func headEnd(_ bytes: ArraySlice<UInt8>) -> Int? {
    var lineIsEmpty = false
    for (index, byte) in zip(bytes.indices, bytes) {
      if byte == UInt8(ascii: "\n") {
        if lineIsEmpty { return index + 1 }
        lineIsEmpty = true
      } else if byte != UInt8(ascii: "\r") {
        lineIsEmpty = false
      }
    }
    return nil
  }

  private static func length(_ lines: [Substring]) -> Int? {
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "content-length" else { continue }
      return Int(parts[1].filter { $0 != " " && $0 != "\t" })
    }
    return nil
  }
}
