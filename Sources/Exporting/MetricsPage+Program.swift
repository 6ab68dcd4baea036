// SPDX-License-Identifier: Apache-2.0

import Capture
import Exchanges
import Statistics

extension MetricsPage {
  /// The ledger: what was seen, taken, lost, and what became of it.
  func addCapture(to writer: inout some MetricsSink) {
    var samples = CounterSamples()
    samples.add(published.capture)
    samples.add(published.ledger)
    samples.add(published.outputs)
    for (name, help, value) in samples.families {
      writer.family("wiretally_\(name)", .counter, help)
      writer.sample(value)
    }
    writer.family("wiretally_capture_segments", .counter, "Delivered segments, each in one class.")
    for (name, value) in samples.segments { writer.sample(value, ["class": name]) }
    writer.family("wiretally_capture_seen", .counter, "What else was among the packets.")
    for (name, value) in samples.seen { writer.sample(value, ["reason": name]) }
    writer.family("wiretally_capture_evicted", .counter, "What had to make room in a bounded table.")
    for (name, value) in samples.evicted { writer.sample(value, ["reason": name]) }
    writer.family("wiretally_output_dropped", .counter, "What outputs dropped, since a reader was too slow.")
    for (name, value) in samples.dropped { writer.sample(value, ["unit": name]) }
    addMachineCounters(to: &writer)
    addGauges(to: &writer)
  }

  /// What no capture saw; not there where it is not known.
  private func addMachineCounters(to writer: inout some MetricsSink) {
    for counter in CaptureCounters.machineCounters {
      guard let value = published.capture[keyPath: counter.field],
        case .family(let name, let help)? = counter.metric
      else { continue }
      writer.family("wiretally_\(name)", .counter, help)
      writer.sample(value)
    }
  }

  private func addGauges(to writer: inout some MetricsSink) {
    let gauges = published.gauges
    if !gauges.rings.isEmpty {
      writer.family("wiretally_capture_ring_bytes", .gauge, "Size of a worker's ring.")
      for (worker, ring) in gauges.rings.enumerated() {
        writer.sample(UInt64(ring.bytes), ["worker": "\(worker)"])
      }
      writer.family("wiretally_capture_ring_used_bytes", .gauge, "Bytes in a ring that wait for its worker.")
      for (worker, ring) in gauges.rings.enumerated() {
        writer.sample(UInt64(ring.used), ["worker": "\(worker)"])
      }
    }
    if let runs = gauges.runs {
      writer.family(
        "wiretally_filter_runs", .counter,
        "How often the kernel ran the filter, while kernel.bpf_stats_enabled was 1.")
      writer.sample(runs.count)
      writer.family("wiretally_filter_run_seconds", .counter, "How long the kernel ran the filter.")
      writer.sample(runs.nanoseconds, per: 1_000_000_000)
    }
    writer.family("wiretally_capture_lag_seconds", .gauge, "How far the slowest worker is behind.")
    writer.sample(published.lag, per: 1_000_000_000)
    writer.family("wiretally_capture_interface_up", .gauge, "0 while a watched interface is down or away.")
    writer.sample(UInt64(published.interfacesDown.isEmpty ? 1 : 0))
  }

  func addAlerts(to writer: inout some MetricsSink) {
    guard !published.alerts.isEmpty else { return }
    let kinds: [(String, MetricsWriter.Kind, String, (AlertStatus) -> Double)] = [
      ("wiretally_alert_active", .gauge, "1 while a rule's alert is raised.", { $0.since == nil ? 0 : 1 }),
      ("wiretally_alert_value", .gauge, "What a rule compares with its threshold.", { $0.value }),
      ("wiretally_alert_threshold", .gauge, "A rule's threshold.", { $0.threshold }),
      ("wiretally_alerts_raised", .counter, "How often a rule raised an alert.", { Double($0.raised) }),
    ]
    for (name, kind, help, value) in kinds {
      writer.family(name, kind, help)
      for alert in published.alerts {
        writer.sample(value(alert), labels: [("alert", alert.rule)] + alert.labels)
      }
    }
  }

  /// The program's own cost, and what it is.
  func addProgram(to writer: inout some MetricsSink) {
    let label = published.label
    writer.family("process_cpu_seconds", .counter, "Processor time of this program, user and system.")
    writer.sample(published.cost.processorTime, per: 1_000_000)
    writer.family("process_resident_memory_bytes", .gauge, "Memory of this program.")
    writer.sample(published.cost.resident)
    writer.family("process_start_time_seconds", .gauge, "When the watch began, seconds since 1970.")
    writer.sample(published.started, per: 1_000_000_000)
    writer.family("wiretally_snapshot_time_seconds", .gauge, "When these numbers were true.")
    writer.sample(published.at, per: 1_000_000_000)
    writer.family("wiretally_listener_connections", .gauge, "Connections to this listener.")
    writer.sample(listener.connections)
    writer.family("wiretally_listener_refused", .counter, "Clients refused because there were too many.")
    writer.sample(listener.refused)
    writer.family("wiretally_listener_expired", .counter, "Connections ended because they were too slow.")
    writer.sample(listener.expired)
    writer.family("wiretally_build_info", .gauge, "1; its labels say what is running.")
    writer.sample(
      UInt64(1),
      [
        "version": published.version, "backend": label.backend, "source": label.source, "ports": label.ports,
      ])
  }
}

/// The samples of sets of counters, by the families that their declarations name.
private struct CounterSamples {
  var families: [(name: String, help: String, value: UInt64)] = []
  var segments: [(name: String, value: UInt64)] = []
  var seen: [(name: String, value: UInt64)] = []
  var evicted: [(name: String, value: UInt64)] = []
  var dropped: [(name: String, value: UInt64)] = []

  mutating func add<Counters: CounterSet>(_ counters: Counters) {
    for counter in Counters.counters {
      let value = counters[keyPath: counter.field]
      switch counter.metric {
      case .family(let name, let help): families.append((name, help, value))
      case .segments(let name): segments.append((name, value))
      case .evicted(let name): evicted.append((name, value))
      case .dropped(let name): dropped.append((name, value))
      case .seen(let name):
        // Two sets may have seen the same: what the larger one saw.
        if let index = seen.firstIndex(where: { $0.name == name }) {
          seen[index].value = max(seen[index].value, value)
        } else {
          seen.append((name, value))
        }
      case nil: break
      }
    }
  }
}
