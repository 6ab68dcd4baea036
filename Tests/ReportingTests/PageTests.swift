// SPDX-License-Identifier: Apache-2.0
import Alerting
import Text
import Capture
import Exchanges
import Reporting
import Statistics
import Testing

@Suite struct PageTests {
  @Test func `the original's page, line by line`() throws {
    let (alerts, changes) = try Samples.alerts()
    var text = ByteText()
    Samples.renderer.page(Samples.interval, life: Samples.life, alerts: alerts, changes: changes, to: &text)
    #expect(
      text.string == """
        Most visited site in the last 10 seconds: google.com.
        google.com sections hit:
        \t/search - Hits: 20
        \t/maps - Hits: 9

        Total Statistics:
        \tTotal Requests: 40
        \tTotal Failures: 1
        \tTotal Successes: 39

        Total Counts by Request Method:
        \tMethod: GET - Count: 37
        \tMethod: POST - Count: 3

        Top 5 Site totals:
        \tSite: google.com - Hits: 29
        \tSite: linkedin.com - Hits: 6

        High traffic generated an alert - hits = 3.17, triggered at: Tue, 23 Feb 2021 04:06:18
        High traffic alert currently active! triggered at: Tue, 23 Feb 2021 04:06:18.
        \tNow 3.17 > 3 per 10s, peak 3.17

        Past Alerts:
        \tPast alert started: Tue, 23 Feb 2021 04:04:08, ended: Tue, 23 Feb 2021 04:06:08.
        All alerts are logged in /var/log/wiretally/alerts.log

        Capture: eBPF, eth0, packets seen: 1234, segments matched: 80, lost: 0, duplicates: 2


        """)
  }

  @Test func `loss before any capture is reported when there was any, and takes nothing from the totals`() {
    func page(backlog: UInt64?, card: UInt64?) -> String {
      var life = Samples.life
      (life.capture.backlogDropped, life.capture.nicMissed) = (backlog, card)
      var text = ByteText()
      Samples.renderer.page(Samples.interval, life: life, alerts: AlertBoard(), to: &text)
      return text.string
    }
    let quiet = page(backlog: nil, card: nil)
    #expect(page(backlog: 0, card: 0) == quiet)
    let capture = "lost: 0, duplicates: 2\n"
    #expect(
      page(backlog: 12, card: 1)
        == quiet.replacing(
          capture,
          with: capture + "\t12 packets dropped in the kernel's backlog before capture (whole machine).\n"
            + "\t1 packet missed by network cards before capture (eth0).\n"))
  }

  @Test func `a page without traffic or alerts says so and why`() throws {
    let plan = try IntervalPlan(interval: 10_000_000_000)
    let alerts = AlertBoard(threshold: try AlertRule(threshold: 1, plan: plan))
    var interval = Snapshot()
    interval.end = 10_000_000_000
    var text = ByteText()
    Samples.renderer.page(interval, life: interval, alerts: alerts, warnings: ["disk"], to: &text)
    #expect(
      text.string == """
        No traffic in the last 10 seconds.
        No packets on eth0.

        Total Statistics:
        \tTotal Requests: 0
        \tTotal Failures: 0
        \tTotal Successes: 0

        Total Counts by Request Method:
        \tNo requests.

        Top 5 Site totals:
        \tNo sites.

        No currently active alerts.

        No past alerts to display.
        All alerts are logged in /var/log/wiretally/alerts.log

        Capture: eBPF, eth0, packets seen: 0, segments matched: 0, lost: 0, duplicates: 0
        Warning: disk


        """)
  }

  @Test func `sections say what failed and how long answers took, where that is known`() {
    var interval = Samples.interval
    var (search, maps, old) = (
      SectionCounts(name: "/search", requests: 20), SectionCounts(name: "/maps", requests: 9),
      SectionCounts(name: "/old", requests: 3)
    )
    (search.successes, search.failures) = (17, 2)
    search.latency.count = 19
    (search.latency.p50, search.latency.p99) = (1_250_000, 60_000_000)
    // All of them were reset: there is no latency.
    maps.failures = 9
    old.isRequestsOnly = true
    interval.sites[0].sections = [search, maps, old]
    var text = ByteText()
    Samples.renderer.page(interval, life: Samples.life, alerts: AlertBoard(), to: &text)
    #expect(
      text.string.contains(
        "\t/search - Hits: 20 (failures 2, p50 1.25ms, p99 60ms)\n\t/maps - Hits: 9 (failures 9)\n\t/old - Hits: 3\n"
      ),
      "\(text.string)")
  }

  @Test func `the tables of a window are named, and the totals stay since the start`() throws {
    var minute = Snapshot()
    minute.methods = [NamedCount(name: "PUT", count: 7)]
    minute.sites = [Samples.site("late.example", 7, [])]
    minute.owners = ScreenSamples.owners
    var text = ByteText()
    Samples.renderer.page(
      Samples.interval, life: Samples.life, tables: (.minute, minute), alerts: AlertBoard(), to: &text)
    #expect(
      text.string.contains(
        """
        Counts by Request Method, last 1m:
        \tMethod: PUT - Count: 7

        Top 5 Sites, last 1m:
        \tSite: late.example - Hits: 7

        Top 5 Serving Processes, last 1m:
        """), "\(text.string)")
    #expect(text.string.contains("Total Requests: \(Samples.life.totals.requests)"))
  }

  @Test func `loss, errors and what is beyond the original are shown`() throws {
    var life = Samples.life
    life.capture.lost = 3
    life.totals.unanswered = UnansweredRequests(aborted: 2, timedOut: 3, unknown: 4)
    life.inFlight = RequestsInFlight(count: 5, oldest: 7_250_000_000)
    life.totals.http2 = 3
    for mark in [CallMark.begun, CallMark(code: 14)] { life.totals.calls.count(mark) }
    life.totals.unmatchedResponses = 1
    life.latency.count = 4
    life.latency.p50 = 1_250_000
    life.latency.p90 = 999
    life.latency.p99 = 2_000_000_000
    life.latency.maximum = 3_210_000_000
    life.sites[1].overcountMax = 4
    life.other.requests = 5
    life.ledger.unparseable = 7
    var text = ByteText()
    Samples.renderer.summary(life, alerts: AlertBoard(), to: &text)
    #expect(
      text.string == """
        Summary from Tue, 23 Feb 2021 03:56:08 to Tue, 23 Feb 2021 04:06:18:

        Total Statistics:
        \tTotal Requests: at least 40
        \tTotal Failures: at least 1
        \tTotal Successes: at least 39
        \tTotal Aborted: 2
        \tTotal Timed Out: 3
        \tTotal Unknown: 4
        \tIn Flight: 5, the first for 7.25s
        \tRequests by protocol: HTTP/1.1 37, HTTP/2 3
        \tgRPC calls: 1, UNAVAILABLE 1
        \tResponses without a request: 1
        \tLatency (as seen on this host): p50 1.25ms, p90 999ns, p99 2s, max 3.21s

        Total Counts by Request Method:
        \tMethod: GET - Count: 37
        \tMethod: POST - Count: 3

        Top 5 Site totals:
        \tSite: google.com - Hits: 29
        \tSite: linkedin.com - Hits: 6 (overcounted by at most 4)

        No currently active alerts.

        No past alerts to display.
        No alert threshold is set.

        Capture: eBPF, eth0, packets seen: 1234, segments matched: 80, lost: 3, duplicates: 2
        \tunparseable: 7
        \tSegments were lost: every count and rate is "at least".
        \tRequests to sites beyond the table or the list: 5

        """)
  }

  @Test func `an empty page names the likeliest reason`() {
    func sentence(_ change: (inout Snapshot) -> Void) -> String {
      var snapshot = Snapshot()
      change(&snapshot)
      return SilenceReason(snapshot, label: Samples.label).sentence
    }
    #expect(sentence { _ in } == "No packets on eth0.")
    #expect(
      sentence { $0.capture.packets = 1204 }
        == "No TCP on port 80 (1204 other packets). Another port? --port PORT")
    #expect(
      sentence {
        $0.capture.packets = 9
        $0.capture.onPort = 5
      } == "5 packets on port 80, none with payload.")
    #expect(
      sentence {
        $0.capture.packets = 20_000
        $0.capture.onPort = 19_000
        $0.capture.payload = 18_204
        $0.capture.tls = 17_700
      }
        == "TLS on port 80: encrypted, not readable (at least 97% of 18204 packets). "
        + "Watch the plain HTTP side.")
    #expect(
      sentence {
        $0.capture.packets = 2
        $0.capture.onPort = 2
        $0.capture.payload = 2
        $0.ledger.http2 = 1
      } == "HTTP/2 on port 80: no requests (1 connections).")
    #expect(
      sentence {
        $0.capture.packets = 2
        $0.capture.onPort = 2
        $0.capture.payload = 2
        $0.ledger.http2Unread = 1
      } == "HTTP/2 on port 80: not read at this depth (1 connections). Try --depth streams")
    #expect(
      sentence { $0.totals.responses = 12 }
        == "Only responses seen (12): capture is one-way, or the requests cannot be read.")
    #expect(
      sentence {
        $0.totals.responses = 3
        $0.totals.exchanges = 3
      } == "3 responses to earlier requests, no new requests.")
    // A server answers TLS on a plain port by a 400.
    #expect(
      sentence {
        $0.capture.payload = 12
        $0.capture.tls = 4
        $0.totals.responses = 4
        $0.totals.unmatchedResponses = 4
      }
        == "TLS on port 80: encrypted, not readable (at least 33% of 12 packets). Watch the plain HTTP side.")
    #expect(sentence { $0.capture.lost = 1 }.hasPrefix("1 heads lost"))
    #expect(sentence { $0.ledger.unparseable = 1 } == "No valid request (1 heads unparseable).")
  }

  @Test func `a page on which a filter leaves nothing says so`() {
    var snapshot = Snapshot()
    snapshot.capture.tls = 3
    snapshot.ledger.delivered = 12
    snapshot.ledger.filteredOut = 12
    var label = Samples.label
    label.filter = "host 192.0.2.1"
    #expect(
      SilenceReason(snapshot, label: label).sentence
        == "Nothing passes --filter 'host 192.0.2.1' (12 segments on port 80 left out).")
    snapshot.ledger.delivered = 13
    #expect(SilenceReason(snapshot, label: label).sentence.hasPrefix("TLS on port 80"))
  }

  @Test(
    arguments: [
      (1_000_000_000, "1 second"), (10_000_000_000, "10 seconds"), (1_500_000_000, "1.50 seconds"),
      (500_000_000, "0.50 seconds"), (120_000_000_000, "120 seconds"),
    ] as [(UInt64, String)])
  func `the interval's length is named`(interval: UInt64, words: String) {
    var snapshot = Snapshot()
    snapshot.end = interval
    var text = ByteText()
    Samples.renderer.page(snapshot, life: snapshot, alerts: AlertBoard(), to: &text)
    #expect(text.string.hasPrefix("No traffic in the last \(words).\n"))
  }

  @Test func `a file's name moves no cursor and forges no line`() {
    let name = "a\u{1b}[2J\nTotal Requests: 0\u{202e}\u{9b}2J\té.pcap"
    let label = CaptureLabel(backend: "file", source: name, ports: "80")
    let renderer = PageRenderer(label: label, zone: .fixed(0), alertLogPath: name)
    var text = ByteText()
    renderer.summary(Samples.life, alerts: AlertBoard(), warnings: [name], to: &text)
    let shown = text.string
    #expect(shown.contains(#"a\u{1b}[2J\u{a}Total Requests: 0\u{202e}\u{9b}2J\u{9}é.pcap"#))
    #expect(shown.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || !VisibleText.isInvisible($0) })
  }
}
