// SPDX-License-Identifier: Apache-2.0
import Alerting
import Exchanges
import Foundation
import Statistics
import Testing

@Suite struct AlertRuleParserTests {
  static let second: UInt64 = 1_000_000_000

  static func parser(interval: UInt64 = 10) throws -> AlertRuleParser {
    AlertRuleParser(plan: try IntervalPlan(interval: interval * second), window: 120 * second)
  }

  @Test func `a section is named as it is counted, identifiers folded`() throws {
    let parser = AlertRuleParser(
      plan: try IntervalPlan(interval: 10 * Self.second), window: 120 * Self.second, pathDepth: 2)
    #expect(try parser.rule("requests > 5 section=/users/{id}").section == "/users/{id}")
    #expect(try parser.rule("requests > 5 section=/17/all").section == "/17/all")
    let error = #expect(throws: AlertSyntaxError.self) { try parser.rule("requests > 5 section=/users/17") }
    #expect(error?.message == "'/users/17' is counted as '/users/{id}' (expected section=/users/{id})")
  }

  @Test func `a bare limit counts by the interval over the usual window`() throws {
    let rule = try Self.parser().rule("requests > 100")
    #expect(rule.measure == .requests && rule.unit == .perInterval && !rule.isBelow)
    #expect(rule.threshold == 100 && rule.clear == 100 && rule.window == 120 * Self.second)
    #expect(rule.hold == 0 && rule.keep == 0 && rule.minimum == 0 && rule.site == nil)
    #expect(rule.name == "high-traffic" && rule.severity == "warning")
  }

