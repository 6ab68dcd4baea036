// SPDX-License-Identifier: Apache-2.0

extension AlertTransition {
  /// The original's sentence for this change.
  package func sentence(_ zone: DisplayZone) -> String {
    switch state {
    case .raised:
      "High traffic generated an alert - hits = \(atLeast)\(DecimalText.twoDecimals(hits)), "
        + "triggered at: \(zone.label(at))"
    case .recovered: "High traffic alert recovered at: \(zone.label(at))"
    }
  }

  /// The original's sentence while the alert is active; for a transition that raised one.
  package func activeSentence(_ zone: DisplayZone) -> String {
    "High traffic alert currently active! triggered at: \(zone.label(started))."
  }

  /// The log's line, with its newline: time in UTC, state, sentence, then the numbers as key=value.
  package func logLine(_ zone: DisplayZone) -> String {
    let head = state == .raised ? "ALERT raised" : "RECOVERED"
    let about = site.map { " site=\($0)" } ?? ""
    return "\(CalendarTime.rfc3339(at)) \(head): \(sentence(zone)) rule=\(rule)\(about)"
      + " hits=\(DecimalText.twoDecimals(hits)) threshold=\(DecimalText.shortest(threshold))"
      + " window=\(DecimalText.duration(window)) lost=\(lost) id=\(id)\n"
  }

  /// When records were lost, the true average may be higher.
  private var atLeast: String { lost > 0 ? "at least " : "" }
}

extension PastAlert {
  /// The original's sentence for an alert that is over.
  package func sentence(_ zone: DisplayZone) -> String {
    "Past alert started: \(zone.label(started)), ended: \(zone.label(ended))."
  }
}
