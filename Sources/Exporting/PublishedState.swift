// SPDX-License-Identifier: Apache-2.0

package import Alerting
package import Capture
package import Exchanges
package import Reporting
package import AlertDelivery
package import Statistics
package import TLSCoverage

/// The state that is published to everybody who asks over HTTP: the values of one moment, which never change.
package struct PublishedState: Sendable {
  package var label: CaptureLabel
  /// The program's version.
  package var version: String
  /// Lines of the program's own, as pages have them.
  package var notices: [String] = []
  /// The states of sending alerts on.
  package var deliveries: [DeliveryState] = []
  /// What the outputs have dropped since the start.
  package var outputs = OutputCounters()
  /// The time when the watch began, and when this was true, nanoseconds since 1970.
  package var started: UInt64
  package var at: UInt64
  /// The life, which a screen may have reset: the top sites, and those that are listed.
  package var life: Snapshot
  /// The windows that somebody asks for, with as many sites.
  package var windows: [StatisticsWindow: Snapshot] = [:]
  /// All traffic, the capture's half of the ledger and the workers' half, since the start.
  package var traffic = TrafficCounters()
  package var capture = CaptureCounters()
  package var ledger = ExchangeCounters()
  package var sites = SiteListing()
  /// Who served and who asked; nil when nobody looks for that.
  package var owners: OwnerListing?
  /// TLS connections that were seen and read since the start; nil before there were any.
  package var tls: CoverageCounts?
  package var alerts: [AlertStatus] = []
  /// The rules, as JSON lines show them.
  package var board = AlertBoard()
  package var gauges = CaptureGauges()
  package var cost = ProcessCost.Reading()
  /// The last ten minutes, oldest first.
  package var history: [Sample] = []
  /// The delay of the slowest worker, nanoseconds.
  package var lag: UInt64 = 0
  /// The watched interfaces that are down or away.
  package var interfacesDown: [String] = []

  package init(
    label: CaptureLabel, version: String, started: UInt64, at: UInt64, life: Snapshot = Snapshot()
  ) {
    self.label = label
    self.version = version
    self.started = started
    self.at = at
    self.life = life
  }

  /// The numbers of the tables of a window; nil while nobody has added them up.
  func numbers(_ window: StatisticsWindow) -> Snapshot? { window == .all ? life : windows[window] }

  /// Moves its times by this many nanoseconds, but for those of the rules.
  mutating func move(by shift: Int64) {
    guard shift != 0 else { return }
    let nanoseconds = UInt64(bitPattern: shift)
    started &+= nanoseconds
    at &+= nanoseconds
    life = life.shifted(by: shift)
    windows = windows.mapValues { $0.shifted(by: shift) }
    for index in history.indices { history[index].at &+= nanoseconds }
  }
}

/// The state of one alert rule, as it is published.
package struct AlertStatus: Equatable, Sendable {
  package var rule: String
  /// Whose traffic it is about, in a sentence; nil for all traffic.
  package var subject: String?
  /// The site, when the rule is about one or about a section of it.
  package var site: String?
  /// The section, when the rule is about one.
  package var section: String?
  /// What the owners are called, when the rule is about what they serve.
  package var owners: OwnerCondition?
  /// The client's address, when the rule is about one.
  package var client: String?
  /// The time when the active alert was raised, nanoseconds since 1970; nil when there is none.
  package var since: UInt64?
  /// What is compared with the threshold, in the rule's own unit; latencies in seconds.
  package var value: Double
  package var threshold: Double
  /// The number of times that it was raised.
  package var raised: UInt64
  /// Value and threshold in words, with their unit: `771.75ms > 500ms`.
  package var reading = ""
  /// The value that passed the threshold most since the active alert was raised, with its unit; nil without one.
  package var peak: String?
  /// The threshold in requests a second, for rules about too many requests of all sites; nil for others.
  package var perSecond: Double?
  /// The reason why no alert is raised although the threshold is passed; nil when it is not passed.
  package var heldBack: String?
  /// Alerts that are over, newest first.
  package var past: [PastAlert] = []

  package init(rule: String, value: Double, threshold: Double, raised: UInt64) {
    self.rule = rule
    self.value = value
    self.threshold = threshold
    self.raised = raised
  }

  /// Whose traffic it is about, as labels.
  var labels: [(name: String, value: String)] {
    let fields = [("site", site), ("section", section), ("client", client)]
    return fields.compactMap { name, value in value.map { (name, $0) } } + (owners?.fields ?? [])
  }
}

/// About a second of the watch.
package struct Sample: Equatable, Sendable {
  /// Its end, nanoseconds since 1970.
  package var at: UInt64
  /// Its length, nanoseconds; above 0.
  package var elapsed: UInt64
  package var totals = TrafficTotals()
  package var latency = LatencySummary()
  /// Records lost in it.
  package var lost: UInt64 = 0

  package init(at: UInt64, elapsed: UInt64) {
    self.at = at
    self.elapsed = max(elapsed, 1)
  }
}
