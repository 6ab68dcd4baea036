// SPDX-License-Identifier: Apache-2.0

import RegularExpressions
import Reporting

/// A filter of a list's rows: a part of a name, a regular expression after a `~`, or a condition as
/// `--where` has it. Names are compared without regard to case.
struct RowFilter: Equatable, Sendable {
  /// The fault of a filter that was typed.
  struct Fault: Equatable, Sendable {
    var message: String
    /// Characters of the text before the place, and of the place; nil where the whole text is wrong.
    var place: Range<Int>?
  }

  private enum Test: Sendable {
    case all
    /// In lower case.
    case part(String)
    case expression(RegularExpression)
    case condition(ExchangeFilter)
  }

  /// As it was typed.
  let text: String
  /// `all` without one, and while what was typed is none.
  private let test: Test
  /// Nil when nothing is wrong.
  let fault: Fault?

  init(_ text: String = "", of list: FilteredList = .exchanges) {
    self.text = text
    if text.isEmpty || text == "~" {
      (test, fault) = (.all, nil)
    } else if text.hasPrefix("~") {
      do throws(RegularExpression.Fault) {
        (test, fault) = (.expression(try RegularExpression(String(text.dropFirst()), ignoresCase: true)), nil)
      } catch {
        (test, fault) = (.all, Fault(message: "no expression yet: \(error.reason)"))
      }
    } else if ExchangeFilter.isBegun(text) {
      do throws(ExchangeFilterError) {
        (test, fault) = (.condition(try ExchangeFilter(text, about: list.scope)), nil)
      } catch {
        let place = error.column..<error.column + error.length
        (test, fault) = (.all, Fault(message: "at \(error.column + 1): \(error.message)", place: place))
      }
    } else {
      (test, fault) = (.part(text.lowercased()), nil)
    }
  }

  static func == (a: RowFilter, b: RowFilter) -> Bool { a.text == b.text && a.fault == b.fault }

  /// Whether it leaves no row out: none was typed, or nothing that is a filter yet.
  var isEmpty: Bool { if case .all = test { true } else { false } }

  /// Whether a row with these names stays; `subjects` is what a condition is about: one of them must meet it.
  func passes<Subject: FilterSubject>(
    _ names: @autoclosure () -> [String], _ subjects: @autoclosure () -> [Subject]
  ) -> Bool {
    switch test {
    case .all: true
    case .part(let part): names().contains { $0.lowercased().contains(part) }
    case .expression(let expression): names().contains { expression.matches($0) }
    case .condition(let condition): subjects().contains { condition.passes($0) }
    }
  }

  /// What an empty list says: `No client contains '10.1'.`
  func nothing(of rows: String) -> String {
    if case .condition = test { return "\(rows) is like '\(text)'." }
    return "\(rows) contains '\(text)'."
  }
}
