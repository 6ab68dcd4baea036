// SPDX-License-Identifier: Apache-2.0

import Alerting
import Statistics

/// Alert rules and their states in records.
extension RecordWriter {
  mutating func rule(_ rule: AlertRule) {
    let fields = rule.fields
    flag(fields.isThreshold)
    text(fields.name)
    flag(fields.hasGivenName)
    text(fields.measure)
    unit(fields.unit)
    flag(fields.isBelow)
    real(fields.threshold)
    real(fields.clear)
    for value in [fields.hold, fields.keep, fields.minimum] { number(value) }
    subject(fields.subject)
    text(fields.severity)
    for value in [fields.interval, fields.window, fields.every] { number(value) }
  }

  private mutating func unit(_ unit: AlertUnit) {
    switch unit {
    case .perInterval: byte(0)
    case .per(let time):
      byte(1)
      number(time)
    case .atOnce: byte(2)
    case .percent: byte(3)
    case .time: byte(4)
    }
  }

  private mutating func subject(_ subject: WatchedTraffic.Subject?) {
    switch subject {
    case nil: byte(0)
    case .site(let name):
      byte(1)
      text(name)
    case .owners(let condition):
      byte(2)
      for name in [condition.process, condition.unit, condition.container] { optional(name) { $0.text($1) } }
    case .client(let high, let low):
      byte(3)
      fixed64(high)
      fixed64(low)
    case .section(let section):
      byte(4)
      optional(section.site) { $0.text($1) }
      text(section.path)
    }
  }

  /// A rule's state; the rule itself is the run's.
  mutating func state(_ state: AlertState) {
    real(state.average.isFinite ? state.average : 0)
    number(state.lost)
    optional(state.active) { $0.transition($1) }
    real(state.peak.isFinite ? state.peak : 0)
    optional(state.heldBack) { $0.text($1) }
    list(state.past) { writer, past in
      writer.fixed64(past.started)
      writer.fixed64(past.ended)
    }
  }

  mutating func transition(_ transition: AlertTransition) {
    byte(transition.state == .raised ? 0 : 1)
    fixed64(transition.at)
    fixed64(transition.started)
    real(transition.hits.isFinite ? transition.hits : 0)
    for value in [transition.count, transition.basis, transition.lost] { number(value) }
    optional(transition.recording) { $0.text($1) }
    fixed64(UInt64(bitPattern: transition.shift))
  }
}

extension RecordReader {
  mutating func rule() throws(RecordFault) -> AlertRule {
    var fields = AlertRule.Fields()
    fields.isThreshold = try flag()
    fields.name = try text()
    fields.hasGivenName = try flag()
    fields.measure = try text()
    fields.unit = try unit()
    fields.isBelow = try flag()
    fields.threshold = try real()
    fields.clear = try real()
    fields.hold = try number()
    fields.keep = try number()
    fields.minimum = try number()
    fields.subject = try subject()
    fields.severity = try text()
    fields.interval = try number()
    fields.window = try number()
    fields.every = try number()
    guard let rule = AlertRule(fields) else { throw RecordFault() }
    return rule
  }

  private mutating func unit() throws(RecordFault) -> AlertUnit {
    switch try byte() {
    case 0: .perInterval
    case 1: .per(try number())
    case 2: .atOnce
    case 3: .percent
    case 4: .time
    default: throw RecordFault()
    }
  }

  private mutating func subject() throws(RecordFault) -> WatchedTraffic.Subject? {
    switch try byte() {
    case 0: return nil
    case 1: return .site(try text())
    case 2:
      var condition = OwnerCondition()
      condition.process = try optional { (reader) throws(RecordFault) in try reader.text() }
      condition.unit = try optional { (reader) throws(RecordFault) in try reader.text() }
      condition.container = try optional { (reader) throws(RecordFault) in try reader.text() }
      return .owners(condition)
    case 3:
      let high = try fixed64()
      return .client(high: high, low: try fixed64())
    case 4:
      let site = try optional { (reader) throws(RecordFault) in try reader.text() }
      return .section(WatchedSection(site: site, path: try text()))
    default: throw RecordFault()
    }
  }

  mutating func state(of rule: AlertRule) throws(RecordFault) -> AlertState {
    var state = AlertState()
    state.average = try real()
    state.lost = try number()
    state.active = try optional { (reader) throws(RecordFault) in try reader.transition(of: rule) }
    state.peak = try real()
    state.heldBack = try optional { (reader) throws(RecordFault) in try reader.text() }
    state.past = try list { (reader) throws(RecordFault) in
      let started = try reader.moment()
      return PastAlert(started: started, ended: try reader.moment(), rule: rule)
    }
    return state
  }

  mutating func transition(of rule: AlertRule) throws(RecordFault) -> AlertTransition {
    let isRaised = !(try flag())
    let at = try moment(), started = try moment(), hits = try real()
    var transition = AlertTransition(
      state: isRaised ? .raised : .recovered, about: rule, at: at, started: started, hits: hits)
    transition.count = try number()
    transition.basis = try number()
    transition.lost = try number()
    transition.recording = try optional { (reader) throws(RecordFault) in try reader.text() }
    transition.shift = Int64(bitPattern: try fixed64())
    return transition
  }
}
