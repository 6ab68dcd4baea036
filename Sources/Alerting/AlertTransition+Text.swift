// SPDX-License-Identifier: Apache-2.0

package import Text

extension AlertTransition {
  /// The original's sentence for this change, in the words of its rule.
  package func sentence(_ zone: DisplayZone) -> String {
    switch state {
    case .raised:
      "\(about.title)\(about.about) generated an alert - \(about.measure.key) = "
        + "\(atLeast)\(about.unit.text(hits)), triggered at: \(zone.label(at))"
    case .recovered: "\(about.title) alert\(about.about) recovered at: \(zone.label(at))"
    }
  }

  /// The original's sentence while the alert is active; for a transition that raised one.
  package func activeSentence(_ zone: DisplayZone) -> String {
    "\(about.title) alert\(about.about) currently active! triggered at: \(zone.label(started))."
  }

  /// The log's line, with its newline: time in UTC, state, sentence with its time in UTC too, then the numbers as
  /// key=value, and where the watch runs.
  package func logLine(_ origin: AlertOrigin?) -> String {
    let head = state == .raised ? "ALERT raised" : "RECOVERED"
    let subject = about.subjectFields.map { " \($0.name)=\($0.value)" }.joined()
    return "\(CalendarTime.rfc3339(at)) \(head): \(sentence(.fixed(0))) UTC rule=\(rule)\(subject)"
      + " \(about.measure.key)=\(about.unit.text(hits)) threshold=\(about.unit.limitText(threshold))"
      + " window=\(DecimalText.duration(window))\(countsText) lost=\(lost)\(origin?.text ?? "")\(recordingText) id=\(id)\n"
  }

  private var recordingText: String { recording.map { " recording=\(VisibleText.cells($0))" } ?? "" }

  /// The counts that a share or a quantile stands on.
  private var countsText: String {
    switch about.unit {
    case .percent: " count=\(count) of=\(basis)"
    case .time: about.measure.isLatency ? " of=\(basis)" : ""
    case .perInterval, .per, .atOnce: ""
    }
  }

  /// When records were lost, the true average may be higher.
  private var atLeast: String {
    switch about.unit {
    case .perInterval, .per: lost > 0 && about.measure != .lost ? "at least " : ""
    case .percent, .time, .atOnce: ""
    }
  }
}

/// The origin of alerts: the machine and interface of a watch, for those who collect alerts of many.
package struct AlertOrigin: Equatable, Sendable {
  /// What the machine calls itself.
  package var host: String
  /// The interface that is watched; `all` for all of them.
  package var interface: String
  package init(host: String, interface: String) { (self.host, self.interface) = (host, interface) }

  fileprivate var text: String {
    " host=\(VisibleText.cells(host)) interface=\(VisibleText.cells(interface))"
  }
}

extension PastAlert {
  /// The original's sentence for an alert that is over.
  package func sentence(_ zone: DisplayZone) -> String {
    let times = "started: \(zone.label(started)), ended: \(zone.label(ended))."
    if rule.measure == .requests, !rule.isBelow, rule.about.isEmpty { return "Past alert \(times)" }
    return "Past \(rule.title.prefix(1).lowercased())\(rule.title.dropFirst()) alert\(rule.about) \(times)"
  }
}
