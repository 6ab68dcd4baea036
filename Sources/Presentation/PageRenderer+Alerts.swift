// SPDX-License-Identifier: Apache-2.0

import Alerting

extension PageRenderer {
  /// What changed, what is active, and what is over.
  func addAlerts(_ watch: AlertWatch?, change: AlertTransition?, to text: inout ByteText) {
    if let change { text.line(change.sentence(zone)) }
    if let active = watch?.active {
      text.line(active.activeSentence(zone))
    } else {
      text.line("No currently active alerts.")
    }
    text.line()
    let past = watch?.past ?? []
    if past.isEmpty {
      text.line("No past alerts to display.")
    } else {
      text.line("Past Alerts:")
      for alert in past { text.line("\(alert.sentence(zone))", indent: 1) }
    }
    if watch == nil { text.line("No alert threshold is set.") }
    if let alertLogPath, watch != nil { text.line("All alerts are logged in \(alertLogPath)") }
  }
}
