// SPDX-License-Identifier: Apache-2.0
import Alerting
import Statistics
import Testing

/// Limits and values in their units, and what is reported of rules that are wrong at their edges.
@Suite struct AlertUnitTests {
  static func rule(_ text: String, interval: UInt64 = 10_000_000_000) throws -> AlertRule {
    try AlertRuleParser(plan: try IntervalPlan(interval: interval), window: 120_000_000_000).rule(text)
  }

  @Test(arguments: [
    ("requests > 2.5", "interval", "2.50", "2.5"), ("requests > 10/s", "second", "10.00/s", "10/s"),
    ("requests > 10/m", "minute", "10.00/m", "10/m"), ("requests > 10/h", "hour", "10.00/h", "10/h"),
    ("failures > 5%", "percent", "5.00%", "5%"), ("p99 > 250us", "seconds", "250.00us", "250us"),
    ("p99 > 500ms", "seconds", "500.00ms", "500ms"), ("max > 90s", "seconds", "90.00s", "90s"),
  ])
  func `a limit is named, written and shortened in its own unit`(
    text: String, name: String, value: String, limit: String
  ) throws {
    let rule = try Self.rule(text)
    #expect(rule.unit.name == name)
    #expect(rule.unit.text(rule.threshold) == value)
    #expect(rule.unit.limitText(rule.threshold) == limit)
  }

  @Test func `JSON has latencies in seconds, and everything else as it is`() throws {
    #expect(try Self.rule("p50 > 250ms").unit.number(250_000_000) == 0.25)
    #expect(try Self.rule("failures > 5%").unit.number(5) == 5)
  }

  @Test func `each measure has a title of its own`() throws {
    let texts = ["requests > 1", "requests < 1", "failures > 1", "aborted > 1", "lost > 1", "p90 > 1s"]
    let titles = try texts.map { try Self.rule($0).title }
    #expect(Set(titles).count == texts.count)
    #expect(titles[3] == "High rate of aborted requests")
  }

  @Test func `a quantile over the window is the one that the rule names`() throws {
    for text in ["p50 > 1ms", "p90 > 1ms", "p99 > 1ms", "max > 1ms"] {
      var watch = AlertWatch(try Self.rule("\(text) over 10s"))
      var interval = Snapshot()
      (interval.start, interval.end) = (0, 10_000_000_000)
      interval.requestsByTick = [UInt64](repeating: 0, count: 10)
      // Without exchanges there is no latency to speak of.
      #expect(watch.observe(interval) == nil)
      #expect(watch.average == 0)
    }
  }

  @Test(arguments: [
    "requests >", "requests > 1 site=a.example:80", "requests > 1 site=\(String(repeating: "a", count: 256))",
    "requests > .5 for 1h.", "lost > 1 site=a",
  ])
  func `a fault is reported with its position`(text: String) throws {
    let error = try #require(throws: AlertSyntaxError.self) { try Self.rule(text) }
    #expect(!error.message.isEmpty && error.column <= text.count)
    var list = AlertRuleList(
      AlertRuleParser(plan: try IntervalPlan(interval: 10_000_000_000), window: 120_000_000_000))
    let refusal = try #require(throws: AlertError.self) { try list.add(text, from: "--alert") }
    #expect(refusal.details.count == 2 && refusal.details[1].contains("^"))
  }

  @Test func `a window of too many ticks is refused`() throws {
    #expect(throws: AlertError.window(604_800_000_000_000)) {
      try AlertRule(
        threshold: 1, plan: try IntervalPlan(interval: 10_000_000), window: 604_800_000_000_000)
    }
    #expect(AlertError.threshold(.nan).details.isEmpty)
  }
}
