// SPDX-License-Identifier: Apache-2.0
import Alerting
import Capture
import Exchanges
import Foundation
import Owners
import Randomness
import Statistics

@testable import History

/// Intervals and runs to keep, and a folder of a test's own to keep them in.
enum Samples {
  static let start: UInt64 = 1_700_000_000_000_000_000
  static let second: UInt64 = 1_000_000_000

  static func run(_ source: String = "eth0", rules: [String] = []) throws -> HistoryRun {
    let plan = try IntervalPlan(interval: 10 * second)
    let threshold = try AlertRule(threshold: 5, unit: .per(second), plan: plan)
    var list = AlertRuleList(AlertRuleParser(plan: plan, window: 120 * second), threshold: threshold)
    for rule in rules { try list.add(rule, from: "--alert") }
    return HistoryRun(
      backend: "eBPF", source: source, ports: "80", filter: "host ::1", host: "here", program: "0.1.0",
      start: start, interval: 10 * second, rules: [threshold] + list.rules)
  }

  /// An interval in which everything has a value of its own, by chance.
  static func snapshot(_ number: Int, sites: Int = 3, seed: UInt64 = 1) -> Snapshot {
    var random = SeededGenerator(seed: seed &+ UInt64(number) &* 7_919)
    func some(_ limit: UInt64 = 1_000) -> UInt64 { UInt64.random(in: 1...limit, using: &random) }
    var snapshot = Snapshot()
    snapshot.start = start + UInt64(number) * 10 * second
    snapshot.end = snapshot.start + 10 * second
    snapshot.totals = totals(&random)
    snapshot.inFlight = RequestsInFlight(count: some(), oldest: number % 2 == 0 ? some(.max) : nil)
    for counter in CaptureCounters.counters { snapshot.capture[keyPath: counter.field] = some() }
    snapshot.capture.backlogDropped = some()
    for counter in ExchangeCounters.counters { snapshot.ledger[keyPath: counter.field] = some(.max) }
    snapshot.requestsByTick = (0..<10).map { _ in some() }
    snapshot.methods = [NamedCount(name: "GET", count: some()), NamedCount(name: "PROPFIND", count: some())]
    snapshot.statuses = [StatusCount(status: 200, count: some()), StatusCount(status: 999, count: some())]
    snapshot.latency = latency(&random)
    snapshot.detail = codes(&random, below: CodeCounts.totalCodes)
    snapshot.sites = (0..<sites).map { site("site-\($0).example", &random) }
    (snapshot.other.sites, snapshot.other.requests) = (some(), some())
    (snapshot.other.successes, snapshot.other.failures) = (some(), some())
    snapshot.clients = (0..<2).map { place in
      var client = ClientCounts(high: UInt64(place), low: some(.max))
      (client.requests, client.successes, client.slowest) = (some(), some(), some(.max))
      client.unanswered = UnansweredRequests(aborted: some(), timedOut: some(), unknown: some())
      return client
    }
    snapshot.otherClients.clients = some()
    snapshot.owners = [owner(.server, &random), owner(.client, &random)]
    return snapshot
  }

  private static func totals(_ random: inout SeededGenerator) -> TrafficTotals {
    func some() -> UInt64 { UInt64.random(in: 1...100_000, using: &random) }
    var totals = TrafficTotals()
    (totals.requests, totals.responses, totals.http10, totals.http2) = (some(), some(), some(), some())
    (totals.successes, totals.failures, totals.exchanges) = (some(), some(), some())
    totals.unanswered = UnansweredRequests(aborted: some(), timedOut: some(), unknown: some())
    (totals.unmatchedResponses, totals.interim) = (some(), some())
    for _ in 0..<Int.random(in: 0...5, using: &random) { totals.calls.count(.begun) }
    totals.calls.count(CallMark(code: 14))
    return totals
  }

  private static func latency(_ random: inout SeededGenerator) -> LatencySummary {
    var latency = LatencySummary()
    latency.count = .random(in: 1...50, using: &random)
    (latency.p50, latency.p90) = (.random(in: 1...9_999, using: &random), 10_000)
    (latency.p99, latency.maximum) = (.random(in: 10_000...99_999, using: &random), 4_000_000_000_000)
    return latency
  }

  private static func codes(_ random: inout SeededGenerator, below limit: Int) -> CodeCounts {
    let codes = Set((0..<20).map { _ in Int.random(in: 0..<limit, using: &random) }).sorted()
    return CodeCounts(
      codes.map { CodeCounts.Entry(code: UInt16($0), count: .random(in: 1...300, using: &random)) })
  }

