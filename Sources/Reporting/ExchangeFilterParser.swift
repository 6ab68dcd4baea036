// SPDX-License-Identifier: Apache-2.0

import Alerting
import RegularExpressions
import Text

/// The fault of a condition, and where it is.
package struct ExchangeFilterError: Error, Equatable, Sendable {
  package var message: String
  /// The condition.
  var text: String
  /// Characters before the place.
  package var column: Int
  /// Characters of the place, 1 at least.
  package var length: Int
  /// The option that it was given by, and what would be a condition of it.
  package var option = FilterScope.exchange.option
  package var example = FilterScope.exchange.example

  /// The condition, and below it a line that marks the place.
  package var details: [String] { AlertSyntaxError(message, at: column, length: length).marked(text) }
}

/// Reads conditions:
///
///     condition  = term *("or" term)
///     term       = factor *("and" factor)
///     factor     = "not" factor | "(" condition ")" | comparison
///     comparison = name ("=" | "!=") text     ; * is any text
///                | name ("~" | "!~") (expression | """ expression """)
///                | "status" sign (number | digit "xx") | "latency" sign time | "bytes" sign number
///     name       = "site" | "path" | "client" | "method" | "process" | "unit" | "container" | "pod"
///     sign       = "=" | "!=" | "<" | "<=" | ">" | ">="
struct ExchangeFilterParser {
  /// Parentheses within each other at most: each takes stack.
  private static let mostDepth = 64

  private let text: String
  private let scope: FilterScope
  private let characters: [Character]
  private var position = 0
  private var depth = 0

  init(_ text: String, _ scope: FilterScope = .exchange) {
    (self.text, self.scope) = (text, scope)
    characters = Array(text)
  }

  /// Whether a comparison stands at the beginning, also after `not` and `(`.
  mutating func beginsWithComparison() -> Bool {
    while take("not") || take("(") {}
    guard let word = peek(), word.allSatisfy({ $0.isASCII && $0.isLetter }) else { return false }
    position += word.count
    skipSpaces()
    let sign = String(characters[position...].prefix { "=!<>~".contains($0) })
    if ExchangeFilter.Field(rawValue: word) != nil { return !sign.isEmpty && sign != "!" }
    // What names have in them, such as `?id=17`, is looked for as it is.
    return sign.hasPrefix("<") || sign.hasPrefix(">") || sign == "!=" || sign == "!~"
  }

  mutating func whole() throws(ExchangeFilterError) -> ExchangeFilter.Condition {
    let condition = try alternatives()
    if let word = peek() { throw fault("expected 'and', 'or' or the end, not '\(word)'", word.count) }
    return condition
  }

  private mutating func alternatives() throws(ExchangeFilterError) -> ExchangeFilter.Condition {
    var condition = try conjunction()
    while take("or") { condition = .or(condition, try conjunction()) }
    return condition
  }

  private mutating func conjunction() throws(ExchangeFilterError) -> ExchangeFilter.Condition {
    var condition = try factor()
    while take("and") { condition = .and(condition, try factor()) }
    return condition
  }

  private mutating func factor() throws(ExchangeFilterError) -> ExchangeFilter.Condition {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.mostDepth { throw fault("more than \(Self.mostDepth) conditions within each other", 1) }
    if take("not") { return .not(try factor()) }
    guard take("(") else { return try comparison() }
    let inner = try alternatives()
    if !take(")") { throw fault("')' is missing", 1) }
    return inner
  }

  private mutating func comparison() throws(ExchangeFilterError) -> ExchangeFilter.Condition {
    let names = scope.fields.map(\.rawValue).joined(separator: ", ")
    guard let word = peek() else { throw fault("expected one of \(names)", 1) }
    guard let field = ExchangeFilter.Field(rawValue: word) else {
      throw fault("unknown '\(word)' (expected one of \(names))", word.count)
    }
    if !scope.fields.contains(field) { throw fault(scope.refusal(field), word.count) }
    position += word.count
    skipSpaces()
    let sign = String(characters[position...].prefix { "=!<>~".contains($0) })
    if sign == "~" || sign == "!~" { return try expression(field, sign) }
    guard let comparison = ExchangeFilter.Comparison(rawValue: sign) else {
      throw fault("expected =, !=, ~, !~, <, <=, > or >= after '\(word)'", max(1, sign.count))
    }
    let place = position
    position += sign.count
    skipSpaces()
    let value = String(characters[position...].prefix { !$0.isWhitespace && $0 != ")" })
    if value.isEmpty { throw fault("a value is missing after '\(word)\(sign)'", 1) }
    defer { position += value.count }
    switch field {
    case .site, .path, .client, .method, .process, .unit, .container, .pod:
      guard comparison == .equal || comparison == .unequal else {
        throw fault("'\(word)' is compared by = or != alone", sign.count, at: place)
      }
      // Names of sites are in lower case, methods are as they were sent.
      let pattern = Array((field == .site ? value.lowercased() : value).utf8)
      let condition = ExchangeFilter.Condition.text(field, pattern: pattern)
      return comparison == .equal ? condition : .not(condition)
    case .status: return try status(comparison, value)
    case .latency:
      guard value.last?.isLetter == true, let time = DecimalText.nanoseconds(value) else {
        throw fault("invalid duration '\(value)' (expected 200ms, 1.5s)", value.count)
      }
      return .number(field, comparison, time)
    case .bytes:
      guard let number = UInt64(value) else { throw fault("invalid number '\(value)'", value.count) }
      return .number(field, comparison, number)
    }
  }

