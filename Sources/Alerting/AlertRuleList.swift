// SPDX-License-Identifier: Apache-2.0

import System

/// The rules beyond `-t`, from the command line and from a file, each under a name of its own.
package struct AlertRuleList: Sendable {
  /// Rules at most.
  package static let limit = 64

  package private(set) var rules: [AlertRule] = []
  private let parser: AlertRuleParser
  /// The rule of `-t`, whose name is taken.
  private let threshold: AlertRule?

  package init(_ parser: AlertRuleParser, threshold: AlertRule? = nil) {
    self.parser = parser
    self.threshold = threshold
  }

  /// Adds a rule; `origin` says in errors where it comes from.
  package mutating func add(_ text: String, from origin: String) throws(AlertError) {
    do throws(AlertSyntaxError) {
      var rule = try parser.rule(text)
      if rules.count == Self.limit {
        throw AlertSyntaxError("there are more than \(Self.limit) rules", at: 0, length: text.count)
      }
      if rule.hasGivenName, rules.contains(where: { $0.name == rule.name && $0.subject == rule.subject }) {
        throw AlertSyntaxError(
          "another rule is named '\(rule.name)' as well", at: 0, length: text.count)
      }
      if !rule.hasGivenName { rule.name = freeName(rule) }
      rules.append(rule)
    } catch {
      throw AlertError.rule(origin: origin, error, text: text)
    }
  }

  /// Adds the rules of a file: one per line; what follows a `#` and empty lines are ignored.
  package mutating func add(file path: String) throws(AlertError) {
    let text: String
    do throws(SystemError) {
      text = String(decoding: try SmallFile.contents(of: path, limit: 1 << 20), as: UTF8.self)
    } catch {
      throw AlertError.ruleFile(path: path, reason: error.reason)
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (number, line) in lines.enumerated() {
      let rule = line.prefix { $0 != "#" }
      if rule.allSatisfy(\.isWhitespace) { continue }
      try add(String(rule), from: "\(path), line \(number + 1)")
    }
  }

  /// The rule's own name, with a number after it when another rule about the same has it.
  private func freeName(_ rule: AlertRule) -> String {
    let taken = ((threshold.map { [$0] } ?? []) + rules).filter { $0.subject == rule.subject }.map(\.name)
    var name = rule.name
    var number = 2
    while taken.contains(name) {
      name = "\(rule.name)-\(number)"
      number += 1
    }
    return name
  }
}
