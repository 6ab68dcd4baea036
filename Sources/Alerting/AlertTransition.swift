// SPDX-License-Identifier: Apache-2.0

/// A change of an alert's state: what is logged, shown and sent on.
package struct AlertTransition: Equatable, Sendable {
  package enum State: String, Sendable {
    case raised
    case recovered
  }

  package var state: State
  /// The rule's name.
  package var rule: String
  /// The end of the interval that brought the change, nanoseconds since 1970.
  package var at: UInt64
  /// When the alert was raised, nanoseconds since 1970.
  package var started: UInt64
  /// The average that brought the change, requests per interval.
  package var hits: Double
  package var threshold: Double
  /// The rule's window, nanoseconds.
  package var window: UInt64
  /// Records lost within the window: when there are any, `hits` is at least so many.
  package var lost: UInt64
  /// The site, when the rule is about one.
  package var site: String?

  package init(
    state: State, rule: String, at: UInt64, started: UInt64, hits: Double, threshold: Double,
    window: UInt64, lost: UInt64, site: String? = nil
  ) {
    self.state = state
    self.rule = rule
    self.at = at
    self.started = started
    self.hits = hits
    self.threshold = threshold
    self.window = window
    self.lost = lost
    self.site = site
  }

  /// One name for an alert's two transitions, different from other alerts' of the rule.
  package var id: String { "\(rule)-\(started / 1_000_000_000)" }
}

/// An alert that is over.
package struct PastAlert: Equatable, Sendable {
  /// Nanoseconds since 1970.
  package var started: UInt64
  package var ended: UInt64
  package init(started: UInt64, ended: UInt64) {
    self.started = started
    self.ended = ended
  }
}
