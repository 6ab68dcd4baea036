// SPDX-License-Identifier: Apache-2.0

import Alerting
import Text

extension PageRenderer {
  /// What changed, what is active, and what is over.
  func addAlerts(_ alerts: AlertBoard, changes: [AlertTransition], to text: inout ByteText) {
    for change in changes { text.line(change.sentence(zone)) }
    var isActive = false
    for watch in alerts.watches {
      guard let alert = watch.active else { continue }
      isActive = true
      text.line(alert.activeSentence(zone))
      let peak = watch.rule.unit.text(watch.peak)
      text.line("Now \(watch.rule.comparison(watch.average)), peak \(peak)", indent: 1)
    }
    if !isActive { text.line("No currently active alerts.") }
    text.line()
    let past = alerts.past
    if past.isEmpty {
      text.line("No past alerts to display.")
    } else {
      text.line("Past Alerts:")
      for alert in past { text.line("\(alert.sentence(zone))", indent: 1) }
    }
    if alerts.isEmpty { text.line("No alert threshold is set.") }
    if let alertLogPath, !alerts.isEmpty { text.line("All alerts are logged in \(alertLogPath)") }
  }
}
