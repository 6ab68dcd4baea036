// SPDX-License-Identifier: Apache-2.0
import AlertDelivery
import Foundation
import Testing

@Suite struct AlertmanagerTests {
  static let second: UInt64 = 1_000_000_000

  // MARK: The address

  @Test(arguments: [
    ("http://127.0.0.1:9093", "127.0.0.1", 9093, "/api/v2/alerts"),
    ("http://am.example", "am.example", 80, "/api/v2/alerts"),
    ("http://am.example:80/prefix/", "am.example", 80, "/prefix/api/v2/alerts"),
    ("http://[::1]:9093/", "::1", 9093, "/api/v2/alerts"),
    ("http://[2001:db8::1]", "2001:db8::1", 80, "/api/v2/alerts"),
    ("https://am.example", "am.example", 443, "/api/v2/alerts"),
    ("https://am.example:9093/", "am.example", 9093, "/api/v2/alerts"),
  ])
  func `a URL gives host, port and path`(url: String, host: String, port: UInt16, path: String) throws {
    let address = try PostAddress.alertmanager(url)
    #expect(address.host == host && address.port == port && address.path == path)
    #expect(address.isSecure == url.hasPrefix("https:"))
    #expect("http://\(address.authority)".count <= url.count)
  }

  @Test(arguments: [
    ("127.0.0.1:9093", "expected a URL such as http://127.0.0.1:9093"),
    ("https://", "no host"),
    ("http://", "no host"), ("http://:9093", "no host"),
    ("http://a:0", "the port must be 1 to 65535"),
    ("http://a:b", "the port must be 1 to 65535"),
    ("http://::1:9093", "an IPv6 address needs brackets, as in http://[::1]:9093"),
    ("http://u:p@a", "a user and a password belong in a file of credentials"),
    ("http://a/?x", "a query is not supported"),
    ("http://a?x", "a query is not supported"), ("http://a b", "a URL is ASCII without spaces"),
    ("http://a\r\nX: y", "a URL is ASCII without spaces"),
  ])
  func `an invalid URL is reported`(url: String, reason: String) {
    let fault = #expect(throws: PostAddress.Fault.self) { try PostAddress.alertmanager(url) }
    #expect(fault?.description == "invalid Alertmanager URL '\(url)': \(reason)")
  }

  // MARK: What is posted, and when

  static func notice(_ state: String, rule: String = "high-traffic", site: String = "") -> DeliveryMessage {
    var notice = DeliveryMessage()
    for (name, value) in [
      ("state", state), ("rule", rule), ("site", site), ("severity", "page"), ("value", "812"),
      ("threshold", "500"), ("lost", "0"), ("started", "2026-11-22T07:38:40.000000Z"),
      ("at", "2026-11-22T07:41:00.000000Z"), ("text", "High traffic \"x\""), ("id", "high-traffic-1"),
      ("top_site", "a.example"),
    ] { notice[name] = value }
    return notice
  }

