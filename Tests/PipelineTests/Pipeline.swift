// SPDX-License-Identifier: Apache-2.0
import Alerting
import Capture
import Conversations
import Exchanges
import HTTP1
import Reporting
import Statistics
import System
import Text

/// Everything that people would read of one conversation, after the whole pipeline: segments, exchanges,
/// tallies, timeline, and each kind of output.
struct Pipeline {
  static let label = CaptureLabel(backend: "file", source: "test.pcap", ports: "80")
  static let second: UInt64 = 1_000_000_000

  var intervals: [Snapshot] = []
  var life = Snapshot()
  var counters = ExchangeCounters()
  /// The pages of all intervals and of the summary.
  var page = ByteText()
  /// The same pages with every name replaced by a harmless one: what the layout alone comes to.
  var plainPage = ByteText()
  var json: [UInt8] = []
  var alertLog = ""
  /// Alerts that changed: one more line in the log, and in JSON.
  var changes = 0

  /// What a message's segments are cut into: one segment, or two.
  init(_ request: [UInt8], response: [UInt8], depth: CaptureDepth, cut: Int? = nil) throws {
    var limits = ExchangeLimits()
    (limits.flows, limits.pendingRequests, limits.smallHeads, limits.largeHeads) = (16, 16, 8, 2)
    limits.heldSegments = 64
    var budgets = StatisticsBudgets(pendingExchanges: limits.pendingRequests)
    (budgets.sites, budgets.sections, budgets.methods) = (16, 16, 8)
    let plan = try IntervalPlan(interval: 10 * Self.second)
    let tallyExchange = try TallyExchange(budgets: budgets)
    let writer = try TallyWriter(tallyExchange, plan: plan)
    let timeline = try Timeline([tallyExchange], plan: plan)
    var tracker = ExchangeTracker(limits: limits, depth: depth, seed: 1)
    var talk = Dialogue(depth: depth)
    if depth == .streams { talk.open() }
    let cut = min(max(cut ?? 0, 0), request.count)
    talk.send(true, Array(request[..<cut]))
    talk.send(true, Array(request[cut...]), continues: cut > 0)
    talk.send(false, response)
    for packet in talk.packets {
      let time = packet.segment.time
      if writer.isTickOver(time) { writer.turn(at: time, ledger: tracker.counters) }
      tracker.process(packet.segment, packet.payload.rawSpan)
      Self.record(&tracker, writer)
    }
    tracker.finish()
    Self.record(&tracker, writer)
    writer.close(ledger: tracker.counters)
    counters = tracker.counters
    while let interval = timeline.nextInterval(capture: CaptureCounters()) { intervals.append(interval) }
    if let last = timeline.finish(capture: CaptureCounters()) { intervals.append(last) }
    life = timeline.summary(capture: CaptureCounters())
    try show(plan)
  }

  private static func record(_ tracker: inout ExchangeTracker, _ writer: TallyWriter) {
    for index in 0..<tracker.batch.count {
      writer.record(tracker.batch[index], names: tracker.batch.names)
    }
    tracker.batch.clear()
  }

  private mutating func show(_ plan: IntervalPlan) throws {
    let pages = PageRenderer(label: Self.label, zone: .fixed(0), alertLogPath: "/alerts.log")
    var lines = JSONLines(label: Self.label)
    // Any request raises the alert, so that each sink has something to say.
    var alerts = AlertBoard(threshold: try AlertRule(threshold: 0, plan: plan))
    for interval in intervals {
      let changes = alerts.observe(interval)
      pages.page(interval, life: life, alerts: alerts, changes: changes, to: &page)
      pages.page(interval.plain, life: life.plain, alerts: alerts, changes: changes, to: &plainPage)
      json += lines.interval(interval, alerts: alerts)
      for var change in changes {
        // The log and the line, as a rule for this site would have them.
        change.about.subject = interval.sites.first.map { .site($0.name) }
        self.changes += 1
        json += lines.alert(change)
        alertLog += change.logLine(nil)
      }
    }
    pages.summary(life, alerts: alerts, to: &page)
    pages.summary(life.plain, alerts: alerts, to: &plainPage)
    json += lines.summary(life, alerts: alerts)
  }

  /// All names that people would see.
  var names: [String] {
    life.methods.map(\.name) + life.sites.flatMap { [$0.name] + $0.sections.map(\.name) }
  }
}

extension Snapshot {
  /// The same numbers under harmless names.
  var plain: Snapshot {
    var plain = self
    for index in plain.methods.indices { plain.methods[index].name = "M" }
    for index in plain.sites.indices {
      plain.sites[index].name = "s"
      for section in plain.sites[index].sections.indices { plain.sites[index].sections[section].name = "/" }
    }
    return plain
  }
}
