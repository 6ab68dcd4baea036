// SPDX-License-Identifier: Apache-2.0
import Text
import Alerting
import Capture
import Exchanges
import Reporting
import Statistics

/// Snapshots made by hand, after the original's page.
enum Samples {
  static let second: UInt64 = 1_000_000_000
  /// Tue, 23 Feb 2021 04:06:08 UTC.
  static let start: UInt64 = 1_614_053_168 * second
  static let label = CaptureLabel(backend: "eBPF", source: "eth0", ports: "80")
  static let renderer = PageRenderer(
    label: label, zone: .fixed(0), alertLogPath: "/var/log/wiretally/alerts.log")

  static func site(_ name: String, _ requests: UInt64, _ sections: [(String, UInt64)] = []) -> SiteCounts {
    var site = SiteCounts(name: name)
    site.requests = requests
    site.sections = sections.map { SectionCounts(name: $0.0, requests: $0.1) }
    return site
  }

  static var interval: Snapshot {
    var interval = Snapshot()
    interval.start = start
    interval.end = start + 10 * second
    interval.requestsByTick = [38, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    interval.totals.requests = 38
    interval.sites = [site("google.com", 29, [("/search", 20), ("/maps", 9)]), site("linkedin.com", 6)]
    return interval
  }

  static var life: Snapshot {
    var life = Snapshot()
    life.start = start - 600 * second
    life.end = start + 10 * second
    life.totals.requests = 40
    life.totals.failures = 1
    life.totals.successes = 39
    life.methods = [NamedCount(name: "GET", count: 37), NamedCount(name: "POST", count: 3)]
    life.sites = [site("google.com", 29), site("linkedin.com", 6)]
    life.capture.packets = 1234
    life.capture.matched = 80
    life.ledger.duplicates = 2
    return life
  }

  /// A board whose rule of `-t` had one alert and raises another with `interval`.
  static func alerts() throws -> (AlertBoard, [AlertTransition]) {
    let plan = try IntervalPlan(interval: 10 * second)
    var alerts = AlertBoard(threshold: try AlertRule(threshold: 3, plan: plan, window: 120 * second))
    var before = Snapshot()
    // Raised at 04:04:08, recovered at 04:06:08: twelve intervals later.
    before.requestsByTick = [500] + [UInt64](repeating: 0, count: 9)
    before.start = start - 130 * second
    before.end = before.start + 10 * second
    _ = alerts.observe(before)
    for _ in 0..<12 {
      before.start += 10 * second
      before.end += 10 * second
      before.requestsByTick[0] = 0
      _ = alerts.observe(before)
    }
    let changes = alerts.observe(interval)
    return (alerts, changes)
  }
}
