// SPDX-License-Identifier: Apache-2.0

import Capture
import Exchanges
import Screen
import Statistics

extension MetricsPage {
  /// The ledger: what was seen, taken, lost, and what became of it.
  func addCapture(to writer: inout MetricsWriter) {
    let capture = published.capture
    let ledger = published.ledger
    let counters: [(String, String, UInt64)] = [
      ("packets", "Packets that the backend looked at.", capture.packets),
      ("matched", "Segments that it took: delivered, lost, or still in a ring.", capture.matched),
      ("delivered", "Segments that the workers read.", ledger.delivered),
      ("lost", "Segments that found the ring full; every count is then at least.", capture.lost),
      ("lost_requests", "Of the lost segments, those that begin a request.", capture.lostRequests),
      (
        "failed_tail_calls",
        "Packets whose inspection broke off: a program in the kernel could not call the next.",
        capture.failedTailCalls
      ),
      ("pipelined_heads", "Heads beyond the first of their segment.", ledger.pipelinedHeads),
      ("truncated_heads", "Heads that were counted by their start line only.", ledger.truncated),
    ]
    for (name, help, value) in counters {
      writer.family("wiretally_capture_\(name)", .counter, help)
      writer.sample(value)
    }
    writer.family("wiretally_capture_segments", .counter, "Delivered segments, each in one class.")
    for (name, value) in [
      ("head_segments", ledger.headSegments), ("continuations", ledger.continuations),
      ("duplicates", ledger.duplicates),
      ("unparseable", ledger.unparseable), ("false_heads", ledger.falseHeads),
      ("other_segments", ledger.otherSegments),
    ] { writer.sample(value, ["class": name]) }
    writer.family("wiretally_capture_seen", .counter, "What else was among the packets.")
    for (name, value) in [
      ("on_port", capture.onPort), ("payload", capture.payload), ("copies", capture.copies),
      ("tls", capture.tls), ("http2", max(capture.http2, ledger.http2)), ("fragments", capture.fragments),
      ("malformed", capture.malformed), ("other_ports", capture.otherPorts), ("tunnels", ledger.tunnels),
    ] { writer.sample(value, ["reason": name]) }
    writer.family("wiretally_capture_evicted", .counter, "What had to make room in a bounded table.")
    for (name, value) in [
      ("flows", ledger.evictedFlows), ("requests", ledger.evictedRequests), ("heads", capture.evictedHeads),
    ] { writer.sample(value, ["reason": name]) }
    addPreCaptureDrops(to: &writer)
    addGauges(to: &writer)
  }

  /// What no capture saw; not there where it is not known.
  private func addPreCaptureDrops(to writer: inout MetricsWriter) {
    if let dropped = published.capture.backlogDropped {
      writer.family(
        "wiretally_backlog_dropped_packets", .counter,
        "Packets dropped in the kernel's backlog before any capture, on the whole machine.")
      writer.sample(dropped)
    }
    if let missed = published.capture.nicMissed {
      writer.family(
        "wiretally_nic_missed_packets", .counter, "Packets that the watched network cards had no room for.")
      writer.sample(missed)
    }
  }

  private func addGauges(to writer: inout MetricsWriter) {
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
    writer.family("wiretally_capture_interface_up", .gauge, "0 while the watched interface is down or away.")
    writer.sample(UInt64(published.interfaceDownSince == nil ? 1 : 0))
  }

  func addAlerts(to writer: inout MetricsWriter) {
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
        if let site = alert.site {
          writer.sample(value(alert), ["alert": alert.rule, "site": site])
        } else {
          writer.sample(value(alert), ["alert": alert.rule])
        }
      }
    }
  }

  /// The program's own cost, and what it is.
  func addProgram(to writer: inout MetricsWriter) {
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
