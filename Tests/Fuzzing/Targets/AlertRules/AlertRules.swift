// SPDX-License-Identifier: Apache-2.0

import System
import Alerting
import Capture
import Randomness
import Statistics
import Support

/// The alert against a plain list of all requests: raised and recovered when the list says so, never otherwise.
enum AlertRules: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<150).map { _ in
      (0..<Int.random(in: 8..<150, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
  }

  static func test(_ input: RawSpan) {
    var script = Script(input)
    let second: UInt64 = 1_000_000_000
    let interval =
      script.byte() & 7 == 0
      ? 10_000_000 + script.number64() % 86_400_000_000_000 : UInt64(script.below(20) + 1) * second
    let window =
      script.byte() & 3 == 0 ? script.number64() % (604_900 * second) : UInt64(script.below(200)) * second
    let every = script.flag() ? UInt64(script.below(100)) * second : nil
    let threshold =
      script.byte() & 3 == 0 ? Double(bitPattern: script.number64()) : Double(script.below(400)) / 8
    guard let plan = try? IntervalPlan(interval: interval) else { return }
    guard let rule = try? AlertRule(threshold: threshold, plan: plan, window: window, every: every) else {
      let isSane = threshold.isFinite && threshold >= 0 && AlertRule.allowedWindow.contains(window)
      expect(
        !isSane || window / interval * plan.ticksPerInterval + plan.ticksPerInterval >= 100_000,
        "a sane rule is taken")
      return
    }
    guard plan.ticksPerInterval <= 64 else { return }
    var watch = AlertWatch(rule)
    var plain = Plain(plan: plan, window: window, every: rule.every, threshold: threshold)
    var start: UInt64 = 1_700_000_000 * second, count = 0
    while !script.isOver, count < 60 {
      let silence = script.byte() & 7 == 0 ? UInt64(script.below(300)) : 0
      start += silence * interval
      var snapshot = Snapshot()
      snapshot.start = start
      snapshot.end = start + interval
      snapshot.requestsByTick = (0..<plan.ticksPerInterval).map { _ in UInt64(script.byte() >> 2) }
      snapshot.capture.lost = script.byte() & 7 == 0 ? UInt64(script.byte()) : 0
      snapshot.isComplete = script.byte() & 15 != 0
      start = snapshot.end
      check(watch.observe(snapshot), &plain, snapshot, silence, watch)
      count += 1
    }
  }

  private static func check(
    _ change: AlertTransition?, _ plain: inout Plain, _ snapshot: Snapshot, _ silence: UInt64,
    _ watch: AlertWatch
  ) {
    let due = plain.observe(snapshot, silence)
    expect(watch.average == plain.average, "the average is the list's: \(watch.average), \(plain.average)")
    expect(change?.state == due, "what changed is what the list says: \(String(describing: due))")
    expect((watch.active != nil) == plain.isActive, "the state is the list's")
    expect(watch.past.count <= AlertWatch.history, "few past alerts are kept")
    guard let change else { return }
    expect(change.at == snapshot.end && change.started <= change.at, "a change has its time")
    let line = change.logLine(nil)
    expect(line.utf8.allSatisfy { ($0 >= 32 && $0 < 127) || $0 == 10 }, "a log line is printable")
    expect(line.utf8.count { $0 == 10 } == 1 && line.hasSuffix("\n"), "a log line is one line")
  }

  /// Every tick since the start in one list, and sums over its end.
  private struct Plain {
    let plan: IntervalPlan, window: UInt64, every: UInt64, threshold: Double
    var ticks: [UInt64] = []
    var isActive = false
    var start: UInt64?
    var evaluations: UInt64 = 0

    init(plan: IntervalPlan, window: UInt64, every: UInt64, threshold: Double) {
      (self.plan, self.window, self.every, self.threshold) = (plan, window, every, threshold)
    }

    /// Requests an interval over the window, which is rounded up to whole ticks.
    var average: Double {
      var count = 0
      // Tick n begins at n * interval / ticksPerInterval: all that begin within the window count.
      let (whole, part) = window.quotientAndRemainder(dividingBy: plan.interval)
      let product = part.multipliedFullWidth(by: plan.ticksPerInterval)
      let (quotient, remainder) = plan.interval.dividingFullWidth(product)
      count = Int(whole * plan.ticksPerInterval + quotient + (remainder > 0 ? 1 : 0))
      count = max(count, 1)
      let sum = ticks.suffix(count).reduce(0, +)
      // In lowest terms, as two exact numbers.
      var (a, b) = (UInt64(count), plan.ticksPerInterval)
      while b != 0 { (a, b) = (b, a % b) }
      return Double(sum) * Double(plan.ticksPerInterval / a) / Double(UInt64(count) / a)
    }

    mutating func observe(_ snapshot: Snapshot, _ silence: UInt64) -> AlertTransition.State? {
      if start == nil {
        start = snapshot.start
      } else {
        // More than the window is all the same.
        let missing = min(silence * plan.ticksPerInterval, 200_000)
        ticks += [UInt64](repeating: 0, count: Int(missing))
      }
      ticks += snapshot.requestsByTick
      guard snapshot.isComplete, let start else { return nil }
      let due = (snapshot.end - start) / every
      guard due > evaluations else { return nil }
      evaluations = due
      guard (average > threshold) != isActive else { return nil }
      isActive.toggle()
      return isActive ? .raised : .recovered
    }
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  AlertRules.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt { unsafe AlertRules.run(bytes, count) }
