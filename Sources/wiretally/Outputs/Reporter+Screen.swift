// SPDX-License-Identifier: Apache-2.0

import Alerting
import Screen

extension Reporter {
  /// The alerts as the screen lists them: active first, then what is over, newest first.
  var alertRows: AlertRows {
    var rows = AlertRows()
    rows.hasRules = !alerts.isEmpty
    if let watch = alerts.threshold {
      rows.threshold = watch.rule.threshold
      rows.average = watch.average
    }
    rows.items = alerts.active.map { alert in
      let unit = alert.about.unit
      let values =
        "\(unit.text(alert.hits)) \(alert.about.isBelow ? "<" : ">") \(unit.limitText(alert.threshold))"
      return AlertRows.Item(text: Self.name(alert.about) + values, started: alert.started)
    }
    rows.items += alerts.past.map { past in
      AlertRows.Item(text: Self.name(past.rule), started: past.started, ended: past.ended)
    }
    return rows
  }

  /// Which rule it is, where that is not the one of `-t`.
  private static func name(_ rule: AlertRule) -> String {
    rule.isThreshold ? "" : "\(rule.name)\(rule.site.map { " \($0)" } ?? "") "
  }
}
