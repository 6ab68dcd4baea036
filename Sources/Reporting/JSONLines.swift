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

  /// The last line, of the lifetime.
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
    json.sites(snapshot)
    json.clients(snapshot, most: Self.clientsListed)
    if let owners = snapshot.owners { json.owners(owners) }
    if let tls = snapshot.tls { json.coverage(tls) }
    json.latency("latency", snapshot.latency, withCount: true)
    capture(snapshot, isLife: type == "summary")
    json.thresholdAlert(alerts.threshold)
    if !alerts.others.isEmpty { json.rules(alerts.others) }
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
    json.unanswered(totals.unanswered)
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
}
