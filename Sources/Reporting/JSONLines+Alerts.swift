// SPDX-License-Identifier: Apache-2.0

import Alerting
import Text

/// The alert rules as members of an interval's line.
extension JSONWriter {
  /// The state of the rule of `-t`; null when there is none.
  mutating func thresholdAlert(_ watch: AlertWatch?) {
    key("alert")
    guard let watch else {
      null()
      return
    }
    beginObject()
    key("active")
    bool(watch.active != nil)
    key("average")
    number(watch.average)
    key("threshold")
    number(watch.rule.threshold)
    member("unit", watch.rule.unit.name)
    key("peak")
    if watch.active != nil { number(watch.peak) } else { null() }
    endObject()
  }

  /// The states of the rules beyond `-t`.
  mutating func rules(_ watches: ArraySlice<AlertWatch>) {
    objects("alerts", of: watches) { json, watch in
      let rule = watch.rule
      json.member("rule", rule.name)
      json.subject(rule)
      json.member("measure", rule.measure.name)
      json.member("unit", rule.unit.name)
      json.key("active")
      json.bool(watch.active != nil)
      json.key("value")
      json.number(rule.unit.number(watch.average))
      json.key("threshold")
      json.number(rule.unit.number(rule.threshold))
      json.key("peak")
      if watch.active != nil { json.number(rule.unit.number(watch.peak)) } else { json.null() }
      json.key("heldBack")
      if let reason = watch.heldBack { json.string(reason) } else { json.null() }
    }
  }
}