  static func site(_ name: String, _ random: inout SeededGenerator) -> SiteCounts {
    func some() -> UInt64 { UInt64.random(in: 1...1_000, using: &random) }
    var site = SiteCounts(name: name)
    (site.requests, site.overcountMax, site.successes, site.failures) = (some(), some(), some(), some())
    site.unanswered = UnansweredRequests(aborted: some(), timedOut: some(), unknown: some())
    site.latency = latency(&random)
    site.detail = codes(&random, below: CodeCounts.rowCodes)
    site.sections = (0..<3).map {
      var section = SectionCounts(name: "/section-\($0)", requests: some())
      (section.successes, section.failures) = (some(), some())
      section.unanswered = UnansweredRequests(aborted: some(), timedOut: some(), unknown: some())
      section.latency = latency(&random)
      section.detail = codes(&random, below: 264)
      return section
    }
    var call = CallCounts(name: "/shop.Cart/Add")
    (call.requests, call.successes, call.failures) = (some(), some(), some())
    call.statuses = [NamedCount(name: "UNAVAILABLE", count: some())]
    (call.latency, call.detail) = (latency(&random), codes(&random, below: CodeCounts.rowCodes))
    site.calls = [call]
    var owner = SiteOwner(process: OwnerProcess(owner: Owner(process: "nginx"), process: 812))
    (owner.requests, owner.failures) = (some(), some())
    site.owners = [owner, SiteOwner(process: nil)]
    return site
  }

  private static func owner(_ role: OwnerCounts.Role, _ random: inout SeededGenerator) -> OwnerCounts {
    let owner = Owner(process: "nginx", unit: "nginx.service", container: nil, pod: "abc")
    var counts = OwnerCounts(
      role: role, process: role == .server ? OwnerProcess(owner: owner, process: 812) : nil)
    counts.requests = .random(in: 1...1_000, using: &random)
    (counts.unanswered.aborted, counts.inFlight) = (3, .random(in: 1...50, using: &random))
    (counts.latency, counts.detail) = (latency(&random), codes(&random, below: CodeCounts.rowCodes))
    return counts
  }

  static func interval(_ number: Int, sites: Int = 3) -> HistoryInterval {
    HistoryInterval(snapshot(number, sites: sites))
  }

  /// Intervals with the states of the run's rules.
  static func intervals(_ count: Int, _ run: HistoryRun, sites: Int = 3) -> [HistoryInterval] {
    var board = AlertBoard(threshold: run.rules[0], rules: Array(run.rules.dropFirst()))
    return (0..<count).map { number in
      let snapshot = snapshot(number, sites: sites)
      var changes = board.observe(snapshot).map { $0.shifted(by: 5) }
      if !changes.isEmpty { changes[0].recording = "/var/lib/wiretally/alert-1.pcapng" }
      return HistoryInterval(snapshot, alerts: board.shifted(by: 5), changes: changes)
    }
  }
}

/// A folder that is removed with all that is in it.
final class Folder {
  let path: String

  init() {
    path = FileManager.default.temporaryDirectory.path + "/history-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String = "history") -> String { "\(path)/\(name)" }

  func bytes(_ name: String = "history") -> [UInt8] {
    FileManager.default.contents(atPath: file(name)).map { Array($0) } ?? []
  }

  func write(_ bytes: [UInt8], to name: String = "history") {
    _ = FileManager.default.createFile(atPath: file(name), contents: Data(bytes))
  }
}

/// All intervals that are there, oldest first.
func everything(_ source: some HistorySource) -> [HistoryInterval] {
  source.range.compactMap { source.interval($0)?.interval }
}

/// Writes intervals into a history as a watch does.
func keep(
  _ intervals: [HistoryInterval], of run: HistoryRun, in path: String, limit: Int = 64 << 20
) throws -> [String] {
  let writer = try HistoryWriter(path, limit: limit, run: run, isQueued: false)
  for interval in intervals { writer.append(interval) }
  return writer.notices
}

/// What reading a history gives: the intervals, and what is wrong.
func reread(_ path: String) throws -> (intervals: [HistoryInterval], notices: [String]) {
  // Nobody writes to it.
  let reading = try HistoryReading(path, patience: 0)
  let notices = try reading.read { _ in }
  return (everything(reading.source), notices)
}
