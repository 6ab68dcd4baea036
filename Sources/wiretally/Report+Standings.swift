// SPDX-License-Identifier: Apache-2.0

import Alerting
import Exporting

extension Report {
  /// How the alert rules stand, for those who ask the listener.
  var standings: [AlertStanding] {
    zip(alerts.watches, raised).map { watch, raised in
      var standing = AlertStanding(
        rule: watch.rule.name, value: watch.average, threshold: watch.rule.threshold, raised: raised)
      standing.site = watch.rule.site
      standing.since = watch.active?.started
      standing.past = watch.past
      return standing
    }
  }
}
