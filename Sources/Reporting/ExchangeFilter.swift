// SPDX-License-Identifier: Apache-2.0

import Capture
package import ExchangeStream
import RegularExpressions
import Text

/// Which exchanges are shown: a condition such as `status>=500 and site=*.example and not path=/healthz`.
package struct ExchangeFilter: Sendable {
  /// What a condition can be about.
  enum Field: String, CaseIterable {
    case site, path, client, method, status, latency, bytes
  }

  /// How a number is compared.
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
    case statusClass(UInt16)
    case not(Condition)
    case and(Condition, Condition)
    case or(Condition, Condition)
  }

  private let condition: Condition

  /// Reads a condition; throws what is wrong with it, and where.
  package init(_ text: String) throws(ExchangeFilterError) {
    var parser = ExchangeFilterParser(text)
    condition = try parser.whole()
  }

  /// Whether the exchange is shown. What an exchange does not have (the status of a request without an answer, the
  /// path of a response without a request) is equal to nothing, and neither more nor less.
  package func passes(_ record: ExchangeRecord) -> Bool { Self.isTrue(condition, record) }

  private static func isTrue(_ condition: Condition, _ record: ExchangeRecord) -> Bool {
    switch condition {
    case .text(let field, let pattern): return matches(text(field, of: record), pattern)
    case .expression(let field, let expression): return expression.matches(text(field, of: record))
    case .number(let field, let comparison, let limit):
      guard let value = number(field, of: record) else { return comparison == .unequal }
      return switch comparison {
      case .equal: value == limit
      case .unequal: value != limit
      case .less: value < limit
      case .atMost: value <= limit
      case .more: value > limit
      case .atLeast: value >= limit
      }
    case .statusClass(let digit): return record.facts.status / 100 == digit
    case .not(let inner): return !isTrue(inner, record)
    case .and(let a, let b): return isTrue(a, record) && isTrue(b, record)
    case .or(let a, let b): return isTrue(a, record) || isTrue(b, record)
    }
  }

  private static func text(_ field: Field, of record: ExchangeRecord) -> ArraySlice<UInt8> {
    switch field {
    case .site: return record.bytes(record.facts.site)
    case .method: return Array(record.method.utf8)[...]
    case .client:
      let client = record.facts.client
      return Array(AddressName.text(high: client.high, low: client.low).utf8)[...]
    default:
      // Without its query, which `--query` may have masked.
      return record.bytes(record.facts.target).prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    }
  }

  private static func number(_ field: Field, of record: ExchangeRecord) -> UInt64? {
    let facts = record.facts
    switch field {
    case .status: return facts.status > 0 ? UInt64(facts.status) : nil
    case .latency: return facts.outcome == .answered ? facts.latency : nil
    default: return facts.isBodyKnown && facts.status > 0 ? facts.bodyBytes : nil
    }
  }

  /// Whether a text is what the pattern says, in which a `*` stands for any number of characters.
  static func matches(_ text: ArraySlice<UInt8>, _ pattern: [UInt8]) -> Bool {
    var (at, place) = (text.startIndex, 0)
    // Where to try again: after the last star, one character further into the text.
    var again: (at: Int, place: Int)?
    while at < text.endIndex {
      if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
        place += 1
        again = (at, place)
      } else if place < pattern.count, pattern[place] == text[at] {
        at += 1
        place += 1
      } else if let last = again {
        again = (last.at + 1, last.place)
        (at, place) = (last.at + 1, last.place)
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
