// SPDX-License-Identifier: Apache-2.0
import Alerting
import Capture
import Exchanges
import Statistics
import Testing
import Text

/// Rules beyond the original's, put to rows of intervals of ten seconds.
@Suite struct AlertStateTests {
  /// What an interval brings; latencies in milliseconds.
  struct Interval: Sendable {
    var requests: UInt64 = 0
    var failures: UInt64 = 0
    var successes: UInt64 = 0
    var aborted: UInt64 = 0
    var timedOut: UInt64 = 0
    var inFlight: UInt64 = 0
    /// Seconds.
    var oldest: UInt64?
    var lost: UInt64 = 0
    var matched: UInt64 = 0
    var latencies: [UInt64] = []
  }

  /// A rule put to a row of intervals: `+` for raised, `-` for recovered, with the interval's number.
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var rule: String
    var intervals: [Interval]
    var transitions: [String]
  }

  private static func failing(_ counts: (UInt64, UInt64)...) -> [Interval] {
    counts.map { Interval(failures: $0.0, successes: $0.1) }
  }

  private static func asking(_ counts: UInt64...) -> [Interval] { counts.map { Interval(requests: $0) } }

  static let cases = [
    Case(
      testDescription: "a share above the limit raises, at the limit recovers",
      rule: "failures > 5% over 10s", intervals: failing((5, 95), (6, 94), (5, 95)),
      transitions: ["+1", "-2"]),
    Case(
      testDescription: "one failure of one is no alarm", rule: "failures > 5% over 10s",
      intervals: failing((1, 0), (19, 0), (20, 0), (19, 0)), transitions: ["+2", "-3"]),
    Case(
      testDescription: "the minimum can be chosen", rule: "failures > 5% over 10s min 1",
      intervals: failing((0, 0), (1, 0), (0, 0)), transitions: ["+1", "-2"]),
    Case(
      testDescription: "the share is the window's, not the intervals' mean", rule: "failures > 50% over 20s",
      intervals: failing((30, 10), (0, 100), (30, 10)), transitions: ["+0", "-1"]),
    Case(
      testDescription: "failures by count", rule: "failures > 1/s over 20s",
      intervals: failing((20, 900), (1, 0), (0, 0)), transitions: ["+1", "-2"]),
    Case(
      testDescription: "too little traffic is reported once a whole window was seen",
      rule: "requests < 1/s over 30s", intervals: asking(0, 0, 0, 30, 0), transitions: ["+2", "-3"]),
    Case(
      testDescription: "exactly the lower limit is enough", rule: "requests < 5 over 10s",
      intervals: asking(5, 4, 5), transitions: ["+1", "-2"]),
    Case(
      testDescription: "held before raising: the limit must be passed all the time",
      rule: "requests > 5 over 10s for 20s", intervals: asking(6, 6, 5, 6, 6, 6, 6, 0),
      transitions: ["+5", "-7"]),
    Case(
      testDescription: "held before recovering: the value must be clear all the time",
      rule: "requests > 5 over 10s keep 20s", intervals: asking(6, 0, 0, 6, 0, 0, 0, 0),
      transitions: ["+0", "-6"]),
    Case(
      testDescription: "a hold that is no multiple of the interval ends with the next evaluation",
      rule: "requests > 5 over 10s for 11s", intervals: asking(6, 6, 6), transitions: ["+2"]),
    Case(
      testDescription: "a clear level keeps a wavering value from flapping",
      rule: "requests > 10 over 10s clear 8", intervals: asking(11, 10, 9, 11, 8, 9, 10, 11),
      transitions: ["+0", "-4", "+7"]),
    Case(
      testDescription: "a clear level below", rule: "requests < 10 over 10s clear 20",
      intervals: asking(9, 10, 19, 20, 15, 9), transitions: ["+0", "-3", "+5"]),
    Case(
      testDescription: "requests whose connection ended", rule: "aborted > 10% over 10s",
      intervals: [
        Interval(successes: 18, aborted: 2), Interval(successes: 17, aborted: 3), Interval(),
      ], transitions: ["+1", "-2"]),
    Case(
      testDescription: "requests that timed out", rule: "timed-out > 10% over 10s",
      intervals: [
        Interval(successes: 16, aborted: 2, timedOut: 2), Interval(successes: 17, timedOut: 3), Interval(),
      ], transitions: ["+1", "-2"]),
    Case(
      testDescription: "requests in flight at the end of an interval", rule: "in-flight > 50 clear 20",
      intervals: [50, 51, 21, 20, 0].map { Interval(inFlight: $0) }, transitions: ["+1", "-3"]),
    Case(
      testDescription: "the wait of the oldest request", rule: "oldest > 5s for 10s",
      intervals: [5, 6, 16, nil].map { Interval(oldest: $0) }, transitions: ["+2", "-3"]),
    Case(
      testDescription: "any loss", rule: "lost > 0 over 20s",
      intervals: [Interval(), Interval(lost: 1), Interval(), Interval()], transitions: ["+1", "-3"]),
    Case(
      testDescription: "the share of what was lost", rule: "lost > 1% over 10s",
      intervals: [Interval(lost: 1, matched: 100), Interval(lost: 2, matched: 100), Interval()],
      transitions: ["+1", "-2"]),
    Case(
      testDescription: "one slow exchange in a thousand moves no p99",
      rule: "p99 > 500ms over 10s",
      intervals: [
        Interval(latencies: Array(repeating: 10, count: 999) + [900]),
        Interval(latencies: Array(repeating: 10, count: 90) + Array(repeating: 900, count: 10)), Interval(),
      ], transitions: ["+1", "-2"]),
    Case(
      testDescription: "slow exchanges leave the window with their interval",
      rule: "max > 500ms over 20s min 1",
      intervals: [
        Interval(latencies: [900]), Interval(latencies: [10]), Interval(latencies: [10]),
        Interval(latencies: [10]),
      ], transitions: ["+0", "-2"]),
    Case(
      testDescription: "a quantile of few says nothing", rule: "p50 > 1ms over 10s",
      intervals: [
        Interval(latencies: Array(repeating: 9, count: 19)),
        Interval(latencies: Array(repeating: 9, count: 20)),
      ], transitions: ["+1"]),
  ]

  @Test(arguments: cases) func `the rule over time, for all traffic`(_ row: Case) throws {
    #expect(try Self.transitions(row.rule, row.intervals, subject: nil) == row.transitions)
  }

  /// What was lost, and what waits, is known of all traffic alone.
  static let ofSites = cases.filter { row in
    !["lost", "in-flight", "oldest"].contains { row.rule.hasPrefix($0) }
  }

  @Test(arguments: ofSites)
  func `the rule over time, for one site`(_ row: Case) throws {
    let rule = row.rule + " site=a.example"
    #expect(try Self.transitions(rule, row.intervals, subject: .site("a.example")) == row.transitions)
    // What other sites do is nothing to it, except that it sees no traffic of its own.
    let others = try Self.transitions(rule, row.intervals, subject: .site("b.example"))
    #expect(row.rule.contains("<") || others.isEmpty)
  }

  @Test(arguments: ofSites)
  func `the rule over time, for the processes of a unit`(_ row: Case) throws {
    let unit = WatchedTraffic.Subject.owners(OwnerCondition(process: "api", unit: "a.service"))
    let rule = row.rule + " unit=a.service process=api"
    #expect(try Self.transitions(rule, row.intervals, subject: unit) == row.transitions)
    // Neither a site of the same name nor the unit as a whole is it.
    for subject in [.site("a.service"), .owners(OwnerCondition(unit: "a.service"))]
      as [WatchedTraffic.Subject]
    {
      let others = try Self.transitions(rule, row.intervals, subject: subject)
      #expect(row.rule.contains("<") || others.isEmpty)
    }
  }

  @Test func `a rule of a client is about that client alone`() throws {
    let client = WatchedTraffic.Subject.client(high: 0, low: 0xffff_0a00_0007)
    let rule = "requests > 10/s over 10s client=10.0.0.7"
    let intervals = [Interval(requests: 50), Interval(requests: 101), Interval(requests: 100)]
    #expect(try Self.transitions(rule, intervals, subject: client) == ["+1", "-2"])
    #expect(
      try Self.transitions(rule, intervals, subject: .client(high: 0, low: 0xffff_0a00_0008)).isEmpty)
    let parser = AlertRuleParser(plan: try IntervalPlan(interval: 10_000_000_000), window: 10_000_000_000)
    let read = try parser.rule("failures > 5% client=2001:DB8:0::7")
    #expect(read.client == "2001:db8::7" && read.subjectText == "client 2001:db8::7")
    #expect(read.subjectFields.map { "\($0.name)=\($0.value)" } == ["client=2001:db8::7"])
    #expect(AlertBoard(rules: [read, read]).clients.count == 1)
  }

  @Test func `a rule of a section is about that section, of its site or of all`() throws {
    let all = WatchedTraffic.Subject.section(WatchedSection(site: nil, path: "/api"))
    let one = WatchedTraffic.Subject.section(WatchedSection(site: "a.example", path: "/api"))
    let rule = "requests > 10/s over 10s section=/api"
    let intervals = [Interval(requests: 50), Interval(requests: 101), Interval(requests: 100)]
    #expect(try Self.transitions(rule, intervals, subject: all) == ["+1", "-2"])
    #expect(try Self.transitions(rule, intervals, subject: one).isEmpty)
    #expect(try Self.transitions(rule + " site=a.example", intervals, subject: one) == ["+1", "-2"])
    let parser = AlertRuleParser(
      plan: try IntervalPlan(interval: 10_000_000_000), window: 10_000_000_000, pathDepth: 2)
    let read = try parser.rule("p99 > 1s site=A.example section=/users/{id}")
    #expect(read.site == "a.example" && read.section == "/users/{id}")
    #expect(read.subjectText == "a.example/users/{id}")
    #expect(
      read.subjectFields.map { "\($0.name)=\($0.value)" } == ["site=a.example", "section=/users/{id}"])
    #expect(try parser.rule("5xx > 1% section=/").subjectText == "section /")
    #expect(
      AlertBoard(rules: [read, read]).sections == [WatchedSection(site: "a.example", path: "/users/{id}")])
  }

  /// The same rows through a board; returns the transitions of a rule.
  private static func transitions(_ rule: String, _ intervals: [Interval], subject: WatchedTraffic.Subject?)
    throws -> [String]
  {
    let plan = try IntervalPlan(interval: 10_000_000_000)
    let parser = AlertRuleParser(plan: plan, window: 120_000_000_000)
    var board = AlertBoard(rules: [try parser.rule(rule)])
    var seen: [String] = []
    for (number, interval) in intervals.enumerated() {
      let snapshot = snapshot(number, interval, subject: subject, plan: plan)
      for change in board.observe(snapshot) {
        seen.append((change.state == .raised ? "+" : "-") + "\(number)")
        #expect(change.at == snapshot.end)
      }
    }
    return seen
  }

  private static func snapshot(
    _ number: Int, _ interval: Interval, subject: WatchedTraffic.Subject?, plan: IntervalPlan
  )
    -> Snapshot
  {
    var snapshot = AlertWatchTests.interval(number, interval.requests, plan: plan, lost: interval.lost)
    snapshot.capture.matched = interval.matched
    snapshot.inFlight = RequestsInFlight(
      count: interval.inFlight, oldest: interval.oldest.map { $0 * 1_000_000_000 })
    let unanswered = UnansweredRequests(aborted: interval.aborted, timedOut: interval.timedOut)
    let latencies = LatencySlice(interval.latencies.map { $0 * 1_000_000 })
    if let subject {
      var counts = WatchedTraffic(subject)
      (counts.requests, counts.unanswered) = (interval.requests, unanswered)
      (counts.successes, counts.failures) = (interval.successes, interval.failures)
      counts.latencies = latencies
      snapshot.watched = [
        WatchedTraffic(.site("other.example")), WatchedTraffic(.owners(OwnerCondition(process: "other"))),
        counts,
      ]
      // All traffic is something else.
      snapshot.totals.requests = interval.requests &* 3
    } else {
      (snapshot.totals.requests, snapshot.totals.unanswered) = (interval.requests, unanswered)
      (snapshot.totals.successes, snapshot.totals.failures) = (interval.successes, interval.failures)
      snapshot.totals.exchanges = interval.successes + interval.failures
      snapshot.latencies = latencies
    }
    return snapshot
  }

  @Test func `a silence that was left out empties every window`() throws {
    let plan = try IntervalPlan(interval: 10_000_000_000)
    let parser = AlertRuleParser(plan: plan, window: 120_000_000_000)
    var board = AlertBoard(
      rules: [
        try parser.rule("failures > 5%"), try parser.rule("max > 1ms min 1"), try parser.rule("lost > 0"),
      ])
    let loud = Interval(failures: 50, lost: 3, latencies: [5])
    #expect(board.observe(Self.snapshot(0, loud, subject: nil, plan: plan)).count == 3)
    let changes = board.observe(Self.snapshot(1_000_000, Interval(), subject: nil, plan: plan))
    #expect(changes.map(\.state) == [.recovered, .recovered, .recovered])
    #expect(changes.map(\.hits) == [0, 0, 0])
  }

  @Test func `the board lists what is active by rule, and the last five that are over, newest first`() throws
  {
    let plan = try IntervalPlan(interval: 10_000_000_000)
    let parser = AlertRuleParser(plan: plan, window: 120_000_000_000)
    var board = AlertBoard(
      threshold: try AlertRule(threshold: 5, plan: plan, window: 10_000_000_000),
      rules: [
        try parser.rule("requests > 5 over 10s name=b"), try parser.rule("failures > 1 over 10s site=x"),
        try parser.rule("p99 > 1s"),
      ])
    #expect(board.sites == ["x"] && board.owners.isEmpty)
    #expect(board.needsLatencies)
    for number in 0..<5 {
      let interval = Interval(requests: number % 2 == 0 ? 6 : 0)
      _ = board.observe(Self.snapshot(number, interval, subject: nil, plan: plan))
    }
    #expect(board.threshold?.active != nil)
    #expect(board.others.count == 3)
    #expect(board.active.map(\.rule) == ["high-traffic", "b"])
    _ = board.observe(Self.snapshot(5, Interval(), subject: nil, plan: plan))
    #expect(board.past.map(\.rule.name) == ["high-traffic", "b", "high-traffic", "b", "high-traffic"])
    #expect(zip(board.past, board.past.dropFirst()).allSatisfy { $0.ended >= $1.ended })
  }

  @Test func `a rule of a gRPC status takes its share of the calls that ended`() throws {
    let plan = try IntervalPlan(interval: 10_000_000_000)
    let rule = try AlertRuleParser(plan: plan, window: 10_000_000_000).rule("grpc=UNAVAILABLE > 10%")
    #expect(rule.measure.name == "grpc=UNAVAILABLE")
    #expect(rule.title == "High rate of gRPC calls with UNAVAILABLE")
    var board = AlertBoard(rules: [rule])
    var snapshot = AlertWatchTests.interval(0, 100, plan: plan)
    for index in 0..<20 { snapshot.totals.calls.count(CallMark(code: index < 2 ? 14 : 0)) }
    #expect(board.observe(snapshot).isEmpty)
    snapshot = AlertWatchTests.interval(1, 100, plan: plan)
    for index in 0..<20 { snapshot.totals.calls.count(CallMark(code: index < 3 ? 14 : 13)) }
    let raised = try #require(board.observe(snapshot).first)
    #expect(raised.state == .raised && raised.hits == 15)
    #expect(raised.sentence(.fixed(0)).contains("grpc_UNAVAILABLE = 15"))
  }
}