  /// A regular expression: up to a space, or in double quotes, in which \" is one.
  private mutating func expression(
    _ field: ExchangeFilter.Field, _ sign: String
  ) throws(ExchangeFilterError) -> ExchangeFilter.Condition {
    switch field {
    case .site, .path, .client, .method, .process, .unit, .container, .pod: break
    case .status, .latency, .bytes:
      throw fault("'\(field.rawValue)' is a number: ~ is for site, path, client and method", sign.count)
    }
    position += sign.count
    skipSpaces()
    let start = position
    let text = try expressionText()
    if text.isEmpty { throw fault("an expression is missing after '\(field.rawValue)\(sign)'", 1, at: start) }
    do throws(RegularExpression.Fault) {
      // Names of sites are in lower case, whatever was typed.
      let condition = ExchangeFilter.Condition.expression(
        field, try RegularExpression(text, ignoresCase: field == .site))
      return sign == "~" ? condition : .not(condition)
    } catch {
      throw fault("no regular expression: \(error.reason)", position - start, at: start)
    }
  }

  private mutating func expressionText() throws(ExchangeFilterError) -> String {
    let start = position, isQuoted = position < characters.count && characters[position] == "\""
    var text = "", depth = 0
    if isQuoted { position += 1 }
    while position < characters.count {
      var character = characters[position]
      if isQuoted ? character == "\"" : character.isWhitespace || character == ")" && depth == 0 { break }
      if character == "(" { depth += 1 } else if character == ")" { depth -= 1 }
      if character == "\\", position + 1 < characters.count {
        position += 1
        // All but a quote's backslash are the expression's.
        if !isQuoted || characters[position] != "\"" { text.append(character) }
        character = characters[position]
      }
      text.append(character)
      position += 1
    }
    if isQuoted {
      if position == characters.count { throw fault("the closing quote is missing", 1, at: start) }
      position += 1
    }
    return text
  }

  /// A status, or a class of them.
  private func status(
    _ comparison: ExchangeFilter.Comparison, _ value: String
  ) throws(ExchangeFilterError) -> ExchangeFilter.Condition {
    if value.hasSuffix("xx"), value.count == 3, let digit = value.first?.wholeNumberValue,
      (1...5).contains(digit), comparison == .equal || comparison == .unequal
    {
      let condition = ExchangeFilter.Condition.statusClass(UInt64(digit))
      return comparison == .equal ? condition : .not(condition)
    }
    guard let number = UInt64(value), (100...999).contains(number) else {
      throw fault("invalid status '\(value)' (expected 503, or 5xx after = or !=)", value.count)
    }
    return .number(.status, comparison, number)
  }

  // MARK: Words

  private mutating func skipSpaces() {
    while position < characters.count, characters[position].isWhitespace { position += 1 }
  }

  /// The next word or parenthesis; nil at the end.
  private mutating func peek() -> String? {
    skipSpaces()
    guard position < characters.count else { return nil }
    let first = characters[position]
    if "()=!<>~".contains(first) { return String(first) }
    return String(characters[position...].prefix { !$0.isWhitespace && !"()=!<>~".contains($0) })
  }

  /// Steps over a word, if it is the next one.
  private mutating func take(_ word: String) -> Bool {
    guard peek() == word else { return false }
    position += word.count
    return true
  }

  private func fault(_ message: String, _ length: Int, at place: Int? = nil) -> ExchangeFilterError {
    ExchangeFilterError(
      message: message, text: text, column: min(place ?? position, characters.count), length: max(1, length),
      option: scope.option, example: scope.example)
  }
}
