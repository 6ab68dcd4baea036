// SPDX-License-Identifier: Apache-2.0

import RegularExpressions
import System

/// A filter of exchanges: a condition such as `status>=500 and site=*.example and not path=/healthz`.
package struct ExchangeFilter: Sendable {
  /// The fields that a condition can be about.
  package enum Field: String, CaseIterable, Sendable {
    case site, path, client, method, status, latency, bytes
    /// The names of an owner: lists of processes alone have them.
    case process, unit, container, pod
  }

  /// The comparison of a number.
  enum Comparison: String, CaseIterable {
    case equal = "=", unequal = "!=", less = "<", atMost = "<=", more = ">", atLeast = ">="
  }

  indirect enum Condition: Sendable {
    case text(Field, pattern: [UInt8])
    /// A part of the text matches.
    case expression(Field, RegularExpression)
    /// A number in the field's unit: a status, nanoseconds, bytes.
    case number(Field, Comparison, UInt64)
    /// A status of 100 times this and up to 99 more.
    case statusClass(UInt64)
    case not(Condition)
    case and(Condition, Condition)
    case or(Condition, Condition)
  }

  let condition: Condition

  /// Reads a condition about what the scope has; throws what is wrong with it, and where.
  package init(_ text: String, about scope: FilterScope = .exchange) throws(ExchangeFilterError) {
    var parser = ExchangeFilterParser(text, scope)
    condition = try parser.whole()
  }

  /// Whether a text begins as a condition does: with the name of a field and a sign, also after `not` and `(`. Other
  /// words with one of `!=`, `!~`, `<`, `>` after them are taken for a field's name that is mistyped.
  package static func isBegun(_ text: String) -> Bool {
    var parser = ExchangeFilterParser(text)
    return parser.beginsWithComparison()
  }

  /// Whether the subject is chosen. What it does not have (the status of a request without an answer, the path of a
  /// response without a request) is equal to nothing, and neither more nor less.
  package func passes(_ subject: some FilterSubject) -> Bool { Self.isTrue(condition, subject) }

  private static func isTrue(_ condition: Condition, _ subject: some FilterSubject) -> Bool {
    switch condition {
    case .text(let field, let pattern):
      let text = Array(subject.text(field))
      return TextPattern.matches(text.rawSpan, pattern.rawSpan)
    case .expression(let field, let expression): return expression.matches(subject.text(field))
    case .number(let field, let comparison, let limit):
      guard let value = subject.number(field) else { return comparison == .unequal }
      return switch comparison {
      case .equal: value == limit
      case .unequal: value != limit
      case .less: value < limit
      case .atMost: value <= limit
      case .more: value > limit
      case .atLeast: value >= limit
      }
    case .statusClass(let digit): return (subject.number(.status) ?? 0) / 100 == digit
    case .not(let inner): return !isTrue(inner, subject)
    case .and(let a, let b): return isTrue(a, subject) && isTrue(b, subject)
    case .or(let a, let b): return isTrue(a, subject) || isTrue(b, subject)
    }
  }
}
