// SPDX-License-Identifier: Apache-2.0

package import Statistics

extension AlertRule {
  /// A rule as plain values, for those who keep it.
  package struct Fields: Equatable, Sendable {
    /// Whether it is the rule of `-t`.
    package var isThreshold = false
    /// What the rule is called in logs and JSON.
    package var name = ""
    /// Whether the operator chose the name.
    package var hasGivenName = false
    /// As `AlertMeasure.name` has it.
    package var measure = ""
    /// What threshold and value are counted in.
    package var unit = AlertUnit.perInterval
    /// Whether the alert is raised below the threshold.
    package var isBelow = false
    /// The limit that raises the alert, and the one within which it recovers, both in `unit`, 0 or more.
    package var threshold = 0.0
    package var clear = 0.0
    /// The time that the limit has to be passed before the alert is raised, nanoseconds.
    package var hold: UInt64 = 0
    /// The time that it has to be within the limit before it recovers, nanoseconds.
    package var keep: UInt64 = 0
    /// A share or a quantile of fewer requests than this raises nothing.
    package var minimum: UInt64 = 0
    /// Whose traffic it is about; nil for all traffic.
    package var subject: WatchedTraffic.Subject?
    /// How much an alert matters, in the operator's word: `warning`.
    package var severity = ""
    /// The lengths of an interval, of the time that the rule looks back on, and between two evaluations, nanoseconds.
    package var interval: UInt64 = 0
    package var window: UInt64 = 0
    package var every: UInt64 = 0

    package init() {}
  }

  /// The rule as plain values, of which `init(_:)` makes it again.
  package var fields: Fields {
    var fields = Fields()
    (fields.isThreshold, fields.name, fields.hasGivenName) = (isThreshold, name, hasGivenName)
    (fields.measure, fields.unit, fields.isBelow) = (measure.name, unit, isBelow)
    (fields.threshold, fields.clear) = (threshold, clear)
    (fields.hold, fields.keep, fields.minimum) = (hold, keep, minimum)
    (fields.subject, fields.severity) = (subject, severity)
    (fields.interval, fields.window, fields.every) = (plan.interval, window, every)
    return fields
  }

  /// The rule that `fields` returned; nil when they are no rule's.
  package init?(_ fields: Fields) {
    guard let measure = AlertMeasure(fields.measure), fields.clear.isFinite, fields.clear >= 0,
      let plan = try? IntervalPlan(interval: fields.interval),
      let rule = try? AlertRule(
        threshold: fields.threshold, unit: fields.unit, plan: plan, window: fields.window,
        every: fields.every)
    else { return nil }
    // A limit of time is shown as whole nanoseconds, a rate as a number a second, minute or hour.
    if fields.unit == .time, fields.threshold >= 9e18 { return nil }
    if case .per(let time) = fields.unit, ![1, 60, 3_600].contains(Double(time) / 1e9) { return nil }
    self = rule
    (isThreshold, name, hasGivenName) = (fields.isThreshold, fields.name, fields.hasGivenName)
    (self.measure, isBelow, clear) = (measure, fields.isBelow, fields.clear)
    (hold, keep, minimum) = (fields.hold, fields.keep, fields.minimum)
    (subject, severity) = (fields.subject, fields.severity)
  }
}
