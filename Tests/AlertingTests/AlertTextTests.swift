// SPDX-License-Identifier: Apache-2.0
import Alerting
import Foundation
import Testing

@Suite struct AlertTextTests {
  static let raised = AlertTransition(
    state: .raised, rule: "high-traffic", at: 1_614_053_178_000_000_000,
    started: 1_614_053_178_000_000_000, hits: 3.1583, threshold: 3, window: 120_000_000_000, lost: 0)

  @Test func `the original's sentences`() {
    let zone = DisplayZone.fixed(0)
    #expect(
      Self.raised.sentence(zone)
        == "High traffic generated an alert - hits = 3.16, triggered at: Tue, 23 Feb 2021 04:06:18")
    #expect(
      Self.raised.activeSentence(zone)
        == "High traffic alert currently active! triggered at: Tue, 23 Feb 2021 04:06:18.")
    var recovered = Self.raised
    recovered.state = .recovered
    recovered.at += 120_000_000_000
    #expect(
      recovered.sentence(zone) == "High traffic alert recovered at: Tue, 23 Feb 2021 04:08:18")
    #expect(
      PastAlert(started: Self.raised.at - 130_000_000_000, ended: Self.raised.at - 10_000_000_000)
        .sentence(zone)
        == "Past alert started: Tue, 23 Feb 2021 04:04:08, ended: Tue, 23 Feb 2021 04:06:08.")
  }

  @Test func `the log's line`() {
    var lossy = Self.raised
    lossy.lost = 12
    lossy.threshold = 2.5
    #expect(
      lossy.logLine(.fixed(3600))
        == "2021-02-23T04:06:18.000000Z ALERT raised: High traffic generated an alert - hits = at least 3.16, "
        + "triggered at: Tue, 23 Feb 2021 05:06:18 rule=high-traffic hits=3.16 threshold=2.5 window=2m lost=12 "
        + "id=high-traffic-1614053178\n")
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
