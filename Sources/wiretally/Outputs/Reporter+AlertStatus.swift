// SPDX-License-Identifier: Apache-2.0

import Alerting
import Exporting

extension Reporter {
  /// The states of the alert rules, for those who ask the listener.
  var alertStatuses: [AlertStatus] {
    zip(alerts.watches, raised).map { watch, raised in
      var status = AlertStatus(
        rule: watch.rule.name, value: watch.rule.unit.number(watch.average),
        threshold: watch.rule.unit.number(watch.rule.threshold), raised: raised)
      status.subject = watch.rule.subjectText
      status.site = watch.rule.site
      status.section = watch.rule.section
      status.owners = watch.rule.owners
      status.client = watch.rule.client
      status.since = watch.active?.started
      status.reading = watch.rule.comparison(watch.average)
      if watch.active != nil { status.peak = watch.rule.unit.text(watch.peak) }
      let rule = watch.rule
      if rule.measure == .requests, rule.subject == nil, !rule.isBelow {
        status.perSecond = rule.perSecond(rule.threshold)
      }
      status.heldBack = watch.heldBack
      status.past = watch.past
      return status
    }
  }
}
