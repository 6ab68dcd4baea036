// SPDX-License-Identifier: Apache-2.0

/// A change of an alert's state: what is logged, shown and sent on.
package struct AlertTransition: Equatable, Sendable {
  package enum State: String, Sendable {
    case raised
    case recovered
  }

  package var state: State
  /// The rule, whose words and units the texts have.
  package var about: AlertRule
  /// The end of the interval that brought the change, nanoseconds since 1970.
  package var at: UInt64
  /// The time when the alert was raised, nanoseconds since 1970.
  package var started: UInt64
  /// The value that brought the change, in the rule's unit; of the original's, requests per interval.
  package var hits: Double
  /// What was counted in the window for it, and of how many (0 where it is no share).
  package var count: UInt64 = 0
  package var basis: UInt64 = 0
  /// Records lost within the window: when there are any, a rate is at least so high.
  package var lost: UInt64
  /// The capture file with the packets around the alert; nil without one.
  package var recording: String?
  /// Nanoseconds that its times were moved by: a wall clock that is set gives an alert no other name.
  package var shift: Int64 = 0

  package init(
    state: State, about: AlertRule, at: UInt64, started: UInt64, hits: Double, lost: UInt64 = 0
  ) {
    self.state = state
    self.about = about
    self.at = at
    self.started = started
    self.hits = hits
    self.lost = lost
  }

  init(_ state: State, _ rule: AlertRule, _ window: AlertWindow, at: UInt64, started: UInt64) {
    self.init(
      state: state, about: rule, at: at, started: started, hits: window.value, lost: window.lost)
    (count, basis) = window.counts
  }

  /// The rule's name.
  package var rule: String { about.name }
  package var threshold: Double { about.threshold }
  /// The rule's window, nanoseconds.
  package var window: UInt64 { about.window }
  /// The site, when the rule is about one.
  package var site: String? { about.site }

  /// One name for an alert's two transitions, different from other alerts'.
  package var id: String {
    "\(rule)-\(about.subjectFields.map { "\($0.value)-" }.joined())\((started &- UInt64(bitPattern: shift)) / 1_000_000_000)"
  }

  /// The same with its times moved by this many nanoseconds, for people to read; its name stays.
  package func shifted(by shift: Int64) -> AlertTransition {
    var moved = self
    moved.shift &+= shift
    moved.at = at &+ UInt64(bitPattern: shift)
    moved.started = started &+ UInt64(bitPattern: shift)
    return moved
  }
}

/// An alert that is over.
package struct PastAlert: Equatable, Sendable {
  /// Nanoseconds since 1970.
  package var started: UInt64
  package var ended: UInt64
  package var rule: AlertRule
  package init(started: UInt64, ended: UInt64, rule: AlertRule) {
    self.started = started
    self.ended = ended
    self.rule = rule
  }
}
