// SPDX-License-Identifier: Apache-2.0

import RegularExpressions

/// What the rows of a list must have in them: a part of a name or, after a `~`, a regular expression; without regard to case.
struct RowFilter: Equatable, Sendable {
  /// As it was typed.
  let text: String
  /// Nil without one, and while what was typed is none.
  private let expression: RegularExpression?
  /// What is wrong with the expression; nil when nothing is.
  let fault: String?

  init(_ text: String = "") {
    self.text = text
    guard text.count > 1, text.hasPrefix("~") else {
      (expression, fault) = (nil, nil)
      return
    }
    do throws(RegularExpression.Fault) {
      (expression, fault) = (try RegularExpression(String(text.dropFirst()), ignoresCase: true), nil)
    } catch {
      (expression, fault) = (nil, error.reason)
    }
  }

  static func == (a: RowFilter, b: RowFilter) -> Bool { a.text == b.text }

  /// Whether it is one after a `~`.
  var isExpression: Bool { text.hasPrefix("~") }

  /// Whether it leaves no row out: none was typed, or an expression that is not one yet.
  var isEmpty: Bool { text.isEmpty || isExpression && expression == nil }

  /// Whether a row with this name stays.
  func passes(_ name: String) -> Bool {
    if isEmpty { return true }
    return expression?.matches(name) ?? name.lowercased().contains(text)
  }
}
