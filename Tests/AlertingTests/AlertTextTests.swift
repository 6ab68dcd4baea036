// SPDX-License-Identifier: Apache-2.0
import Alerting
import Text
import Foundation
import Statistics
import Testing

@Suite struct AlertTextTests {
  static let plan = try? IntervalPlan(interval: 10_000_000_000)

  /// The original's rule, or the one that a text says.
  static func rule(_ text: String? = nil, threshold: Double = 3) throws -> AlertRule {
    let plan = try #require(plan)
    guard let text else { return try AlertRule(threshold: threshold, plan: plan) }
    return try AlertRuleParser(plan: plan, window: 120_000_000_000).rule(text)
  }

  static func raised(_ rule: AlertRule, hits: Double = 3.1583) -> AlertTransition {
    AlertTransition(
      state: .raised, about: rule, at: 1_614_053_178_000_000_000, started: 1_614_053_178_000_000_000,
      hits: hits)
  }

  @Test func `the original's sentences`() throws {
    let zone = DisplayZone.fixed(0)
    let raised = Self.raised(try Self.rule())
    #expect(
      raised.sentence(zone)
        == "High traffic generated an alert - hits = 3.16, triggered at: Tue, 23 Feb 2021 04:06:18")
    #expect(
      raised.activeSentence(zone)
        == "High traffic alert currently active! triggered at: Tue, 23 Feb 2021 04:06:18.")
    var recovered = raised
    recovered.state = .recovered
    recovered.at += 120_000_000_000
    #expect(
      recovered.sentence(zone) == "High traffic alert recovered at: Tue, 23 Feb 2021 04:08:18")
    #expect(
      PastAlert(
        started: raised.at - 130_000_000_000, ended: raised.at - 10_000_000_000, rule: raised.about
      )
      .sentence(zone)
        == "Past alert started: Tue, 23 Feb 2021 04:04:08, ended: Tue, 23 Feb 2021 04:06:08.")
  }

  /// A rule, its value, and the words of its texts.
  struct Words: Sendable {
    var rule: String
    var value: Double
    var raised: String
    var active: String
    var past: String
    var log: String
  }

  @Test(arguments: [
    Words(
      rule: "requests < 1/s site=a.example", value: 0.25,
      raised: "Low traffic for a.example generated an alert - hits = 0.25/s, ",
      active: "Low traffic alert for a.example currently active! ",
      past: "Past low traffic alert for a.example ",
      log:
        "rule=low-traffic site=a.example hits=0.25/s threshold=1/s window=2m lost=0 id=low-traffic-a.example-"
    ),
    Words(
      rule: "failures > 5% over 1m name=shop", value: 7.5,
      raised: "High failure rate (shop) generated an alert - failures = 7.50%, ",
      active: "High failure rate alert (shop) currently active! ",
      past: "Past high failure rate alert (shop) ",
      log: "rule=shop failures=7.50% threshold=5% window=1m count=9 of=120 lost=0 id=shop-"),
    Words(
      rule: "p99 > 1.5s", value: 2_000_000_000, raised: "High latency generated an alert - p99 = 2.00s, ",
      active: "High latency alert currently active! ", past: "Past high latency alert ",
      log: "rule=high-p99 p99=2.00s threshold=1500ms window=2m of=120 lost=0 id=high-p99-"),
    Words(
      rule: "5xx > 1% site=a.example", value: 2,
      raised: "High rate of 5xx responses for a.example generated an alert - 5xx = 2.00%, ",
      active: "High rate of 5xx responses alert for a.example currently active! ",
      past: "Past high rate of 5xx responses alert for a.example ",
      log:
        "rule=high-5xx site=a.example 5xx=2.00% threshold=1% window=2m count=9 of=120 lost=0 id=high-5xx-a.example-"
    ),
    Words(
      rule: "failures > 5% unit=api process=web", value: 7.5,
      raised: "High failure rate for process web of unit api.service generated an alert - failures = 7.50%, ",
      active: "High failure rate alert for process web of unit api.service currently active! ",
      past: "Past high failure rate alert for process web of unit api.service ",
      log:
        "rule=high-failures process=web unit=api.service failures=7.50% threshold=5% window=2m count=9 of=120 lost=0 "
        + "id=high-failures-web-api.service-"
    ),
    Words(
      rule: "status=503 > 10/m", value: 12,
      raised: "High rate of status 503 generated an alert - status_503 = 12.00/m, ",
      active: "High rate of status 503 alert currently active! ", past: "Past high rate of status 503 alert ",
      log: "rule=high-status-503 status_503=12.00/m threshold=10/m window=2m lost=0 id=high-status-503-"),
    Words(
      rule: "lost > 0", value: 0.5, raised: "High loss of records generated an alert - lost = 0.50, ",
      active: "High loss of records alert currently active! ", past: "Past high loss of records alert ",
      log: "rule=high-loss lost=0.50 threshold=0 window=2m lost=0 id=high-loss-"),
  ])
  func `the sentences of other rules`(_ words: Words) throws {
    let zone = DisplayZone.fixed(0)
    var transition = Self.raised(try Self.rule(words.rule), hits: words.value)
    (transition.count, transition.basis) = (9, 120)
    #expect(transition.sentence(zone) == words.raised + "triggered at: Tue, 23 Feb 2021 04:06:18")
    #expect(transition.activeSentence(zone) == words.active + "triggered at: Tue, 23 Feb 2021 04:06:18.")
    #expect(
      transition.logLine(nil).hasSuffix(" UTC " + words.log + "1614053178\n"), "\(transition.logLine(nil))")
    let past = PastAlert(started: transition.at, ended: transition.at, rule: transition.about)
    #expect(past.sentence(zone).hasPrefix(words.past + "started: Tue, 23 Feb"))
  }

  @Test func `the log's line`() throws {
    var lossy = Self.raised(try Self.rule(threshold: 2.5))
    lossy.lost = 12
    #expect(
      lossy.logLine(AlertOrigin(host: "web1", interface: "eth0"))
        == "2021-02-23T04:06:18.000000Z ALERT raised: High traffic generated an alert - hits = at least 3.16, "
        + "triggered at: Tue, 23 Feb 2021 04:06:18 UTC rule=high-traffic hits=3.16 threshold=2.5 window=2m lost=12 "
        + "host=web1 interface=eth0 id=high-traffic-1614053178\n")
  }

  @Test(arguments: [
    (0.0, "0.00"), (3.1666, "3.17"), (0.005, "0.01"), (99.999, "100.00"), (1e6, "1000000.00"), (0.1, "0.10"),
  ])
  func `two decimals`(value: Double, text: String) {
    #expect(DecimalText.twoDecimals(value) == text)
  }

  @Test func `the calendar agrees with Foundation's over five centuries`() throws {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: -18_000)
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss"
    for step in 0..<3000 as Range<UInt64> {
      let seconds = step * 6_148_937 % 18_446_744_073
      let date = Date(timeIntervalSince1970: Double(seconds))
      #expect(DisplayZone.fixed(-18_000).label(seconds * 1_000_000_000) == formatter.string(from: date))
    }
    #expect(CalendarTime.rfc3339(951_782_400_123_456_789) == "2000-02-29T00:00:00.123456Z")
    #expect(CalendarTime.rfc3339(0) == "1970-01-01T00:00:00.000000Z")
    #expect(CalendarTime.rfc3339(.max) == "2554-07-21T23:34:33.709551Z")
  }

  @Test func `the local zone is the machine's`() {
    let now: UInt64 = 1_700_000_000_000_000_000
    let offset = TimeZone.current.secondsFromGMT(for: Date(timeIntervalSince1970: 1_700_000_000))
    #expect(DisplayZone.local.label(now) == DisplayZone.fixed(offset).label(now))
  }
}
