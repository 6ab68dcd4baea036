// SPDX-License-Identifier: Apache-2.0

/// The state of a rule at a moment, as plain values: what those who keep it show again later on.
package struct AlertState: Equatable, Sendable {
  /// The value over the window, in the rule's unit.
  package var average = 0.0
  /// Records lost within the window.
  package var lost: UInt64 = 0
  /// The transition that raised the active alert; nil when there is none.
  package var active: AlertTransition?
  package var peak = 0.0
  /// The reason why no alert is raised although the limit is passed.
  package var heldBack: String?
  /// The last alerts that are over, newest first.
  package var past: [PastAlert] = []

  package init() {}
}

extension AlertWatch {
  /// The state of the rule now.
  package var state: AlertState {
    var state = AlertState()
    (state.average, state.lost, state.active, state.peak) = (average, lost, active, peak)
    (state.heldBack, state.past) = (heldBack, past)
    return state
  }
}

extension AlertBoard {
  /// The rules as they stood: for those who show them, not to be continued.
  package init(kept watches: [(rule: AlertRule, state: AlertState)]) {
    self.init(watches: watches.map { AlertWatch($0.rule, kept: $0.state) })
  }
}
