// SPDX-License-Identifier: Apache-2.0
import Alerting
import Capture
import Exchanges
import HTTP1
import Owners
import Reporting
import Statistics
import TLSCoverage

@testable import Exporting

/// A published state made by hand.
enum PublishedStates {
  static let second: UInt64 = 1_000_000_000
  static let start: UInt64 = 1_614_053_168 * second

  static var sample: PublishedState {
    var published = PublishedState(
      label: CaptureLabel(backend: "eBPF", source: "eth0", ports: "80"), version: "1.2.3", started: start,
      at: start + 60 * second)
    published.traffic.totals.requests = 42
    published.traffic.totals.successes = 38
    published.traffic.totals.failures = 2
    published.traffic.totals.exchanges = 40
    published.traffic.totals.http2 = 5
    for mark in [
      CallMark.begun, .begun, .begun, .begun, CallMark(code: 0), CallMark(code: 0), CallMark(code: 14),
    ] {
      published.traffic.totals.calls.count(mark)
    }
    published.traffic.methods[Int(Method.get.rawValue)] = 40
    published.traffic.methods[Int(Method.other.rawValue)] = 2
    published.traffic.statuses = [status(200, 38), status(503, 2)]
    published.traffic.latencies.counts[0] = 39
    published.traffic.latencies.counts[14] = 1
    published.traffic.latencies.sum = 12_345_678_900
    published.capture.packets = 1234
    published.capture.matched = 82
    published.capture.backlogDropped = 12
    published.capture.nicMissed = 0
    published.ledger.delivered = 82
    published.ledger.headSegments = 82
    published.sites.sites = [site("b.example", 30), site("a.example", 10)]
    published.sites.sites[0].undercountMax = 3
    published.sites.sites[0].outcomes.kinds.methods[0...2] = [25, 0, 5]
    published.sites.sites[0].outcomes.kinds.versions = [1, 29, 0]
    published.sites.sites[0].outcomes.kinds.responses = [0, 28, 0, 1, 1, 0]
    published.sites.other.requests = 2
    published.sites.other.kinds.methods[9] = 2
    published.sites.other.kinds.responses[5] = 1
    published.gauges.rings = [CaptureGauges.Ring(bytes: 4096, used: 96)]
    published.gauges.runs = CaptureGauges.Runs(count: 1234, nanoseconds: 123_400)
    published.cost.processorTime = 1_250_000
    published.cost.resident = 20_971_520
    published.lag = 500_000_000
    var alert = AlertStatus(rule: "high-traffic", value: 12.5, threshold: 10, raised: 1)
    alert.since = start + 50 * second
    (alert.reading, alert.peak, alert.perSecond) = ("12.50 > 10 per 10s", "14.00", 1)
    var unit = AlertStatus(rule: "high-failures", value: 2, threshold: 5, raised: 0)
    unit.owners = OwnerCondition(process: "api", unit: "api.service")
    unit.subject = "process api of unit api.service"
    unit.reading = "2.00% (limit 5%)"
    published.alerts = [alert, unit]
    published.owners = owners
    var tls = CoverageCounts(ports: "443")
    (tls.connections, tls.read, tls.reasons) = (7, 4, [("off", 2), ("not attachable: GnuTLS", 1)])
    published.tls = tls
    published.life.owners = [
      waiting(.server, Owner(process: "api", unit: "api.service"), 3),
      waiting(.server, Owner(process: "late"), 2),
      waiting(.client, nil, 5),
    ]
    return published
  }

  private static var owners: OwnerListing {
    var owners = OwnerListing()
    let api = Owner(process: "api", unit: "api.service"), curl = Owner(process: "curl")
    let web = Owner(process: "nginx", container: "docker:0123456789ab")
    owners.servers.sites = [site(OwnerListing.name(web), 10), site(OwnerListing.name(api), 29)]
    owners.servers.sites[1].outcomes.failures = 2
    owners.servers.unlisted = 2
    owners.clients.sites = [site(OwnerListing.name(curl), 4), site(OwnerListing.name(nil), 37)]
    owners.clients.other.requests = 1
    return owners
  }

  private static func waiting(_ role: OwnerCounts.Role, _ owner: Owner?, _ count: UInt64) -> OwnerCounts {
    var owner = OwnerCounts(role: role, process: owner.map { OwnerProcess(owner: $0) })
    owner.inFlight = count
    return owner
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
