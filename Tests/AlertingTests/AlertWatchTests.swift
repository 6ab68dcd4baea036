// SPDX-License-Identifier: Apache-2.0
import Alerting
import Capture
import Statistics
import Testing

@Suite struct AlertWatchTests {
  static let second: UInt64 = 1_000_000_000
  /// 2021-02-23T04:00:00Z.
  static let start: UInt64 = 1_614_052_800 * second

  /// One interval with this many requests, all in its first tick.
  static func interval(
    _ number: Int, _ requests: UInt64, plan: IntervalPlan, lost: UInt64 = 0
  ) -> Snapshot {
    var snapshot = Snapshot()
    snapshot.start = start + UInt64(number) * plan.interval
    snapshot.end = snapshot.start + plan.interval
    snapshot.requestsByTick = [UInt64](repeating: 0, count: Int(plan.ticksPerInterval))
    snapshot.requestsByTick[0] = requests
    snapshot.capture.lost = lost
    return snapshot
  }

  /// A rule put to a row of intervals.
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var threshold: Double
    var interval: UInt64 = 10
    var window: UInt64 = 120
    var every: UInt64?
    /// Requests of each interval.
    var requests: [UInt64]
    /// `+` for raised, `-` for recovered, with the interval's number.
    var transitions: [String]
  }

  @Test(arguments: [
    Case(
      testDescription: "no traffic", threshold: 1, requests: Array(repeating: 0, count: 20), transitions: []),
    Case(
      testDescription: "before the start counts as empty", threshold: 10,
      requests: Array(repeating: 11, count: 13), transitions: ["+10"]),
    Case(
      testDescription: "a burst raises at once when the window's average is above", threshold: 10,
      requests: [121] + Array(repeating: 0, count: 12), transitions: ["+0", "-12"]),
    Case(
      testDescription: "exactly the threshold does not raise", threshold: 10,
      requests: Array(repeating: 10, count: 30), transitions: []),
    Case(
      testDescription: "exactly the threshold recovers", threshold: 10,
      requests: [121, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 120], transitions: ["+0", "-12"]),
    Case(
      testDescription: "threshold 0 raises with the first request and recovers when it is gone", threshold: 0,
      requests: [0, 1] + Array(repeating: 0, count: 13), transitions: ["+1", "-13"]),
    Case(
      testDescription: "a decimal threshold is met exactly", threshold: 3.25,
      requests: [39, 0, 1], transitions: ["+2"]),
    Case(
      testDescription: "a tenth is met exactly", threshold: 0.1, window: 100,
      requests: [1, 0, 0, 1], transitions: ["+3"]),
    Case(
      testDescription: "the tumbling check looks every two minutes", threshold: 1, every: 120,
      requests: [500] + Array(repeating: 0, count: 11) + Array(repeating: 0, count: 12),
      transitions: ["+11", "-23"]),
    Case(
      testDescription: "the tumbling check misses nothing between", threshold: 1, every: 120,
      requests: Array(repeating: 0, count: 5) + [500] + Array(repeating: 0, count: 12), transitions: ["+11"]),
    Case(
      testDescription: "a window of one interval", threshold: 5, window: 10,
      requests: [6, 5, 6, 7, 0], transitions: ["+0", "-1", "+2", "-4"]),
    Case(
      testDescription: "a window that is no multiple of the interval", threshold: 4, window: 25,
      // 25 s hold the last two intervals and the second half of the one before.
      requests: [11, 0, 0], transitions: ["+0", "-2"]),
    Case(
      testDescription: "alerts come and go", threshold: 1, interval: 1, window: 2,
      requests: [3, 0, 0, 3, 0, 0, 0], transitions: ["+0", "-2", "+3", "-5"]),
  ])
  func `the rule over time`(_ row: Case) throws {
    let plan = try IntervalPlan(interval: row.interval * Self.second)
    let rule = try AlertRule(
      threshold: row.threshold, plan: plan, window: row.window * Self.second,
      every: row.every.map { $0 * Self.second })
    var watch = AlertWatch(rule)
    var seen: [String] = []
    for (number, requests) in row.requests.enumerated() {
      if let change = watch.observe(Self.interval(number, requests, plan: plan)) {
        seen.append((change.state == .raised ? "+" : "-") + "\(number)")
        #expect(change.at == Self.start + UInt64(number + 1) * plan.interval)
      }
    }
    #expect(seen == row.transitions)
  }

  @Test func `the last five past alerts are kept, newest first`() throws {
    let plan = try IntervalPlan(interval: Self.second)
    var watch = AlertWatch(try AlertRule(threshold: 0, plan: plan, window: Self.second))
    for number in 0..<16 { _ = watch.observe(Self.interval(number, number % 2 == 0 ? 1 : 0, plan: plan)) }
    #expect(watch.active == nil)
    #expect(watch.past.count == 5)
    #expect(watch.past.map { ($0.started - Self.start) / Self.second } == [15, 13, 11, 9, 7])
    #expect(watch.past.allSatisfy { $0.ended == $0.started + Self.second })
  }

  @Test func `what was lost within the window goes with the alert`() throws {
    let plan = try IntervalPlan(interval: 10 * Self.second)
    var watch = AlertWatch(try AlertRule(threshold: 1, plan: plan, window: 20 * Self.second))
    #expect(watch.observe(Self.interval(0, 0, plan: plan, lost: 4)) == nil)
    #expect(watch.observe(Self.interval(1, 100, plan: plan, lost: 3))?.lost == 7)
    _ = watch.observe(Self.interval(2, 100, plan: plan))
    #expect(watch.lost == 3)
  }

  @Test func `an interval that was cut off changes no alert`() throws {
    let plan = try IntervalPlan(interval: 10 * Self.second)
    var watch = AlertWatch(try AlertRule(threshold: 0, plan: plan))
    var last = Self.interval(0, 1000, plan: plan)
    last.isComplete = false
    #expect(watch.observe(last) == nil)
    #expect(watch.average > 0)
  }

  @Test func `a silence that was left out empties the window`() throws {
    let plan = try IntervalPlan(interval: 10 * Self.second)
    var watch = AlertWatch(try AlertRule(threshold: 1, plan: plan))
    #expect(watch.observe(Self.interval(0, 1000, plan: plan))?.state == .raised)
    let change = watch.observe(Self.interval(1_000_000_000, 0, plan: plan))
    #expect(change?.state == .recovered)
    #expect(change?.hits == 0)
  }

  @Test(arguments: [-1, -0.001, .infinity, -.infinity, .nan] as [Double])
  func `a threshold that is no number of 0 or more is refused`(threshold: Double) throws {
    let plan = try IntervalPlan(interval: Self.second)
    #expect(throws: AlertError.self) { try AlertRule(threshold: threshold, plan: plan) }
  }

  @Test(arguments: [0, 9_999_999, 604_800_000_000_001, .max] as [UInt64])
  func `a window without sense is refused`(window: UInt64) throws {
    let plan = try IntervalPlan(interval: Self.second)
    #expect(throws: AlertError.window(window)) {
      try AlertRule(threshold: 1, plan: plan, window: window)
    }
  }

  @Test func `an active alert has its value now and its peak`() throws {
    let plan = try IntervalPlan(interval: 10 * Self.second)
    var watch = AlertWatch(
      try AlertRule(threshold: 2, unit: .per(Self.second), plan: plan, window: plan.interval))
    var seen: [String] = []
    for (number, requests) in ([10, 30, 90, 25, 5, 40] as [UInt64]).enumerated() {
      _ = watch.observe(Self.interval(number, requests, plan: plan))
      let peak = watch.active == nil ? "" : ", peak \(watch.rule.unit.text(watch.peak))"
      seen.append(watch.rule.comparison(watch.average) + peak)
    }
    #expect(
      seen == [
        "1.00/s (limit 2/s)", "3.00/s > 2/s, peak 3.00/s", "9.00/s > 2/s, peak 9.00/s",
        "2.50/s > 2/s, peak 9.00/s", "0.50/s (limit 2/s)", "4.00/s > 2/s, peak 4.00/s",
      ])
    #expect(watch.rule.perSecond(2) == 2)
    let plain = try AlertRule(threshold: 20, plan: plan)
    #expect(plain.perSecond(20) == 2 && plain.comparison(25) == "25.00 > 20 per 10s")
  }

  @Test func `too little traffic peaks at its lowest`() throws {
    let plan = try IntervalPlan(interval: 10 * Self.second)
    let rule = try AlertRuleParser(plan: plan, window: plan.interval).rule("requests < 10")
    var watch = AlertWatch(rule)
    for (number, requests) in ([8, 3, 6] as [UInt64]).enumerated() {
      _ = watch.observe(Self.interval(number, requests, plan: plan))
    }
    #expect(watch.active != nil && watch.peak == 3 && rule.comparison(6) == "6.00 < 10 per 10s")
    #expect(rule.comparison(12) == "12.00 per 10s (limit < 10)")
  }

  @Test func `a passed limit that raises nothing says why`() throws {
    let plan = try IntervalPlan(interval: 10 * Self.second)
    func reasons(_ text: String, _ failures: [(UInt64, UInt64)]) throws -> [String?] {
      var watch = AlertWatch(try AlertRuleParser(plan: plan, window: 20 * Self.second).rule(text))
      return failures.enumerated().map { number, counts in
        var interval = Self.interval(number, counts.1, plan: plan)
        interval.totals.requests = counts.1
        interval.totals.failures = counts.0
        interval.totals.successes = counts.1 - counts.0
        interval.statuses = [StatusCount(status: 503, count: counts.0), StatusCount(status: 200, count: 9)]
        _ = watch.observe(interval)
        return watch.heldBack
      }
    }
    #expect(try reasons("failures > 5%", [(0, 5), (3, 7), (3, 13)]) == [nil, "only 12 of min 20", nil])
    #expect(
      try reasons("5xx > 5% for 20s", [(9, 100), (9, 100), (9, 100)]) == [
        "for 0s of 20s", "for 10s of 20s", nil,
      ])
    #expect(try reasons("status=503 > 5%", [(1, 100), (9, 100)]) == [nil, nil])
    #expect(
      try reasons("requests < 1", [(0, 0), (0, 0)]) == ["the window of 20s is not over yet", nil])
  }

  @Test func `responses are counted by class and by status`() throws {
    let plan = try IntervalPlan(interval: 10 * Self.second)
    var interval = Self.interval(0, 100, plan: plan)
    interval.totals.successes = 80
    interval.totals.failures = 20
    interval.statuses = [(200, 70), (304, 10), (404, 12), (500, 3), (503, 5), (100, 44)].map {
      StatusCount(status: $0.0, count: $0.1)
    }
    let values: [(String, Double)] = [
      ("5xx > 1%", 8), ("4xx > 1%", 12), ("3xx > 1%", 10), ("2xx > 1%", 70), ("status=503 > 1%", 5),
      ("status=418 > 1%", 0), ("status=503 > 1", 5), ("5xx > 1/s", 0.8), ("failures > 1%", 20),
    ]
    for (text, value) in values {
      var watch = AlertWatch(try AlertRuleParser(plan: plan, window: plan.interval).rule(text))
      _ = watch.observe(interval)
      #expect(watch.average == value, "\(text)")
    }
  }
}