  /// What is posted at a second of the wall clock; 2026-11-22T08:00:00Z without one.
  static func objects(_ alerts: AlertmanagerAlerts, at seconds: UInt64 = 1_795_334_400) throws -> [[String:
    Any]]
  {
    let body = alerts.body(at: seconds * second)
    return try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [[String: Any]])
  }

  @Test func `an active alert is posted at once and every minute, with an end ahead`() throws {
    var alerts = AlertmanagerAlerts(instance: "gw1", interface: "eth0")
    #expect(alerts.nextPost == nil && !alerts.hasNews)
    alerts.take(Self.notice("raised"), at: 5 * Self.second)
    #expect(alerts.nextPost == 5 * Self.second && alerts.hasNews)
    let object = try #require(try Self.objects(alerts).first)
    #expect(
      object["labels"] as? [String: String] == [
        "alertname": "high-traffic", "instance": "gw1", "interface": "eth0", "severity": "page",
      ])
    #expect(
      object["annotations"] as? [String: String] == [
        "summary": "High traffic \"x\"", "value": "812", "threshold": "500", "lost": "0",
        "top_site": "a.example", "id": "high-traffic-1",
      ])
    #expect(object["startsAt"] as? String == "2026-11-22T07:38:40.000000Z")
    #expect(object["endsAt"] as? String == "2026-11-22T08:05:00.000000Z")
    alerts.posted(at: 6 * Self.second)
    #expect(alerts.nextPost == 66 * Self.second && !alerts.hasNews)
    alerts.posted(at: 66 * Self.second)
    #expect(alerts.nextPost == 126 * Self.second)
  }

  @Test func `alerts about owners have their labels, and are alerts of their own`() throws {
    var alerts = AlertmanagerAlerts(instance: "gw1", interface: "eth0")
    var notice = Self.notice("raised")
    for name in ["a", "b"] {
      (notice["owner_unit"], notice["owner_process"], notice["owner_container"]) = (
        "\(name).service", "p", "c"
      )
      alerts.take(notice, at: 0)
    }
    alerts.take(Self.notice("raised"), at: 0)
    let labels = try Self.objects(alerts).compactMap { $0["labels"] as? [String: String] }
    #expect(labels.map { $0["unit"] } == ["a.service", "b.service", nil])
    #expect(
      labels.map { $0["process"] } == ["p", "p", nil] && labels.map { $0["container"] } == ["c", "c", nil])
  }

  @Test func `a recovery is posted once, with its time as the end`() throws {
    var alerts = AlertmanagerAlerts(instance: "gw1", interface: "eth0")
    alerts.take(Self.notice("raised"), at: 0)
    alerts.take(Self.notice("raised", site: "a"), at: 0)
    alerts.posted(at: 0)
    alerts.take(Self.notice("recovered"), at: 30 * Self.second)
    #expect(alerts.nextPost == 30 * Self.second)
    let ends = try Self.objects(alerts).compactMap { $0["endsAt"] as? String }
    #expect(ends == ["2026-11-22T07:41:00.000000Z", "2026-11-22T08:05:00.000000Z"])
    alerts.posted(at: 30 * Self.second)
    #expect(try Self.objects(alerts).count == 1)
    alerts.take(Self.notice("recovered", site: "a"), at: 31 * Self.second)
    alerts.posted(at: 31 * Self.second)
    #expect(alerts.nextPost == nil)
    #expect(try Self.objects(alerts).isEmpty)
  }

  @Test func `nothing is posted from the future after the wall clock was set back`() throws {
    var alerts = AlertmanagerAlerts(instance: "gw1", interface: "eth0")
    alerts.take(Self.notice("raised"), at: 0)
    alerts.take(Self.notice("recovered", rule: "over"), at: 0)
    // 07:00, before the alerts were raised at 07:38 and one recovered at 07:41.
    let objects = try Self.objects(alerts, at: 1_795_330_800)
    let times = objects.map { [$0["startsAt"] as? String, $0["endsAt"] as? String] }
    let seven = "2026-11-22T07:00:00.000000Z"
    #expect(times == [[seven, "2026-11-22T07:05:00.000000Z"], [seven, seven]])
    // 07:40, between the two.
    let later = try Self.objects(alerts, at: 1_795_333_200).map {
      [$0["startsAt"] as? String, $0["endsAt"] as? String]
    }
    #expect(later[1] == ["2026-11-22T07:38:40.000000Z", "2026-11-22T07:40:00.000000Z"])
  }

  @Test func `a failure is tried again after 1, 2, 4 seconds and so on, a minute at most`() {
    var alerts = AlertmanagerAlerts(instance: "gw1", interface: "eth0")
    alerts.take(Self.notice("raised"), at: 0)
    var waits: [UInt64] = []
    var now: UInt64 = 0
    for _ in 0..<9 {
      alerts.failed(at: now)
      let next = alerts.nextPost ?? 0
      waits.append((next - now) / Self.second)
      now = next
    }
    #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60, 60])
    // A change does not hurry a server that fails.
    alerts.take(Self.notice("raised", rule: "other"), at: now - 1)
    #expect(alerts.nextPost == now)
    alerts.posted(at: now)
    alerts.failed(at: now + 1)
    #expect(alerts.nextPost == now + 1 + Self.second)
  }

  @Test func `a recovery that nobody takes is forgotten once the alert has ended by itself`() {
    var alerts = AlertmanagerAlerts(instance: "gw1", interface: "eth0")
    alerts.take(Self.notice("recovered"), at: 0)
    alerts.failed(at: 299 * Self.second)
    #expect(alerts.nextPost != nil && alerts.forgotten == 0)
    alerts.failed(at: 300 * Self.second)
    #expect(alerts.nextPost == nil && alerts.forgotten == 1 && !alerts.hasNews)
  }

  @Test func `a thousand changes of one rule are one alert`() throws {
    var alerts = AlertmanagerAlerts(instance: "gw1", interface: "eth0")
    for number in 0..<1000 {
      alerts.take(Self.notice(number % 2 == 0 ? "raised" : "recovered"), at: UInt64(number))
    }
    #expect(try Self.objects(alerts).count == 1)
  }
}