  @Test func `every clause is read, in any order, with space or equals sign`() throws {
    let rule = try Self.parser().rule(
      " failures>5%  site=Example.COM. min 50 keep=3m for 1m clear 2.5% over 5m severity=page name=shop.5xx ")
    #expect(rule.measure == .failures && rule.unit == .percent && rule.threshold == 5 && rule.clear == 2.5)
    #expect(
      rule.window == 300 * Self.second && rule.hold == 60 * Self.second && rule.keep == 180 * Self.second)
    #expect(rule.minimum == 50 && rule.site == "example.com")
    #expect(rule.name == "shop.5xx" && rule.severity == "page")
  }

  @Test(arguments: [
    ("requests < 10/s", AlertMeasure.requests, AlertUnit.per(1_000_000_000), 10, "low-traffic"),
    ("requests > 600/m", .requests, .per(60_000_000_000), 600, "high-traffic"),
    ("failures > 0.5", .failures, .perInterval, 0.5, "high-failures"),
    ("grpc=UNAVAILABLE > 1%", .grpc(CallMark(code: 14)), .percent, 1, "high-grpc-unavailable"),
    ("aborted > 1%", .aborted, .percent, 1, "high-aborted"),
    ("timed-out > 1/s", .timedOut, .per(1_000_000_000), 1, "high-timed-out"),
    ("in-flight > 50", .inFlight, .atOnce, 50, "high-in-flight"),
    ("oldest > 5s", .oldest, .time, 5e9, "high-oldest"),
    ("lost > 0", .lost, .perInterval, 0, "high-loss"), ("lost > 0.1%", .lost, .percent, 0.1, "high-loss"),
    ("p50 > 1.5s", .p50, .time, 1.5e9, "high-p50"), ("p90 > 250us", .p90, .time, 250_000, "high-p90"),
    ("p99 > 500ms", .p99, .time, 5e8, "high-p99"), ("max > 1m", .max, .time, 60e9, "high-max"),
    ("p95 > 250ms", .quantile(950), .time, 250_000_000, "high-p95"),
    ("p99.9 > 1s", .quantile(999), .time, 1e9, "high-p99.9"),
    ("p5 < 1ms", .quantile(50), .time, 1e6, "low-p5"),
    ("5xx > 1%", .statusClass(5), .percent, 1, "high-5xx"),
    ("2xx < 1/s", .statusClass(2), .per(1_000_000_000), 1, "low-2xx"),
    ("status=503 > 5/m", .status(503), .per(60_000_000_000), 5, "high-status-503"),
    ("failures > 36/h", .failures, .per(3_600_000_000_000), 36, "high-failures"),
  ])
  func `measures, units and the rules' own names`(
    text: String, measure: AlertMeasure, unit: AlertUnit, threshold: Double, name: String
  ) throws {
    let rule = try Self.parser().rule(text)
    #expect(rule.measure == measure && rule.unit == unit && rule.threshold == threshold)
    #expect(rule.name == name)
  }

  @Test(arguments: [
    ("in-flight > 50/s", "invalid limit '50/s' for in-flight (expected a number such as 50)", 12, 4),
    ("oldest > 5", "invalid limit '5' for oldest (expected a duration such as 500ms or 1.5s)", 9, 1),
    (
      "in-flight > 5 over 1m",
      "'in-flight' is a state, without a window: 'for' says how long it must last", 19, 2
    ),
    (
      "oldest > 5s site=a.example", "'oldest' is known for all traffic alone: leave 'site' out", 17, 9
    ),
    ("in-flight > 5 min 3", "'min' is for shares (%) and latencies: 'in-flight' needs none", 18, 1),
    ("", "empty rule: expected a measure and its limit, as in 'failures > 5% for 1m'", 0, 1),
    (
      "failurs > 5%",
      "unknown measure 'failurs' (expected requests, failures, 5xx, 4xx, status=503, aborted, timed-out, "
        + "in-flight, oldest, lost, grpc=UNAVAILABLE, p50, p95, p99 or max)", 0, 7
    ),
    (
      "grpc=BROKEN > 1%",
      "unknown measure 'grpc=BROKEN' (expected requests, failures, 5xx, 4xx, status=503, aborted, timed-out, "
        + "in-flight, oldest, lost, grpc=UNAVAILABLE, p50, p95, p99 or max)", 0, 11
    ),
    (
      "grpc=INTERNAL > 1% site=a", "the statuses of gRPC are counted for all traffic: leave 'site' out", 24, 1
    ),
    (
      "status=418 > 1% site=a", "of one site, status 418 is counted among its class only (expected 4xx)", 21,
      1
    ),
    (
      "failures",
      "'>' or '<' is missing after 'failures'; put the rule in quotes, since a shell takes > for itself, "
        + "as in 'failures > 5% for 1m'", 8, 1
    ),
    ("failures = 5%", "invalid comparison '=' (expected > or <)", 9, 1),
    ("failures >", "the limit is missing after '>', as in 'failures > 5% for 1m'", 10, 1),
    (
      "failures > 5x",
      "invalid limit '5x' for failures "
        + "(expected a share such as 5%, or a count such as 100 (per interval), 10/s, 600/m or 36000/h)", 11,
      2
    ),
    (
      "requests > -1",
      "invalid limit '-1' for requests (expected a count such as 100 (per interval), 10/s, 600/m or 36000/h)",
      11, 2
    ),
    (
      "requests > 5%",
      "'5%' is a share, but requests are counted (expected 100 (per interval), 10/s, 600/m or 36000/h)", 11, 2
    ),
    ("failures > 101%", "a share is at most 100%", 11, 4),
    ("p99 > 500", "invalid limit '500' for p99 (expected a duration such as 500ms or 1.5s)", 6, 3),
    ("p99 > 5%", "invalid limit '5%' for p99 (expected a duration such as 500ms or 1.5s)", 6, 2),
    (
      "requests > 5 fro 1m",
      "'fro' is unknown: over, for, keep, clear, min, site=, section=, client=, process=, unit=, container=, "
        + "name= and severity= may follow", 13, 3
    ),
    ("requests > 5 for 1m for 2m", "'for' is given twice", 20, 3),
    ("requests > 5 for", "a time is missing after 'for'", 16, 1),
    ("requests > 5 site=", "a site is missing after 'site='", 18, 1),
    ("requests > 5 over soon", "invalid duration 'soon' (expected 30s, 2m or 1h, at most a week)", 18, 4),
    ("requests > 5 keep 0s", "invalid duration '0s' (expected 30s, 2m or 1h, at most a week)", 18, 2),
    ("failures > 5% min none", "invalid number of exchanges 'none' (expected 1 or more)", 18, 4),
    ("requests > 5 min 3", "'min' is for shares (%) and latencies: a count needs none", 17, 1),
    ("failures > 5% clear 3", "'clear 3' has another unit than the limit of 5%", 20, 1),
    ("failures > 5% clear 6%", "'clear 6%' is beyond the limit (expected 5% or less)", 20, 2),
    ("requests < 5/s clear 4/s", "'clear 4/s' is beyond the limit (expected 5/s or more)", 21, 3),
    ("requests > 5 over 5s", "a window of 5s is shorter than the interval of 10s", 18, 2),
    (
      "p99 > 1s over 2h",
      "a window of 2h has more than 360 intervals, which is too long for a latency: give 'over 1h' or less",
      14, 2
    ),
    ("lost > 0 site=a", "what was lost has no site: leave 'site' out", 14, 1),
    (
      "requests > 5 site=http://a/",
      "invalid site 'http://a/': expected a host name alone, such as example.com", 18,
      9
    ),
    ("lost > 0 unit=a", "what was lost has no unit: leave 'unit' out", 14, 1),
    (
      "grpc=INTERNAL > 1% process=a",
      "the statuses of gRPC are counted for all traffic: leave 'process' out", 27, 1
    ),
    ("oldest > 5s container=a", "'oldest' is known for all traffic alone: leave 'container' out", 22, 1),
    (
      "status=418 > 1% unit=a", "of one unit, status 418 is counted among its class only (expected 4xx)", 21,
      1
    ),
    ("requests > 5 unit=", "a unit is missing after 'unit='", 18, 1),
    (
      "requests > 5 client=10.0.0.7/8",
      "invalid client '10.0.0.7/8' (expected an address such as 10.0.0.7 or 2001:db8::7)", 20, 10
    ),
    ("requests > 5 section=", "a path is missing after 'section='", 21, 1),
    ("requests > 5 section=api", "invalid section 'api': expected a path, such as /api", 21, 3),
    ("requests > 5 section=/a/", "invalid section '/a/': expected /a", 21, 3),
    ("requests > 5 section=/a*", "invalid section '/a*': each rule is about one section, without *", 21, 3),
    (
      "requests > 5 section=/a?b=1",
      "invalid section '/a?b=1': sections have no query, fragment or parameters (expected /a)", 21, 6
    ),
    (
      "requests > 5 section=/a/b/c",
      "'/a/b/c' has 3 path segments, but sections are counted by 1 (expected /a, or --path-depth 3)", 21, 6
    ),
    ("oldest > 5s section=/a", "'oldest' is known for all traffic alone: leave 'section' out", 20, 2),
    (
      "requests > 5 section=/a client=::1",
      "sections are not counted by client: leave 'client' or 'section' out", 31, 3
    ),
    (
      "requests > 5 unit=a section=/a", "sections are not counted by process: leave 'section' or 'unit' out",
      28,
      2
    ),
    ("requests > 5 client=", "an address is missing after 'client='", 20, 1),
    (
      "p99 > 1s client=10.0.0.7",
      "'p99' is not counted by client (expected requests, failures, aborted or timed-out)", 16, 8
    ),
    (
      "status=418 > 5 client=10.0.0.7",
      "'status=418' is not counted by client (expected requests, failures, aborted or timed-out)", 22, 8
    ),
    (
      "in-flight > 5 client=10.0.0.7", "'in-flight' is known for all traffic alone: leave 'client' out", 21, 8
    ),
    (
      "requests > 5 client=10.0.0.7 site=b", "sites are not counted by client: leave 'site' or 'client' out",
      34,
      1
    ),
    (
      "requests > 5 unit=a client=::1", "clients are not counted by process: leave 'client' or 'unit' out",
      27, 3
    ),
    (
      "requests > 5 client=::1 unit=a", "clients are not counted by process: leave 'unit' or 'client' out",
      29, 1
    ),
    ("requests > 5 unit=a site=b", "sites are not counted by process: leave 'site' or 'unit' out", 25, 1),
    (
      "requests > 5 site=b process=a", "sites are not counted by process: leave 'process' or 'site' out", 28,
      1
    ),
    (
      "requests > 5 process=prometheus-node-exporter",
      "invalid process 'prometheus-node-exporter': the kernel keeps 15 characters of a name (expected "
        + "prometheus-node)", 21, 24
    ),
    (
      "requests > 5 unit=a.socket",
      "invalid unit 'a.socket': processes are in services and scopes (expected a.service)", 18, 8
    ),
    ("requests > 5 unit=a*", "invalid unit 'a*': each rule is about one name, without *", 18, 2),
    ("requests > 5 process=é", "invalid process 'é': expected it as pages show it, in ASCII", 21, 1),
    ("requests > 5 site=a:80", "invalid site 'a:80': sites have no port (expected a)", 18, 4),
    ("requests > 5 site=*.a", "invalid site '*.a': each rule is about one site, or about all traffic", 18, 3),
    (
      "requests > 5 site=bücher.example",
      "invalid site 'bücher.example': expected it as on the wire and on pages, in ASCII (xn--...)", 18, 14
    ),
    (
      "requests > 5 name=a,b", "invalid name 'a,b' (expected letters, digits, '-', '_' and '.', at most 64)",
      18, 3
    ),
    (
      "requests > 5 severity=\"x\"",
      "invalid severity '\"x\"' (expected letters, digits, '-', '_' and '.', at most 64)", 22, 3
    ),
  ])
  func `a fault is reported with its position`(text: String, message: String, column: Int, length: Int) throws
  {
    let error = #expect(throws: AlertSyntaxError.self) { try Self.parser().rule(text) }
    #expect(error?.message == message)
    #expect(error?.column == column && error?.length == length)
  }

  @Test(arguments: [
    ("failures\t> 5x for 1m", "failures > 5x for 1m", "           ^^"),
    ("failures >", "failures >", "          ^"), ("", "", "^"),
    (
      "requests > 5 site=b\u{fc}cher.example", "requests > 5 site=b\u{fc}cher.example",
      "                  ^^^^^^^^^^^^^^"
    ),
    // What takes no column, or two, is written out.
    ("requests\t\u{301} 5", "requests \\u{301} 5", "         ^^^^^^^"),
    ("requests > 5 site=e\u{301}", "requests > 5 site=e\\u{301}", "                  ^^^^^^^^"),
    ("\u{3042} > 5 x", "\\u{3042} > 5 x", "^^^^^^^^"),
    ("requests > 5 name=\u{3042} x", "requests > 5 name=\\u{3042} x", "                  ^^^^^^^^"),
    ("requests > 5 \u{200b}x", "requests > 5 \\u{200b}x", "             ^^^^^^^^^"),
  ])
  func `the place is marked below the rule`(rule: String, shown: String, marks: String) throws {
    let error = try #require(#expect(throws: AlertSyntaxError.self) { try Self.parser().rule(rule) })
    #expect(error.marked(rule) == [shown, marks])
  }

  @Test func `a window that is no multiple of the interval is rounded up where only intervals are known`()
    throws
  {
    let parser = try Self.parser()
    #expect(try parser.rule("failures > 5% over 25s").window == 30 * Self.second)
    #expect(try parser.rule("requests > 5 over 25s site=a").window == 30 * Self.second)
    #expect(try parser.rule("requests > 5 over 25s").window == 25 * Self.second)
  }

  @Test func `sites as pages show them`() throws {
    let parser = try Self.parser()
    for (written, name) in [
      ("EXAMPLE.com", "example.com"), ("[2001:db8::1]", "[2001:db8::1]"), ("10.0.0.1", "10.0.0.1"),
      (#"a\x20b"#, #"a\x20b"#), ("a.", "a"), ("a=b", "a=b"),
    ] {
      #expect(try parser.rule("requests > 1 site=\(written)").site == name)
    }
  }

  @Test func `owners as pages and columns show them, and containers by their whole id`() throws {
    let parser = try Self.parser(), id = String(repeating: "0123456789ABCDEF", count: 4)
    for (written, condition, text) in [
      ("process=nginx", OwnerCondition(process: "nginx"), "process nginx"),
      (#"process=next\x20server"#, OwnerCondition(process: #"next\x20server"#), #"process next\x20server"#),
      (
        #"process=\xff\xfe\xfd\xfc\xfb"#, OwnerCondition(process: #"\xff\xfe\xfd\xfc\xfb"#),
        #"process \xff\xfe\xfd\xfc\xfb"#
      ),
      ("unit nginx", OwnerCondition(unit: "nginx.service"), "unit nginx.service"),
      ("unit=session-1.scope", OwnerCondition(unit: "session-1.scope"), "unit session-1.scope"),
      (
        "container=docker:\(id)", OwnerCondition(container: "docker:0123456789ab"),
        "container docker:0123456789ab"
      ),
      ("container=\(id)", OwnerCondition(container: "0123456789ab"), "container 0123456789ab"),
      ("container=lxc:web", OwnerCondition(container: "lxc:web"), "container lxc:web"),
      (
        "unit=a process=b", OwnerCondition(process: "b", unit: "a.service"), "process b of unit a.service"
      ),
    ] {
      let rule = try parser.rule("failures > 5% \(written)")
      #expect(rule.owners == condition && rule.site == nil && rule.subjectText == text)
    }
    var list = AlertRuleList(parser)
    for text in ["requests > 5 unit=a", "requests > 6 unit=a", "requests > 5 process=a"] {
      try list.add(text, from: "--alert")
    }
    #expect(list.rules.map(\.name) == ["high-traffic", "high-traffic-2", "high-traffic"])
    #expect(AlertBoard(rules: list.rules).owners.count == 2)
  }

  // MARK: Lists and files

  @Test func `rules without a name get one that is free`() throws {
    let plan = try IntervalPlan(interval: 10 * Self.second)
    var list = AlertRuleList(try Self.parser(), threshold: try AlertRule(threshold: 1, plan: plan))
    for text in ["requests > 5", "requests > 9/s", "requests > 5 site=a", "p99 > 1s", "p99 > 2s"] {
      try list.add(text, from: "--alert")
    }
    #expect(
      list.rules.map(\.name) == [
        "high-traffic-2", "high-traffic-3", "high-traffic", "high-p99", "high-p99-2",
      ])
    try list.add("lost > 0 name=x", from: "--alert")
    try list.add("requests > 3 name=x site=a", from: "--alert")
    let error = #expect(throws: AlertError.self) { try list.add("p50 > 1s name=x", from: "--alert") }
    #expect(error?.description == "--alert: another rule is named 'x' as well")
  }

  @Test func `there is a limit to the number of rules`() throws {
    var list = AlertRuleList(try Self.parser())
    for _ in 0..<AlertRuleList.limit { try list.add("lost > 0", from: "--alert") }
    let error = #expect(throws: AlertError.self) { try list.add("lost > 0", from: "--alert") }
    #expect(error?.description == "--alert: there are more than 64 rules")
  }

  @Test func `a file has one rule a line, comments and empty lines`() throws {
    let path = NSTemporaryDirectory() + "wiretally-\(UUID().uuidString).rules"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try "# ours\n\nfailures > 5%   # of the shop\r\n\trequests < 1/s\nlost > 0".write(
      toFile: path, atomically: true, encoding: .utf8)
    var list = AlertRuleList(try Self.parser())
    try list.add(file: path)
    #expect(list.rules.map(\.name) == ["high-failures", "low-traffic", "high-loss"])
    try "requests > 1\n  p9x > 1s # typo\n".write(toFile: path, atomically: true, encoding: .utf8)
    let error = try #require(#expect(throws: AlertError.self) { try list.add(file: path) })
    #expect(error.description.hasPrefix("\(path), line 2: unknown measure 'p9x'"))
    #expect(error.details == ["  p9x > 1s ", "  ^^^"])
  }

  @Test(arguments: [
    ("/nowhere/rules", "no such file or directory"), ("/", "is a directory"), ("/dev/zero", "file too large"),
  ])
  func `a file that cannot be read is named with the reason`(path: String, reason: String) throws {
    var list = AlertRuleList(try Self.parser())
    let error = #expect(throws: AlertError.self) { try list.add(file: path) }
    #expect(error?.description == "cannot read the alert rules in \(path): \(reason)")
  }

  @Test(arguments: [
    "p", "p0", "p100", "p9.99", "p99.", "p.5", "p-1", "p1e1", "6xx", "1xx", "status=", "status=99",
    "status=600", "status=5xx", "P99",
  ])
  func `what is no measure is refused`(name: String) {
    #expect(throws: AlertSyntaxError.self) { try Self.parser().rule("\(name) > 1%") }
    #expect(throws: AlertSyntaxError.self) { try Self.parser().rule("\(name) > 1s") }
  }

  @Test func `the threshold of -t has a unit of its own, or none`() {
    let wanted: [(String, Double, AlertUnit)] = [
      ("100", 100, .perInterval), ("2.5", 2.5, .perInterval), ("100/s", 100, .per(1_000_000_000)),
      ("6000/m", 6000, .per(60_000_000_000)), ("1/h", 1, .per(3_600_000_000_000)),
    ]
    for (text, value, unit) in wanted {
      let limit = AlertRuleParser.requests(text)
      #expect(limit?.value == value && limit?.unit == unit, "\(text)")
    }
    for text in ["", "x", "/s", "1/", "1/d", "5%", "1 /s s"] {
      #expect(AlertRuleParser.requests(text) == nil, "\(text)")
    }
  }
}
