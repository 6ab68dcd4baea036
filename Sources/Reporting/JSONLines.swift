// SPDX-License-Identifier: Apache-2.0

package import AlertDelivery
package import Alerting
import Text
import Capture
import Exchanges
package import Statistics

/// Intervals, alerts and the summary as JSON lines: one object a line, schema version 1.
package struct JSONLines: Sendable {
  /// Members are only added within a version.
  package static let schema: UInt64 = 1

  /// Clients that a line lists at most.
  package static let clientsListed = 20

  package var label: CaptureLabel
  /// The states of sending alerts on; empty when they are sent nowhere.
  package var deliveries: [DeliveryState] = []
  /// What pages say as warnings: why another backend is used, what cannot be written or delivered.
  package var warnings: [String] = []
  /// What the outputs have dropped since the start.
  package var outputs = OutputCounters()
  private var json = JSONWriter()
  /// Whether the watch has ended, and its ledger must balance.
  private var isOver = true

  package init(label: CaptureLabel) { self.label = label }

  /// The line of an interval, with its newline; `alerts` has observed it.
  package mutating func interval(_ snapshot: Snapshot, alerts: AlertBoard) -> [UInt8] {
    line("interval", snapshot, alerts)
  }

  /// The last line: the whole life.
  package mutating func summary(_ life: Snapshot, alerts: AlertBoard) -> [UInt8] {
    line("summary", life, alerts)
  }

  /// The totals so far, in the form of the last line. What is on its way between the kernel and a worker is in one
  /// half of the ledger and not yet in the other, so that no balance is claimed.
  package mutating func snapshot(_ life: Snapshot, alerts: AlertBoard) -> [UInt8] {
    isOver = false
    defer { isOver = true }
    return line("summary", life, alerts)
  }

  /// The line of an alert's change.
  package mutating func alert(_ change: AlertTransition) -> [UInt8] {
    json.clear()
    json.beginObject()
    json.member("type", "alert")
    json.member("schema", Self.schema)
    json.member("rule", change.rule)
    json.member("state", change.state.rawValue)
    json.member("at", CalendarTime.rfc3339(change.at))
    json.member("started", CalendarTime.rfc3339(change.started))
    json.key("hits")
    json.number(change.about.unit.number(change.hits))
    json.key("threshold")
    json.number(change.about.unit.number(change.threshold))
    json.member("lost", change.lost)
    json.member("id", change.id)
    if let recording = change.recording { json.member("recording", recording) }
    json.subject(change.about)
    if !change.about.isThreshold {
      json.member("measure", change.about.measure.name)
      json.member("unit", change.about.unit.name)
      json.member("of", change.basis)
      json.member("severity", change.about.severity)
    }
    json.endObject()
    json.newline()
    return json.text.bytes
  }

  private mutating func line(
    _ type: String, _ snapshot: Snapshot, _ alerts: AlertBoard
  ) -> [UInt8] {
    json.clear()
    json.beginObject()
    json.member("type", type)
    json.member("schema", Self.schema)
    time("start", snapshot.start, snapshot)
    time("end", snapshot.end, snapshot)
    json.member("backend", label.backend)
    json.member("source", label.source)
    totals(snapshot.totals)
    json.member("inFlight", snapshot.inFlight.count)
    json.key("oldestInFlight")
    if let oldest = snapshot.inFlight.oldest { json.seconds(oldest) } else { json.null() }
    counts(snapshot)
    sites(snapshot)
    clients(snapshot)
    if let owners = snapshot.owners { addOwners(owners) }
    if let tls = snapshot.tls { json.coverage(tls) }
    json.key("latency")
    json.latency(snapshot.latency, withCount: true)
    capture(snapshot, isLife: type == "summary")
    alert(alerts.threshold)
    if !alerts.others.isEmpty { rules(alerts.others) }
    if !deliveries.isEmpty { addDeliveries() }
    if !warnings.isEmpty { addWarnings() }
    if outputs != OutputCounters() { addOutputs() }
    json.endObject()
    json.newline()
    return json.text.bytes
  }

  /// A moment, or null when nothing moved the capture's clock.
  private mutating func time(_ name: String, _ moment: UInt64, _ snapshot: Snapshot) {
    json.key(name)
    if snapshot.start == 0 && snapshot.end == 0 {
      json.null()
    } else {
      json.string(CalendarTime.rfc3339(moment))
    }
  }

  private mutating func totals(_ totals: TrafficTotals) {
    json.member("requests", totals.requests)
    json.member("responses", totals.responses)
    json.member("successes", totals.successes)
    json.member("failures", totals.failures)
    json.member("exchanges", totals.exchanges)
    json.member("aborted", totals.unanswered.aborted)
    json.member("timedOut", totals.unanswered.timedOut)
    json.member("unknown", totals.unanswered.unknown)
    json.member("unmatchedResponses", totals.unmatchedResponses)
  }

  private mutating func counts(_ snapshot: Snapshot) {
    json.key("methods")
    json.beginObject()
    for method in snapshot.methods { json.member(method.name, method.count) }
    json.endObject()
    json.key("protocols")
    json.beginObject()
    for entry in snapshot.totals.protocols { json.member(entry.version.name, entry.requests) }
    json.endObject()
    let calls = snapshot.totals.calls
    if calls.requests > 0 || calls.ended > 0 {
      json.key("grpc")
      json.beginObject()
      json.member("requests", calls.requests)
      json.key("statuses")
      json.beginObject()
      for status in calls.statuses { json.member(status.name, status.count) }
      json.endObject()
      json.endObject()
    }
    json.key("statuses")
    json.beginObject()
    for status in snapshot.statuses { json.member("\(status.status)", status.count) }
    json.endObject()
  }

  private mutating func sites(_ snapshot: Snapshot) {
    json.key("sites")
    json.beginArray()
    for site in snapshot.sites {
      json.beginObject()
      json.member("site", site.name)
      json.member("requests", site.requests)
      json.member("successes", site.successes)
      json.member("failures", site.failures)
      json.member("aborted", site.unanswered.aborted)
      json.member("timedOut", site.unanswered.timedOut)
      json.member("unknown", site.unanswered.unknown)
      json.member("overcountMax", site.overcountMax)
      json.objects("sections", of: site.sections) { json, section in
        json.member("section", section.name)
        json.member("requests", section.requests)
        if section.isRequestsOnly { return }
        json.member("successes", section.successes)
        json.member("failures", section.failures)
        // Not null as elsewhere: there may be thousands of sections.
        if section.latency.count == 0 { return }
        json.key("latency")
        json.latency(section.latency, withCount: false)
      }
      json.key("latency")
      json.latency(site.latency, withCount: false)
      if !site.calls.isEmpty { calls(site.calls) }
      if !site.owners.isEmpty { json.siteOwners(site.owners) }
      json.endObject()
    }
    json.endArray()
    json.key("other")
    json.beginObject()
    json.member("sites", snapshot.other.sites)
    json.member("requests", snapshot.other.requests)
    json.endObject()
  }

  /// The clients with the most requests.
  private mutating func clients(_ snapshot: Snapshot) {
    var other = snapshot.otherClients
    for client in snapshot.clients.dropFirst(Self.clientsListed) {
      other.clients &+= 1
      other.requests &+= client.requests &- client.overcountMax
    }
    json.objects("clients", of: snapshot.clients.prefix(Self.clientsListed)) { json, client in
      json.member("client", client.address)
      json.member("requests", client.requests)
      json.member("successes", client.successes)
      json.member("failures", client.failures)
      json.member("aborted", client.unanswered.aborted)
      json.member("timedOut", client.unanswered.timedOut)
      json.member("unknown", client.unanswered.unknown)
      json.member("overcountMax", client.overcountMax)
      json.key("slowest")
      if client.slowest > 0 { json.seconds(client.slowest) } else { json.null() }
    }
    json.key("otherClients")
    json.beginObject()
    json.member("clients", other.clients)
    json.member("requests", other.requests)
    json.endObject()
  }

  /// Who served and who asked.
  private mutating func addOwners(_ owners: [OwnerCounts]) {
    json.key("owners")
    json.beginArray()
    for owner in owners {
      json.beginObject()
      json.member("role", owner.role.rawValue)
      json.ownerMembers(owner.process)
      json.member("requests", owner.requests)
      json.member("failures", owner.failures)
      json.member("inFlight", owner.inFlight)
      json.key("latency")
      json.latency(owner.latency, withCount: false)
      json.endObject()
    }
    json.endArray()
  }

  /// A site's gRPC methods.
  private mutating func calls(_ calls: [CallCounts]) {
    json.key("grpc")
    json.beginArray()
    for call in calls {
      json.beginObject()
      json.member("method", call.name)
      json.member("requests", call.requests)
      json.member("successes", call.successes)
      json.member("failures", call.failures)
      json.key("statuses")
      json.beginObject()
      for status in call.statuses { json.member(status.name, status.count) }
      json.endObject()
      json.key("latency")
      json.latency(call.latency, withCount: false)
      json.endObject()
    }
    json.endArray()
  }

  private mutating func capture(_ snapshot: Snapshot, isLife: Bool) {
    json.key("capture")
    json.beginObject()
    members(of: snapshot.capture)
    members(of: snapshot.ledger)
    for counter in CaptureCounters.machineCounters where counter.json == .always {
      if let value = snapshot.capture[keyPath: counter.field] { json.member(counter.name, value) }
    }
    if isLife {
      json.key("imbalance")
      if isOver, let imbalance = snapshot.imbalance { json.string(imbalance) } else { json.null() }
    }
    json.endObject()
  }

  /// The counters that JSON lines have, under their names.
  private mutating func members<Counters: CounterSet>(of counters: Counters) {
    for counter in Counters.counters {
      let value = counters[keyPath: counter.field]
      if counter.json == .always || counter.json == .aboveZero && value > 0 {
        json.member(counter.name, value)
      }
    }
  }

  /// The states of the rules beyond `-t`.
  private mutating func rules(_ watches: ArraySlice<AlertWatch>) {
    json.objects("alerts", of: watches) { json, watch in
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

  private mutating func addDeliveries() {
    json.objects("deliveries", of: deliveries) { json, delivery in
      json.member("to", delivery.name)
      json.member("delivered", delivery.delivered)
      json.member("failed", delivery.failed)
      json.member("dropped", delivery.dropped)
      json.member("pending", delivery.pending)
      json.key("fault")
      if let fault = delivery.fault { json.string(fault) } else { json.null() }
    }
  }

  private mutating func addWarnings() {
    json.key("warnings")
    json.beginArray()
    for warning in warnings { json.string(warning) }
    json.endArray()
  }

  /// What was dropped, by what it was.
  private mutating func addOutputs() {
    json.key("outputDropped")
    json.beginObject()
    members(of: outputs)
    json.endObject()
  }

  /// The state of the rule of `-t`; null when there is none.
  private mutating func alert(_ watch: AlertWatch?) {
    json.key("alert")
    guard let watch else {
      json.null()
      return
    }
    json.beginObject()
    json.key("active")
    json.bool(watch.active != nil)
    json.key("average")
    json.number(watch.average)
    json.key("threshold")
    json.number(watch.rule.threshold)
    json.member("unit", watch.rule.unit.name)
    json.key("peak")
    if watch.active != nil { json.number(watch.peak) } else { json.null() }
    json.endObject()
  }
}

extension JSONWriter {
  /// Seconds; null where nothing was answered.
  fileprivate mutating func latency(_ latency: LatencySummary, withCount: Bool) {
    beginObject()
    if withCount { member("count", latency.count) }
    func value(_ name: String, _ value: UInt64) {
      key(name)
      if latency.count > 0 { seconds(value) } else { null() }
    }
    value("p50", latency.p50)
    value("p90", latency.p90)
    value("p99", latency.p99)
    value("max", latency.maximum)
    endObject()
  }
}
