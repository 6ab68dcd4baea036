// SPDX-License-Identifier: Apache-2.0

package import Reporting
package import Statistics

/// All that the screen shows at one moment: plain values, so that a pause is a copy that is kept.
package struct ScreenContent: Sendable {
  package var label: CaptureLabel
  /// Capture time, nanoseconds since 1970.
  package var now: UInt64 = 0
  /// The length of the statistics interval, nanoseconds.
  package var interval: UInt64
  /// The lifetime, all sites listed.
  package var life = Snapshot()
  /// The window that the tables are of, all sites listed; nil for the lifetime.
  package var windowed: (window: StatisticsWindow, numbers: Snapshot)?
  /// The last interval that is over; the open one before there is any.
  package var recent = Snapshot()
  /// The last seconds, oldest first, and the nanoseconds of each.
  package var history: [TrafficHistory.Bin] = []
  package var binLength: UInt64 = 1_000_000_000
  package var alerts = AlertRows()
  /// Lines of the program's own: a fallback, an interface that is down.
  package var notices: [String] = []
  /// The site that is looked into; nil when none is, or when it has left the tables.
  package var site: SiteDetail?
  /// The latest exchanges, newest first.
  package var exchanges: [ExchangeLine] = []
  /// The slowest exchanges of the tables' time, the slowest first, and the last failures in it, newest first.
  package var slowest: [ExchangeLine] = []
  package var failures: [ExchangeLine] = []
  /// Exchanges that were not shown because the rate was too high.
  package var dropped: UInt64 = 0
  /// Nil while it is now that is shown.
  package var past: Past?

  /// A time that is over.
  package struct Past: Equatable, Sendable {
    /// Nanoseconds since then; nil where there is no now, as in a replay.
    package var ago: UInt64?
    package init(ago: UInt64?) { self.ago = ago }
  }

  package init(label: CaptureLabel, interval: UInt64) {
    self.label = label
    self.interval = interval
  }

  /// What the tables show: a window's numbers, or those of the lifetime.
  package var shown: Snapshot { windowed?.numbers ?? life }

  /// How far back the tables go, as their titles have it: `last 1m`, `all`.
  var windowLabel: String { windowed.map { "last \($0.window.rawValue)" } ?? "all" }

  /// The time that the tables are of, nanoseconds.
  var shownSpan: UInt64 {
    let end = windowed?.numbers.end ?? now, start = shown.start
    return start > 0 && end > start ? end - start : 0
  }

  /// A count of the tables as requests a second.
  func ratePerSecond(_ count: UInt64) -> Double {
    shownSpan > 0 ? Double(count) * 1e9 / Double(shownSpan) : 0
  }

  /// Requests a second in the last second that is complete.
  package var rate: Double { history.last.map { perSecond($0.requests) } ?? 0 }

  /// The program's own lines, and what was lost before it was captured.
  var remarks: [String] { notices + life.capture.preCaptureDropTexts(label) }

  /// A bin's count as a rate.
  func perSecond(_ count: UInt64) -> Double { Double(count) * 1e9 / Double(max(1, binLength)) }
}

/// The alerts as the screen shows them, whatever rules raised them.
package struct AlertRows: Equatable, Sendable {
  package struct Item: Equatable, Sendable {
    /// What it is about, in a few words: `3.17 > 3 per 10s, peak 4.50`.
    package var text: String
    /// Nanoseconds since 1970.
    package var started: UInt64
    /// Nil while it is active.
    package var ended: UInt64?
    /// The reason why it is no alert yet although the limit is passed; nil for an alert.
    package var heldBack: String?
    package init(text: String, started: UInt64, ended: UInt64? = nil, heldBack: String? = nil) {
      self.text = text
      self.started = started
      self.ended = ended
      self.heldBack = heldBack
    }
  }

  /// Active ones, those that are held back, then those that are over, newest first.
  package var items: [Item] = []
  /// The threshold of the traffic rule, requests a second; nil without one.
  package var threshold: Double?
  /// The traffic rule's value and threshold in its own unit: `317.5 per 10s, alert above 300`; empty without one.
  package var summary = ""
  /// Whether there is any rule.
  package var hasRules = false

  package init() {}

  package var active: [Item] { items.filter { $0.ended == nil && $0.heldBack == nil } }
}

/// One exchange as a line of the live list; all texts are printable.
package struct ExchangeLine: Equatable, Sendable {
  /// Counts the exchanges of the watch: by it a list finds the line that is read again.
  package var number: UInt64
  /// The time when the request was seen, nanoseconds since 1970.
  package var time: UInt64
  package var client: String
  package var method: String
  package var site: String
  package var path: String
  /// 0 for a request that was given up.
  package var status: Int
  /// Nanoseconds from request to response.
  package var latency: UInt64
  /// Whether an answer has ended it.
  package var hasLatency: Bool
  /// What a look into the exchange shows besides; empty texts for what was not sent.
  package var clientPort = 0
  /// Whose connection it was when the client asked a trusted proxy.
  package var proxy = ""
  package var server = ""
  package var serverPort = 0
  /// The request's HTTP version.
  package var version = ""
  /// Bytes of the response's body; nil where the head does not tell.
  package var bytes: UInt64?
  package var referer = ""
  package var userAgent = ""
  /// Whether it is a response that nobody was seen to ask for.
  package var isUnmatched = false
  /// How a request without an answer ended.
  package var end = ""
  /// The status of a call of gRPC.
  package var call = ""
  /// The processes of both ends, in words; empty where nobody looks for them.
  package var asking = ""
  package var serving = ""
  /// Whether it failed: 4xx, 5xx, a call of gRPC by its status, or no answer at all.
  package var isFailure: Bool

  package init(
    number: UInt64, time: UInt64, client: String, method: String, site: String, path: String, status: Int,
    latency: UInt64
  ) {
    self.number = number
    self.time = time
    self.client = client
    self.method = method
    self.site = site
    self.path = path
    self.status = status
    self.latency = latency
    hasLatency = status > 0
    isFailure = status == 0 || (status >= 400 && status < 600)
  }
}
