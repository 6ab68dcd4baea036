// SPDX-License-Identifier: Apache-2.0

import System
import Text
package import Statistics

/// Reads rules in the syntax of `--alert`, and says where one is wrong and what would be right:
///
///     rule    = measure (">" | "<") limit *clause
///     measure = "requests" | "failures" | "2xx" | "3xx" | "4xx" | "5xx" | "status=" status
///             | "aborted" | "timed-out" | "in-flight" | "oldest" | "lost" | "grpc=" name
///             | "p" percentile | "max"
///     limit   = number ["%" | "/s" | "/m" | "/h"] | time
///     clause  = ("over" | "for" | "keep") time | "clear" limit | "min" number
///             | "site=" site | "section=" path | "name=" word | "severity=" word
///             | "process=" name | "unit=" unit | "container=" container | "client=" address
///
/// Clauses come in any order, each at most once; between a clause's word and its value stands a space
/// or `=`.
package struct AlertRuleParser: Sendable {
  /// A share or a quantile of fewer than this says nothing, unless `min` says otherwise.
  package static let defaultMinimum: UInt64 = 20
  private static let example = "as in 'failures > 5% for 1m'"

  private let plan: IntervalPlan
  private let window: UInt64
  private let every: UInt64?
  /// Path segments of a section.
  private let pathDepth: Int

  /// - Parameter window: the window of rules that name none, nanoseconds.
  package init(plan: IntervalPlan, window: UInt64, every: UInt64? = nil, pathDepth: Int = 1) {
    self.plan = plan
    self.window = window
    self.every = every
    self.pathDepth = pathDepth
  }

  package func rule(_ text: String) throws(AlertSyntaxError) -> AlertRule {
    var words = AlertRuleText(text)
    let measure = try Self.measure(&words)
    let isBelow = try Self.comparison(&words, behind: measure)
    guard let limit = words.next() else {
      throw AlertSyntaxError(
        "the limit is missing after '\(isBelow ? "<" : ">")', \(Self.example)", at: words.end)
    }
    let (threshold, unit) = try Self.limit(limit, of: measure)
    let clauses = try Clauses(&words)
    var rule: AlertRule
    do throws(AlertError) {
      rule = try AlertRule(threshold: threshold, plan: plan, window: window, every: every)
    } catch {
      throw AlertSyntaxError("\(error)", at: 0, length: words.end)
    }
    rule.isThreshold = false
    (rule.measure, rule.unit, rule.isBelow) = (measure, unit, isBelow)
    (rule.subject, rule.hold, rule.keep) = (clauses.subject, clauses.hold, clauses.keep)
    rule.severity = clauses.severity ?? rule.severity
    rule.hasGivenName = clauses.name != nil
    rule.name = clauses.name ?? rule.ownName
    try Self.checkSubject(measure, clauses)
    try checkSection(clauses)
    try Self.checkMoment(measure, clauses)
    try setMinimum(clauses, &rule)
    try setClear(clauses, &rule)
    try setWindow(clauses, &rule, measureWord: words.words[0])
    return rule
  }

  private static func measure(_ words: inout AlertRuleText) throws(AlertSyntaxError) -> AlertMeasure {
    guard let word = words.next() else {
      throw AlertSyntaxError("empty rule: expected a measure and its limit, \(example)", at: 0)
    }
    guard let measure = AlertMeasure(word.text) else {
      throw AlertSyntaxError(
        "unknown measure '\(word.text)' (expected \(AlertMeasure.expected))", word)
    }
    return measure
  }

  /// Some measures are known for all traffic alone.
  private static func checkSubject(_ measure: AlertMeasure, _ clauses: Clauses) throws(AlertSyntaxError) {
    guard let word = clauses.subjectWord else { return }
    let key = clauses.subjectKey
    if key == "client" {
      switch measure {
      case .statusClass, .status, .quantile, .max:
        throw AlertSyntaxError(
          "'\(measure.name)' is not counted by client (expected requests, failures, aborted or timed-out)",
          word)
      default: break
      }
    }
    switch measure {
    case .lost: throw AlertSyntaxError("what was lost has no \(key): leave '\(key)' out", word)
    case .grpc:
      throw AlertSyntaxError("the statuses of gRPC are counted for all traffic: leave '\(key)' out", word)
    case .status(let status) where !WatchedTraffic.isCounted(status: status):
      throw AlertSyntaxError(
        "of one \(key), status \(status) is counted among its class only (expected \(status / 100)xx)", word)
    default:
      if measure.isMoment {
        throw AlertSyntaxError("'\(measure.name)' is known for all traffic alone: leave '\(key)' out", word)
      }
    }
  }

  /// A section has no more segments than sections are counted by, and none that is counted as `{id}`.
  private func checkSection(_ clauses: Clauses) throws(AlertSyntaxError) {
    guard let section = clauses.section, let word = clauses.sectionWord else { return }
    let segments = section.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    guard segments.count > pathDepth else {
      let counted = segments.enumerated().map { index, segment in
        let bytes = Array(segment.utf8)
        return index > 0 && PathIdentifier.matches(bytes.rawSpan, 0, bytes.count)
          ? PathIdentifier.name : String(segment)
      }
      let name = "/" + counted.joined(separator: "/")
      if name == section { return }
      throw AlertSyntaxError("'\(section)' is counted as '\(name)' (expected section=\(name))", word)
    }
    let expected = "/" + segments.prefix(pathDepth).joined(separator: "/")
    throw AlertSyntaxError(
      "'\(section)' has \(segments.count) path segments, but sections are counted by \(pathDepth) (expected "
        + "\(expected), or --path-depth \(segments.count))", word)
  }

  /// A state at a moment is not taken over a time.
  private static func checkMoment(_ measure: AlertMeasure, _ clauses: Clauses) throws(AlertSyntaxError) {
    guard measure.isMoment else { return }
    if let word = clauses.windowWord {
      throw AlertSyntaxError(
        "'\(measure.name)' is a state, without a window: 'for' says how long it must last", word)
    }
    if let word = clauses.minimumWord {
      throw AlertSyntaxError("'min' is for shares (%) and latencies: '\(measure.name)' needs none", word)
    }
  }

  private static func comparison(
    _ words: inout AlertRuleText, behind measure: AlertMeasure
  ) throws(AlertSyntaxError) -> Bool {
    guard let word = words.next() else {
      throw AlertSyntaxError(
        "'>' or '<' is missing after '\(measure.name)'; put the rule in quotes, since a shell takes > "
          + "for itself, \(example)", at: words.end)
    }
    guard word.text == ">" || word.text == "<" else {
      throw AlertSyntaxError("invalid comparison '\(word.text)' (expected > or <)", word)
    }
    return word.text == "<"
  }

  /// A share or a quantile needs a number of exchanges to say anything.
  private func setMinimum(_ clauses: Clauses, _ rule: inout AlertRule) throws(AlertSyntaxError) {
    let isCount = rule.unit != .percent && !rule.measure.isLatency
    if let word = clauses.minimumWord, isCount {
      throw AlertSyntaxError("'min' is for shares (%) and latencies: a count needs none", word)
    }
    // Of what was matched in the kernel, a share of few is one already.
    let own = rule.measure == .lost ? 1 : Self.defaultMinimum
    rule.minimum = isCount ? 0 : clauses.minimum ?? own
  }

  private func setClear(_ clauses: Clauses, _ rule: inout AlertRule) throws(AlertSyntaxError) {
    rule.clear = rule.threshold
    guard let word = clauses.clear else { return }
    let (clear, unit) = try Self.limit(word, of: rule.measure)
    let limit = rule.unit.limitText(rule.threshold)
    if unit != rule.unit {
      throw AlertSyntaxError("'clear \(word.text)' has another unit than the limit of \(limit)", word)
    }
    if rule.isBelow ? clear < rule.threshold : clear > rule.threshold {
      throw AlertSyntaxError(
        "'clear \(word.text)' is beyond the limit (expected \(limit) or \(rule.isBelow ? "more" : "less"))",
        word
      )
    }
    rule.clear = clear
  }

  private func setWindow(
    _ clauses: Clauses, _ rule: inout AlertRule, measureWord: AlertRuleText.Word
  ) throws(AlertSyntaxError) {
    let place = clauses.windowWord ?? measureWord
    var window = rule.measure.isMoment ? plan.interval : clauses.window ?? self.window
    let shown = DecimalText.duration(window)
    if window < plan.interval {
      throw AlertSyntaxError(
        "a window of \(shown) is shorter than the interval of \(DecimalText.duration(plan.interval))", place)
    }
    // What is known by the interval only needs a window of whole ones.
    if !rule.countsByTick { window += (plan.interval - window % plan.interval) % plan.interval }
    if rule.needsLatencies, window / plan.interval > AlertRule.mostLatencyIntervals {
      throw AlertSyntaxError(
        "a window of \(shown) has more than \(AlertRule.mostLatencyIntervals) intervals, which is too long "
          + "for a latency: give 'over \(DecimalText.duration(plan.interval * AlertRule.mostLatencyIntervals))'"
          + " or less", place)
    }
    do throws(AlertError) {
      try rule.setWindow(window)
    } catch {
      throw AlertSyntaxError("a window of \(shown) is not possible: \(error)", place)
    }
  }
}
