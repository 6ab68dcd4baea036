// SPDX-License-Identifier: Apache-2.0
import Alerting
import Capture
import Foundation
import Reporting
import Statistics
import System
import Testing

@testable import wiretally

/// An output that notes what it is called with.
private final class Notes: Output {
  var calls: [String] = []
  var hasReader = true
  let pace: Int32
  let warnings: [String]
  var reports: [IntervalReport] = []
  var fault: CaptureError?
  var wasInterrupted = false

  init(pace: Int32 = 100, warnings: [String] = []) { (self.pace, self.warnings) = (pace, warnings) }

  func open() throws {
    calls.append("open")
    if let fault { throw fault }
  }
  func ready(_ reporter: Reporter) { calls.append("ready") }
  func tick(_ reporter: Reporter, at now: UInt64) { calls.append("tick") }
  func interval(_ report: IntervalReport, _ reporter: Reporter) {
    calls.append("interval")
    reports.append(report)
  }
  func reopen() { calls.append("reopen") }
  func stop() { calls.append("stop") }
  func finish(_ reporter: Reporter, at now: UInt64) { calls.append("finish") }
  func summary(_ life: Snapshot, _ reporter: Reporter) { calls.append("summary") }
  func close(isInterrupted: () -> Bool) {
    calls.append("close")
    wasInterrupted = isInterrupted()
  }
}

@Suite struct ReporterTests {
  static let start: UInt64 = 1_000_000_000_000
  static let second: UInt64 = 1_000_000_000

  /// A reporter over a worker that has nothing to count, with a rule that silence raises.
  static func reporter(
    _ outputs: [any Output], keepsRecent: Bool = false, labels: LabelClock? = nil
  ) throws -> Reporter {
    let plan = try IntervalPlan(interval: second)
    let budgets = StatisticsBudgets(pendingExchanges: 16)
    let timeline = try Timeline(
      [try TallyExchange(budgets: budgets)], plan: plan, start: start, keepsRecent: keepsRecent,
      keepsWindows: true)
    let parser = AlertRuleParser(plan: plan, window: second, every: nil)
    var rules = AlertRuleList(parser, threshold: nil)
    try rules.add("requests < 5 over 1s", from: "--alert")
    let label = CaptureLabel(backend: "eBPF", source: "eth0", ports: "80")
    return Reporter(
      outputs, timeline: timeline, alerts: AlertBoard(threshold: nil, rules: rules.rules), label: label,
      sites: 5, labels: labels,
      capture: { CaptureCounters() })
  }

  @Test func `what people read follows a wall clock that is set, alerts keep their names`() throws {
    let labels = LabelClock(wallOffset: 0)
    let steady = Notes(), moved = Notes()
    let plain = try Self.reporter([steady]), following = try Self.reporter([moved], labels: labels)
    for reporter in [plain, following] {
      try reporter.open()
      reporter.showIntervals(at: Self.start + 4 * Self.second)
    }
    labels.follow(wallOffset: 3_600 * Self.second)
    for reporter in [plain, following] {
      reporter.showIntervals(at: Self.start + 9 * Self.second)
      reporter.finish(at: Self.start + 10 * Self.second)
    }
    #expect(steady.reports.count == moved.reports.count && steady.reports.count >= 9)
    let hour = 3_600 * Self.second
    for (own, other) in zip(steady.reports, moved.reports) {
      let shift =
        own.interval.start < Self.start + 4 * Self.second && other.interval.start < Self.start + hour
        ? 0 : hour
      #expect(
        other.interval.start == own.interval.start + shift && other.interval.end == own.interval.end + shift)
      #expect(other.life().start == own.life().start + shift)
    }
    #expect(moved.reports.last?.interval.end == steady.reports.last.map { $0.interval.end + hour })
    let raised = try #require(plain.alerts.active.first), shown = try #require(following.alerts.active.first)
    #expect(shown.started == raised.started + hour && shown.id == raised.id)
  }

  @Test func `every output gets each interval and the alerts that it raised`() throws {
    let outputs = [Notes(), Notes()]
    let reporter = try Self.reporter(outputs)
    reporter.showIntervals(at: Self.start + 3 * Self.second + Self.second / 2)
    for output in outputs {
      #expect(output.calls == ["interval", "interval"])
      #expect(output.reports.map { $0.interval.start } == [Self.start, Self.start + Self.second])
      #expect(output.reports.map { $0.changes.count } == [1, 0])
      let change = try #require(output.reports.first?.changes.first)
      #expect(change.transition.state == .raised)
      let object = try JSONSerialization.jsonObject(with: Data(change.json)) as? [String: Any]
      #expect(object?["state"] as? String == "raised")
    }
    #expect(reporter.raised == [1])
  }

  @Test func `the end comes in its order`() throws {
    let output = Notes()
    let reporter = try Self.reporter([output])
    try reporter.open()
    reporter.ready()
    reporter.tick(at: Self.start)
    reporter.reopen()
    reporter.stop()
    reporter.finish(at: Self.start + Self.second / 2)
    reporter.summarize()
    reporter.close { true }
    #expect(
      output.calls == [
        "open", "ready", "tick", "reopen", "stop", "interval", "finish", "summary", "close",
      ])
  }

  @Test func `an output that cannot be opened closes the others`() throws {
    let outputs = [Notes(), Notes()]
    outputs[1].fault = CaptureError(.unavailable, "no")
    let reporter = try Self.reporter(outputs)
    #expect(throws: CaptureError.self) { try reporter.open() }
    #expect(outputs[0].calls == ["open", "close"])
  }

  @Test func `a signal at the end ends the waiting of all outputs`() throws {
    let outputs = [Notes(), Notes(), Notes()]
    let reporter = try Self.reporter(outputs)
    // It is reported once.
    var signals = 1
    reporter.close {
      defer { signals = 0 }
      return signals > 0
    }
    #expect(outputs.map(\.wasInterrupted) == [true, true, true])
  }

  @Test func `the shortest pace counts, one reader that has gone ends it, and warnings follow the notices`()
    throws
  {
    let outputs = [Notes(warnings: ["b"]), Notes(pace: 20, warnings: ["c", "d"])]
    let reporter = try Self.reporter(outputs)
    #expect(reporter.pace == 20)
    reporter.notices = ["a"]
    #expect(reporter.warnings == ["a", "b", "c", "d"])
    #expect(reporter.hasReader)
    outputs[0].hasReader = false
    #expect(!reporter.hasReader)
  }
}
