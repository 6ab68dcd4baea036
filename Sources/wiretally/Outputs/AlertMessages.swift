// SPDX-License-Identifier: Apache-2.0

import Alerting
import Text

/// Alerts as messages on standard error: for the journal, since a service has nobody who looks at its pages, and
/// beside lines of exchanges that have no place for them.
final class AlertMessages: Output {
  private let isLineReader: Bool

  /// - Parameter isLineReader: standard output has lines of exchanges, and they are not JSON.
  init(isLineReader: Bool) { self.isLineReader = isLineReader }

  func interval(_ report: IntervalReport, _ reporter: Reporter) {
    for transition in report.changes.map(\.transition) {
      if Failure.isJournal {
        Failure.say(transition.sentence(.local), transition.state == .raised ? .warning : .notice)
      } else if isLineReader {
        Failure.say(transition.sentence(.local))
      }
    }
  }
}
