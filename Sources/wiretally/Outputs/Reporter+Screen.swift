// SPDX-License-Identifier: Apache-2.0

import Alerting
import Screen
import Statistics

extension Reporter {
  /// The alerts as the screen lists them.
  var alertRows: AlertRows { AlertRows(alerts) }
}

extension AlertRows {
  /// The alerts of a board: active first, then what is over, newest first.
  init(_ alerts: AlertBoard) {
    self.init()
    hasRules = !alerts.isEmpty
    if let watch = alerts.threshold {
      let rule = watch.rule, interval = CountText.span(rule.plan.interval)
      threshold = rule.perSecond(rule.threshold)
      let unit = rule.unit == .perInterval ? " per \(interval)" : rule.unit.suffix
      summary =
        "\(CountText.rate(watch.average))\(unit), alert above \(CountText.rate(rule.threshold))\(rule.unit.suffix)"
    }
    for watch in alerts.watches {
      guard let alert = watch.active else { continue }
      let values = "\(watch.rule.comparison(watch.average)), peak \(watch.rule.unit.text(watch.peak))"
      items.append(AlertRows.Item(text: Self.name(watch.rule) + values, started: alert.started))
    }
    for watch in alerts.watches {
      guard let reason = watch.heldBack else { continue }
      let text = Self.name(watch.rule) + watch.rule.comparison(watch.average)
      items.append(AlertRows.Item(text: text, started: 0, heldBack: reason))
    }
    items += alerts.past.map { past in
      AlertRows.Item(text: Self.name(past.rule), started: past.started, ended: past.ended)
    }
  }

  /// Which rule it is, where that is not the one of `-t`.
  private static func name(_ rule: AlertRule) -> String {
    rule.isThreshold ? "" : "\(rule.name)\(rule.subjectText.map { " \($0)" } ?? "") "
  }
}
