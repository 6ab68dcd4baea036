// SPDX-License-Identifier: Apache-2.0

import Alerting
import Exporting

extension Reporter {
  /// How the alert rules stand, for those who ask the listener.
  var alertStatuses: [AlertStatus] {
    zip(alerts.watches, raised).map { watch, raised in
      var status = AlertStatus(
        rule: watch.rule.name, value: watch.average, threshold: watch.rule.threshold, raised: raised)
      status.site = watch.rule.site
      status.since = watch.active?.started
      status.past = watch.past
      return status
    }
  }
}
