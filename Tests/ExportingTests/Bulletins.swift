// SPDX-License-Identifier: Apache-2.0
import Alerting
import Capture
import Exchanges
import HTTPWire
import Presentation
import Statistics

@testable import Exporting

/// A bulletin made by hand.
enum Bulletins {
  static let second: UInt64 = 1_000_000_000
  static let start: UInt64 = 1_614_053_168 * second

  static var sample: Bulletin {
    var bulletin = Bulletin(
      label: CaptureLabel(backend: "eBPF", source: "eth0", ports: "80"), version: "1.2.3", started: start,
      at: start + 60 * second)
    bulletin.traffic.totals.requests = 42
    bulletin.traffic.totals.successes = 38
    bulletin.traffic.totals.failures = 2
    bulletin.traffic.totals.exchanges = 40
    bulletin.traffic.methods[Int(Method.get.rawValue)] = 40
    bulletin.traffic.methods[Int(Method.other.rawValue)] = 2
    bulletin.traffic.statuses = [status(200, 38), status(503, 2)]
    bulletin.traffic.latencies.counts[0] = 39
    bulletin.traffic.latencies.counts[14] = 1
    bulletin.traffic.latencies.sum = 12_345_678_900
    bulletin.capture.packets = 1234
    bulletin.capture.matched = 82
    bulletin.capture.backlogDropped = 12
    bulletin.capture.cardMissed = 0
    bulletin.ledger.delivered = 82
    bulletin.ledger.starts = 82
    bulletin.sites.sites = [site("b.example", 30), site("a.example", 10)]
    bulletin.sites.sites[0].error = 3
    bulletin.sites.other.requests = 2
    bulletin.gauges.rings = [CaptureGauges.Ring(bytes: 4096, used: 96)]
    bulletin.gauges.runs = CaptureGauges.Runs(count: 1234, nanoseconds: 123_400)
    bulletin.cost.processorTime = 1_250_000
    bulletin.cost.resident = 20_971_520
    bulletin.lag = 500_000_000
    var alert = AlertStanding(rule: "high-traffic", value: 12.5, threshold: 10, raised: 1)
    alert.since = start + 50 * second
    bulletin.alerts = [alert]
    return bulletin
  }

  static func site(_ name: String, _ requests: UInt64) -> SiteSeries {
    var site = SiteSeries(name: name)
    site.outcomes.requests = requests
    site.outcomes.successes = requests
    site.latencies.counts[1] = requests
    site.latencies.sum = requests * 7_000_000
    site.pace = 0.5
    return site
  }

  static func status(_ code: Int, _ count: UInt64) -> StatusCount { StatusCount(status: code, count: count) }
}
