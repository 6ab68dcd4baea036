// SPDX-License-Identifier: Apache-2.0

package import System

/// An error of setting up an alert rule or its log: what, why, and a hint, as text.
package enum AlertError: Error, Equatable, Sendable {
  /// The threshold is negative or no number.
  case threshold(Double)
  /// The window is outside of `AlertRule.allowedWindow`, or has more than 100,000 ticks.
  case window(UInt64)
  /// The log at this path cannot be opened or made, and why.
  case log(path: String, SystemError)
  /// A rule is wrong: where it comes from, what is wrong and where in it, and the rule.
  case rule(origin: String, AlertSyntaxError, text: String)
  /// A rule is about what owners serve, and nobody looks for them: the rule's name, the reason, and whether that is the
  /// machine's and not the command line's.
  case owners(rule: String, reason: String, isUnavailable: Bool)
  /// The file of rules cannot be read, and the reason.
  case ruleFile(path: String, reason: String)
}

extension AlertError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .threshold: "the alert threshold must be a number of 0 or more"
    case .window:
      "the alert window must be between 10 milliseconds and 7 days, and at most 100,000 seconds or intervals"
    case .log(let path, let error):
      "cannot write the alert log \(path): \(error.reason)"
    case .rule(let origin, let error, _): "\(origin): \(error.message)"
    case .owners(let rule, let reason, _):
      "the rule '\(rule)' is about processes, which are not known: \(reason)"
    case .ruleFile(let path, let reason): "cannot read the alert rules in \(path): \(reason)"
    }
  }

  /// What to type instead, where what is wrong does not say it.
  package var hint: String {
    switch self {
    case .threshold: "-t 100"
    case .window: "--alert-window 2m"
    case .log(_, let error): error.hint ?? "another file with --alert-log"
    case .rule: "a rule such as 'failures > 5% for 1m' or 'p99 > 500ms site=example.com'"
    case .owners: "a watch by eBPF without --no-owners, or a rule about a site"
    case .ruleFile: "--alert-file FILE, with one rule a line"
    }
  }

  /// The rule with its place marked, line by line; empty for other errors.
  package var details: [String] {
    if case .rule(_, let error, let text) = self { return error.marked(text) }
    return []
  }
}
