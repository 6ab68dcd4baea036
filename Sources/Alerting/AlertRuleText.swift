// SPDX-License-Identifier: Apache-2.0

/// A rule as its operator wrote it, word by word, each with its place.
struct AlertRuleText {
  /// A word, or one of `>` and `<`, which need no spaces around them.
  struct Word {
    var text: Substring
    /// Characters before it.
    var column: Int
  }

  let words: [Word]
  private(set) var position = 0
  /// Behind the last word.
  let end: Int

  init(_ text: String) {
    var words: [Word] = []
    var start: (index: String.Index, column: Int)?
    func close(_ index: String.Index) {
      if let begun = start { words.append(Word(text: text[begun.index..<index], column: begun.column)) }
      start = nil
    }
    var column = 0
    for index in text.indices {
      let character = text[index]
      if character.isWhitespace {
        close(index)
      } else if character == ">" || character == "<" {
        close(index)
        words.append(Word(text: text[index...index], column: column))
      } else if start == nil {
        start = (index, column)
      }
      column += 1
    }
    close(text.endIndex)
    self.words = words
    end = words.last.map { $0.column + $0.text.count } ?? 0
  }

  /// The next word; nil at the end.
  mutating func next() -> Word? {
    guard position < words.count else { return nil }
    position += 1
    return words[position - 1]
  }
}

/// The fault of a rule, and where it is.
package struct AlertSyntaxError: Error, Equatable, Sendable {
  package var message: String
  /// Characters before the place.
  package var column: Int
  /// Characters of the place, 1 at least.
  package var length: Int

  package init(_ message: String, at column: Int, length: Int = 1) {
    self.message = message
    self.column = column
    self.length = max(1, length)
  }

  init(_ message: String, _ word: AlertRuleText.Word) {
    self.init(message, at: word.column, length: word.text.count)
  }

  /// The rule, and below it a line that marks the place.
  package func marked(_ rule: String) -> [String] {
    let shown = rule.map(Self.shown)
    let before = shown.prefix(column)
    // The end of the rule is a place, too: the column behind it.
    let spaces = before.reduce(column - before.count) { $0 + $1.count }
    let marks = max(length, shown.dropFirst(column).prefix(length).reduce(0) { $0 + $1.count })
    return [shown.joined(), String(repeating: " ", count: spaces) + String(repeating: "^", count: marks)]
  }

  /// A character as a text of as many characters as it takes columns on any terminal: a tab, a combining
  /// accent or a wide character would move the marks away from what they mark.
  private static func shown(_ character: Character) -> String {
    if character.isWhitespace { return " " }
    return character.unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      // ASCII, Latin, Greek and Cyrillic letters: nothing before U+0300 combines, nothing here is wide.
      case "!"..."~", "\u{c0}"..."\u{24f}", "\u{386}"..."\u{481}": text.unicodeScalars.append(scalar)
      default: text += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
  }
}
