// SPDX-License-Identifier: Apache-2.0

/// The answer of a server to a post.
package struct PostAnswer: Equatable, Sendable {
  package let status: Int
  /// The beginning of its body on one line, for people; whatever a server says may be in it.
  package let text: String

  /// Characters of the text that are kept.
  private static let textLimit = 200

  init(status: Int, body: [UInt8]) {
    self.status = status
    let words = String(decoding: body, as: UTF8.self).split { $0.isWhitespace }
    text = String(words.joined(separator: " ").prefix(Self.textLimit))
  }

  /// Whether what was posted was accepted.
  var isGood: Bool { (200..<300).contains(status) }

  /// The status and what came with it, of one that is not good.
  var refusal: String { "it answered \(status)\(text.isEmpty ? "" : ": \(text)")" }
}
