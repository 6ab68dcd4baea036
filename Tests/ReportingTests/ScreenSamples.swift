// SPDX-License-Identifier: Apache-2.0
import Alerting
import Capture
import Exchanges
import Owners
import Reporting
import Screen
import Statistics

/// What a busy machine under attack might show: ordinary sites, hostile names, an alert, loss.
enum ScreenSamples {
  /// As `PrintableName` leaves them: whatever was sent, printable ASCII comes here.
  static let hostile = #"\x1b[2J\x1b]0;owned\x07\xe2\x80\xae.example"#
  static let long = String(repeating: "a", count: 237) + #"\~0123456789abcdef"#

  static var content: ScreenContent {
    var content = ScreenContent(
      label: CaptureLabel(backend: "eBPF", source: "eth0", ports: "80,8080"), interval: 10 * Samples.second)
    content.now = Samples.start + 25 * Samples.second
    content.life = life
    content.recent = recent
    content.history = (0..<100).map(bin)
    content.alerts = alerts
    content.site = site
    content.exchanges = exchanges
    content.slowest = exchanges.filter { $0.status > 0 }.sorted { $0.latency > $1.latency }
    content.failures = exchanges.filter(\.isFailure)
    return content
  }

  /// The same with tables of the last minute, in which one site failed.
  static var lastMinute: ScreenContent {
    var content = content
    var minute = Snapshot()
    minute.start = content.now - 60 * Samples.second
    minute.end = content.now
    minute.totals.requests = 66_000
    (minute.totals.successes, minute.totals.failures) = (60_000, 5_990)
    minute.totals.unanswered = UnansweredRequests(aborted: 10)
    minute.latency = latency(65_990, 80_000, 900_000, 1_200_000, 4_000_000)
    minute.methods = [NamedCount(name: "GET", count: 66_000)]
    minute.statuses = [StatusCount(status: 200, count: 60_000), StatusCount(status: 503, count: 5_990)]
    minute.sites = [
      site("linkedin.com", 60_000, 60_000, 0, 0, [("/feed", 60_000)]),
      site("google.com", 6_000, 0, 5_990, 10, [("/search", 6_000)]),
    ]
    minute.sites[0].trend = Array(repeating: 5_000, count: 12)
    minute.sites[1].trend = [0, 0, 0, 0, 1, 10, 100, 500, 1_000, 2_000, 1_500, 889]
    minute.clients = [client(0, 0xffff_0a00_0007, 66_000, 60_000, 5_990, 10)]
    minute.owners = owners
    content.windowed = (.minute, minute)
    return content
  }

  static var life: Snapshot {
    var life = Samples.life
    life.start = Samples.start - 600 * Samples.second
    life.totals.requests = 1_234_567
    life.totals.successes = 1_200_000
    life.totals.failures = 34_000
    life.totals.unanswered = UnansweredRequests(aborted: 567)
    life.latency = latency(1_234_000, 71_000, 1_250_000, 182_000_000, 2_100_000_000)
    life.methods = [("GET", 1_100_000), ("POST", 134_000), (hostile, 567)].map {
      NamedCount(name: $0.0, count: $0.1)
    }
    life.statuses = [(200, 1_190_000), (404, 30_000), (304, 10_000), (503, 4_000), (999, 7)]
      .map { StatusCount(status: $0.0, count: $0.1) }
    life.sites = [
      site("google.com", 800_000, 790_000, 10_000, 0, [("/search", 700_000), ("/maps", 100_000)]),
      site("linkedin.com", 300_000, 299_000, 500, 500, [("/feed", 300_000)]),
      site(hostile, 100_000, 80_000, 20_000, 0, [(hostile, 100_000)]),
      site(long, 30_000, 29_000, 1_000, 0, [("/" + long, 30_000)]),
      site("[2001:db8::1]", 4_000, 2_000, 2_000, 67, []), site("quiet.example", 3, 0, 0, 0, [("/", 3)]),
    ]
    life.sites[3].overcountMax = 12
    life.clients = [
      client(0, 0xffff_0a00_0007, 700_000, 690_000, 9_000, 67),
      client(0, 0xffff_c633_64c8, 500_000, 480_000, 20_000, 0),
      client(0x2001_0db8_aaaa_bbbb, 0xcccc_dddd_eeee_ffff, 34_000, 30_000, 5_000, 500),
      client(0, 0xffff_c000_0201, 3, 0, 0, 0),
    ]
    life.clients[2].overcountMax = 12
    life.owners = owners
    (life.otherClients.clients, life.otherClients.requests) = (9, 564)
    life.other.sites = 12
    life.other.requests = 564
    return life
  }

  static var recent: Snapshot {
    var recent = Samples.interval
    recent.capture.lost = 0
    answer(&recent.sites[0].sections[0], failures: 2)
    return recent
  }

  static func site(
    _ name: String, _ requests: UInt64, _ successes: UInt64, _ failures: UInt64, _ unanswered: UInt64,
    _ sections: [(String, UInt64)]
  ) -> SiteCounts {
    var site = Samples.site(name, requests, sections)
    site.successes = successes
    site.failures = failures
    site.unanswered = UnansweredRequests(aborted: unanswered)
    site.latency = latency(successes + failures, 94_200, 800_000, 4_520_000 + failures, 13_100_000)
    // The busiest section has all of what failed, and nothing of the last one was answered.
    if !site.sections.isEmpty { answer(&site.sections[0], failures: failures) }
    return site
  }

  private static func answer(_ section: inout SectionCounts, failures: UInt64) {
    (section.successes, section.failures) = (section.requests &- failures, failures)
    section.latency = latency(section.requests, 91_000, 700_000, 4_100_000, 13_100_000)
  }

