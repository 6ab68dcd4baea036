// SPDX-License-Identifier: Apache-2.0

import Alerting
import ArgumentParser
import Statistics

/// The options of alerts, as both commands take them.
struct AlertOptions: ParsableArguments {
  @Option(
    name: [.customShort("t"), .customLong("alert-trigger-threshold")], parsing: .unconditional,
    help: ArgumentHelp(
      "Alert when the average number of requests exceeds this: 100 per interval, or 100/s, 6000/m.",
      valueName: "requests"))
  var threshold: TrafficLimit?

  @Option(
    name: .customLong("alert"),
    help: ArgumentHelp(
      "A further rule, e.g. '5xx > 1% for 1m site=example.com' or 'p99 > 500ms unit=api.service'. May be repeated.",
      valueName: "rule"))
  var rules: [String] = []

  @Option(
    name: .customLong("alert-file"),
    help: ArgumentHelp("A file of such rules, one a line, with # for comments.", valueName: "path"),
    completion: .file())
  var file: String?

  @Option(
    name: .customLong("alert-window"), help: "Length of time over which rules look back.")
  var window = TimeSpan(seconds: 120)

  @Option(
    name: .customLong("alert-every"), help: "How often rules are evaluated. (default: every interval)")
  var every: TimeSpan?

  @Option(
    name: .customLong("alert-log"), help: "The file that all alerts are logged in.", completion: .file())
  var log: String?

  @OptionGroup var delivery: DeliveryOptions

  func validate() throws {
    if delivery.command != nil, isEmpty {
      throw ValidationError("--on-alert needs a rule to be run for", hint: "-t 100, or --alert RULE")
    }
    if let threshold, !threshold.value.isFinite || threshold.value < 0 {
      throw ValidationError("-t must be 0 or more, got \(threshold)")
    }
  }

  /// Whether anything is to be watched for.
  var isEmpty: Bool { threshold == nil && rules.isEmpty && file == nil }

  /// What the window and the evaluations have to be, given the interval.
  func check(interval: TimeSpan) throws {
    if window.nanoseconds < interval.nanoseconds {
      throw ValidationError(
        "--alert-window must be at least the interval of \(interval), got \(window)",
        hint: "--alert-window \(interval)")
    }
    if let every, every.nanoseconds < interval.nanoseconds {
      throw ValidationError(
        "--alert-every must be at least the interval of \(interval), got \(every)",
        hint: "--alert-every \(interval)")
    }
  }

  /// The rules, read and checked.
  func board(_ plan: IntervalPlan, pathDepth: Int) throws(AlertError) -> AlertBoard {
    var threshold: AlertRule?
    if let limit = self.threshold {
      threshold = try AlertRule(
        threshold: limit.value, unit: limit.unit, plan: plan, window: window.nanoseconds,
        every: every?.nanoseconds)
    }
    let parser = AlertRuleParser(
      plan: plan, window: window.nanoseconds, every: every?.nanoseconds, pathDepth: pathDepth)
    var list = AlertRuleList(parser, threshold: threshold)
    for rule in rules { try list.add(rule, from: "--alert") }
    if let file { try list.add(file: file) }
    return AlertBoard(threshold: threshold, rules: list.rules)
  }
}

extension AlertBoard {
  /// Refuses rules about what owners serve where nobody looks for owners, and why: they would say nothing, or raise
  /// alerts of silence.
  func checkOwners(_ reason: String?, isUnavailable: Bool = false) throws(AlertError) {
    guard let reason, let rule = watches.map(\.rule).first(where: { $0.owners != nil }) else { return }
    throw AlertError.owners(rule: rule.name, reason: reason, isUnavailable: isUnavailable)
  }
}
