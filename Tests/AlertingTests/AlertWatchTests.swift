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
}