  /// A unit, a container, a process alone, one with a hostile name, those without a place, and nobody.
  static var owners: [OwnerCounts] {
    let id = "docker:0123456789ab"
    return [
      owner(
        .server, OwnerProcess(owner: Owner(process: "nginx", unit: "nginx.service"), process: 812), 700_000,
        9_000),
      owner(.server, OwnerProcess(owner: Owner(process: "python3", container: id)), 500_000, 20_000),
      owner(
        .server, OwnerProcess(owner: Owner(process: #"\x1b[2J\xe2\x80\xae ok"#), process: 4_194_304), 34_000,
        5_000),
      owner(.server, OwnerProcess(owner: .other), 300, 0), owner(.server, nil, 3, 0),
      owner(.client, nil, 1_234_000, 34_000),
      owner(
        .client, OwnerProcess(owner: Owner(process: "curl", unit: "session-1.scope"), process: 77), 303, 0),
    ]
  }

  private static func owner(
    _ role: OwnerCounts.Role, _ process: OwnerProcess?, _ requests: UInt64, _ failures: UInt64
  ) -> OwnerCounts {
    var owner = OwnerCounts(role: role, process: process)
    (owner.requests, owner.failures) = (requests, failures)
    owner.unanswered.aborted = requests > 34_000 ? 67 : 0
    owner.successes = requests - failures - owner.unanswered.aborted
    owner.inFlight = failures > 5_000 ? failures / 1_000 : 0
    if requests > 3 {
      owner.latency = latency(owner.successes, 94_200, 800_000, 4_520_000 + failures, 13_100_000)
    }
    return owner
  }

  static func client(
    _ high: UInt64, _ low: UInt64, _ requests: UInt64, _ successes: UInt64, _ failures: UInt64,
    _ unanswered: UInt64
  ) -> ClientCounts {
    var client = ClientCounts(high: high, low: low)
    (client.requests, client.successes, client.failures) = (requests, successes, failures)
    client.unanswered = UnansweredRequests(aborted: unanswered)
    client.slowest = successes > 0 ? 13_100_000 + failures : 0
    return client
  }

  static func latency(
    _ count: UInt64, _ p50: UInt64, _ p90: UInt64, _ p99: UInt64, _ maximum: UInt64
  ) -> LatencySummary {
    var latency = LatencySummary()
    (latency.count, latency.p50, latency.p90) = (count, p50, p90)
    (latency.p99, latency.maximum) = (p99, maximum)
    return latency
  }

  /// A saw of requests that passes the threshold at its peaks.
  static func bin(_ second: Int) -> TrafficHistory.Bin {
    var bin = TrafficHistory.Bin()
    bin.requests = UInt64(second % 20 * 3)
    bin.successes = UInt64(second % 20 * 2)
    bin.failures = second % 20 > 15 ? UInt64(second % 5) : 0
    if bin.successes > 0 {
      bin.p50 = UInt64(60_000 + second % 7 * 10_000)
      bin.p99 = UInt64(400_000 + second % 9 * 100_000)
    }
    return bin
  }

  static var alerts: AlertRows {
    var alerts = AlertRows()
    alerts.threshold = 30
    alerts.summary = "318 per 10s, alert above 300"
    alerts.hasRules = true
    alerts.items = [
      AlertRows.Item(text: "317.50 > 300 per 10s, peak 330.00", started: Samples.start),
      AlertRows.Item(
        text: "", started: Samples.start - 130 * Samples.second, ended: Samples.start - 20 * Samples.second),
      AlertRows.Item(
        text: "", started: Samples.start - 90_000 * Samples.second,
        ended: Samples.start - 86_500 * Samples.second),
    ]
    return alerts
  }

  static var site: SiteDetail {
    var detail = SiteDetail()
    detail.statuses = [("200", 790_000), ("404", 9_000), ("other 5xx", 1_000)]
      .map { NamedCount(name: $0.0, count: $0.1) }
    detail.latencies = [(61_000, 300), (94_000, 450_000), (300_000, 300_000), (13_000_000, 49_700)]
      .map { LatencyCount(nanoseconds: $0.0, count: $0.1) }
    return detail
  }

  static var exchanges: [ExchangeLine] { (0..<40).map(exchange) }

  private static func exchange(_ index: Int) -> ExchangeLine {
    let isHostile = index % 5 == 2
    let status = index % 6 == 0 ? 503 : index % 7 == 3 ? 0 : 200
    var line = ExchangeLine(
      number: UInt64(1000 - index), time: Samples.start + UInt64(40 - index) * 500_000_000,
      client: index % 3 == 0 ? "10.77.0.1" : "2001:db8:1234:5678:9abc:def0:1234:5678",
      method: index % 4 == 0 ? "POST" : index == 7 ? "VERSION-CONTROL" : "GET",
      site: isHostile ? hostile : "google.com", path: isHostile ? "/" + long : "/search?q=\(index)",
      status: status, latency: UInt64(index) * 777_000)
    (line.clientPort, line.server, line.serverPort) = (40_000 + index, "10.77.0.2", 80)
    (line.version, line.bytes) = ("1.1", index % 2 == 0 ? 153 : nil)
    line.end = status == 0 ? "client closed" : ""
    line.serving = "nginx (nginx.service, pid 812)"
    line.asking = index % 3 == 0 ? "curl (pid 4711)" : "? (another machine, or not known)"
    (line.referer, line.userAgent) = (isHostile ? hostile : "http://from.example/?a=*", "curl/8")
    return line
  }
}
