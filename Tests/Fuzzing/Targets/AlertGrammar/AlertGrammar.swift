// SPDX-License-Identifier: Apache-2.0

import Alerting
import Capture
import System
import Randomness
import Statistics
import Support

/// Any text as a rule of `--alert`: it is taken and then does its work with numbers that make sense, or it is
/// refused with words and a place that lies in it.
enum AlertGrammar: FuzzTarget {
  private static let words = [
    "requests", "failures", "aborted", "timed-out", "in-flight", "oldest", "lost", "p50", "p99.9", "5xx",
    "status=503", "max", ">", "<", "100", "5%", "10/s",
    "600/m",
    "36000/h", "500ms", "1.5s", "2m", "over", "for", "keep", "clear", "min", "site=example.com", "section=/a",
    "site",
    "unit=a", "process=b", "container=c",
    "name=shop",
    "severity=page", "=", "0", "100.5%", "1e99", "9999999999999999999999", "nan", "-1",
    "18446744073709551615", "1000h",
    "0.0000001%", "site=[::1]", "site=a:80", "site=\u{212a}.example", "\u{1b}[2J", "e\u{301}", "\t", "name=",
    "for=1w",
  ]

  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<300).map { index in
      let measure = words[index % 8], sign = words[8 + index % 2], limit = words[10 + index / 8 % 8]
      let rest = (0..<Int.random(in: 0..<7, using: &random)).map { _ in
        words.randomElement(using: &random) ?? ""
      }
      let begin = index % 5 == 0 ? [] : [measure, sign, limit]
      return [UInt8.random(in: 0...255, using: &random)] + Array((begin + rest).joined(separator: " ").utf8)
    }
  }

  static func test(_ input: RawSpan) {
    guard input.byteCount > 1 else { return }
    let text = String(decoding: input.slice(1, input.byteCount).array, as: UTF8.self)
    let intervals: [UInt64] = [10_000_000_000, 1_000_000_000, 10_000_000, 86_400_000_000_000, 7_777_777_777]
    guard let plan = try? IntervalPlan(interval: intervals[Int(input.byte(0)) % intervals.count]) else {
      return expect(false, "the interval is one")
    }
    let parser = AlertRuleParser(plan: plan, window: max(120_000_000_000, plan.interval))
    do throws(AlertSyntaxError) {
      work(try parser.rule(text), plan)
    } catch {
      let marked = error.marked(text)
      expect(
        !error.message.isEmpty && error.column >= 0 && error.length >= 1, "a refusal has words and a place")
      expect(marked.count == 2 && error.column <= text.count, "the place lies in the rule, or behind it")
      // Whatever may be wider or narrower than a column is shown by its number.
      expect(
        marked[0].unicodeScalars.allSatisfy {
          $0.properties.canonicalCombiningClass == .notReordered && $0 >= " "
        },
        "the rule is shown by what takes a column each")
      expect(
        marked[1].count <= marked[0].count + error.length && marked[1].hasSuffix("^"),
        "the marks lie below the rule, or directly after it")
    }
    var list = AlertRuleList(parser)
    for _ in 0..<2 {
      guard (try? list.add(text, from: "--alert")) != nil else { break }
      expect(
        Set(list.rules.map { "\($0.name) \($0.subjectText ?? "")" }).count == list.rules.count,
        "rules have names")
    }
  }

  private static func work(_ rule: AlertRule, _ plan: IntervalPlan) {
    expect(rule.threshold.isFinite && rule.threshold >= 0, "a limit is a number")
    expect(rule.isBelow ? rule.clear >= rule.threshold : rule.clear <= rule.threshold, "clear is clear")
    expect(AlertRule.allowedWindow.contains(rule.window) && rule.window >= plan.interval, "a window is one")
    expectName(Array(rule.name.utf8), "the rule's name")
    if let site = rule.site { expectName(Array(site.utf8), "the rule's site") }
    var watch = AlertWatch(rule)
    for step in 0..<6 as Range<UInt64> {
      var snapshot = Snapshot()
      // The last one behind a silence.
      snapshot.start = (step == 5 ? 100 : step) * plan.interval
      snapshot.end = snapshot.start + plan.interval
      let count = step % 2 == 0 ? 1_000_000 : UInt64.max >> 40
      snapshot.requestsByTick = [UInt64](repeating: count, count: Int(plan.ticksPerInterval))
      (snapshot.totals.requests, snapshot.totals.failures) = (count, count / 2)
      snapshot.totals.unanswered = UnansweredRequests(aborted: count / 3, timedOut: count / 4)
      snapshot.inFlight = RequestsInFlight(count: count / 5, oldest: step % 3 == 0 ? nil : count)
      (snapshot.capture.lost, snapshot.capture.matched) = (step, count)
      guard let change = watch.observe(snapshot) else { continue }
      expect(change.hits.isFinite && change.hits >= 0, "a value is a number")
      let line = change.logLine(nil)
      expect(line.utf8.allSatisfy { ($0 >= 32 && $0 < 127) || $0 == 10 }, "a log line is printable")
      expect(line.utf8.count { $0 == 10 } == 1 && line.hasSuffix("\n"), "a log line is one line")
      expect(
        !change.activeSentence(.fixed(0)).isEmpty && !change.id.isEmpty, "an alert has a sentence and an id")
    }
    for past in watch.past { expect(past.started <= past.ended, "what is over began before") }
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  AlertGrammar.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe AlertGrammar.run(bytes, count)
}
