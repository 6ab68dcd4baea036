// SPDX-License-Identifier: Apache-2.0

import Reporting
import Alerting
import Text
import Capture
import Statistics

extension ScreenPainter {
  /// The first line, on every view and at every size: is there an alert, how much is asked, is anything lost.
  func drawStatus(_ region: Region) {
    region.fill(row: 0, style: .bar)
    let active = content.alerts.active
    var line = FactLine()
    line.add("wiretally", rank: 8)
    if let newest = active.map(\.started).max() {
      let count = active.count > 1 ? "\(active.count) ALERTS" : "ALERT"
      let since = region.width >= 56 ? " since \(time(newest))" : ""
      line.add(" \(count)\(since) ", rank: 0, style: .alarm)
    } else {
      line.add("no alert", rank: 3)
    }
    let recentLoss = content.recent.capture.lost
    line.add("\(recentLoss > 0 ? "at least " : "")\(CountText.rate(content.rate)) req/s", rank: 1)
    let lost = content.life.capture.lost
    let isLosing = recentLoss > 0
    line.add(
      isLosing ? " LOST \(CountText.short(lost)) " : "lost \(CountText.short(lost))", rank: 2,
      style: isLosing ? .alarm : nil)
    if let past = content.past {
      let ago = past.ago.map { " \(CountText.span($0)) ago, 0 for now" } ?? ""
      line.add(" \(zone.exact(content.now))\(ago) ", rank: 1, style: .alarm)
    } else if state.isPaused {
      line.add(" PAUSED ", rank: 2, style: .alarm)
    }
    line.add("\(content.label.backend) on \(VisibleText.cells(content.label.source))", rank: 4)
    line.add("port \(content.label.ports)", rank: 6)
    for narrowing in [content.label.filter, content.label.only].compactMap(\.self) {
      line.add("only \(VisibleText.cells(narrowing))", rank: 5)
    }
    let clock = time(content.now)
    line.add(clock, rank: 7)
    let room = region.part(column: 1, height: 1, width: region.width - 2)
    if line.fitting(room.width).count == 1, !active.isEmpty {
      // Too narrow for anything else.
      region.put("ALERT", row: 0, style: .alarm)
    } else {
      let end = line.draw(room, style: .bar)
      guard line.fitting(room.width).last?.text == clock else { return }
      // The clock stands on the right.
      room.put(String(repeating: " ", count: clock.count), row: 0, column: end - clock.count, style: .bar)
      room.put(clock, row: 0, endingAt: room.width, style: .bar)
    }
  }

  /// The counts of the time that the tables are of.
  func drawTotals(_ region: Region) {
    let totals = content.shown.totals
    let answers = totals.successes &+ totals.failures
    let atLeast = content.life.capture.lost > 0 ? "at least " : ""
    var line = FactLine(gap: 3)
    let window = content.windowed.map { "last \($0.window.rawValue): " } ?? ""
    line.add("\(window)\(atLeast)\(CountText.short(totals.requests)) requests", rank: 0, style: .strong)
    line.add(
      "\(CountText.short(totals.successes)) ok \(CountText.percent(totals.successes, of: answers))", rank: 1,
      style: .good)
    line.add(
      "\(CountText.short(totals.failures)) failed \(CountText.percent(totals.failures, of: answers))",
      rank: 1,
      style: totals.failures > 0 ? .bad : .plain)
    for (name, count) in totals.unanswered.named where count > 0 {
      line.add("\(CountText.short(count)) \(name)", rank: 3, style: .warning)
    }
    let inFlight = content.life.inFlight
    if inFlight.count > 0 {
      let wait = inFlight.oldest.map { ", first \(CountText.latency($0))" } ?? ""
      line.add("\(CountText.short(inFlight.count)) in flight\(wait)", rank: 3)
    }
    if totals.http2 > 0 { line.add("\(CountText.short(totals.http2)) HTTP/2", rank: 6) }
    let latency = content.shown.latency
    if latency.count > 0 {
      line.add("p50 \(CountText.latency(latency.p50))", rank: 2)
      line.add("p90 \(CountText.latency(latency.p90))", rank: 5)
      line.add("p99 \(CountText.latency(latency.p99))", rank: 2)
      line.add("max \(CountText.latency(latency.maximum))", rank: 4)
    }
    line.add("in \(CountText.span(content.shownSpan))", rank: 6)
    line.draw(region, column: 1, style: .plain)
  }

  /// The last line: which keys there are, or what is being asked.
  func drawHints(_ region: Region) {
    switch state.mode {
    case .filter: return drawFilterEntry(region)
    case .reset:
      region.put(" Reset totals?  y yes, any other key no ", row: 0, style: .alarm)
      return
    default: break
    }
    var common = [
      ("q", "quit"), ("?", "help"), ("p", state.isPaused ? "resume" : "pause"),
    ]
    if let past = content.past { common[2] = past.ago == nil ? ("[ ]", "step") : ("[ ] 0", "step, now") }
    let keys =
      switch state.view {
      case .overview:
        common + [
          ("s 1-8", "sort"), ("w", "window"), ("/", "filter"), ("enter", "site"), ("l", "live"),
          ("c", "clients"), ("o", "processes"), ("t", "slowest"), ("e", "failed"), ("tab", "panel"),
          ("z", "reset"),
          ("+-", "every \(state.pace)s"), ("[ ]", "step in time"),
        ]
      case .site:
        common + [
          ("esc", "back"), ("w", "window"), ("/", "filter"), ("l", "live"), ("j k", "scroll"),
          ("+-", "every \(state.pace)s"),
        ]
      case .clients:
        common + [
          ("esc", "back"), ("s 1-8", "sort"), ("w", "window"), ("/", "filter"), ("enter", "its exchanges"),
          ("z", "reset"),
        ]
      case .owners(let role):
        common + [
          ("tab", role == .server ? "who asks" : "who serves"), ("esc", "back"), ("s 1-8", "sort"),
          ("w", "window"), ("/", "filter"), ("z", "reset"),
        ]
      case .slowest, .failures:
        common + [
          ("esc", "back"), ("w", "window"), ("/", "filter"), ("enter", "exchange"), ("l", "live"),
          ("j k", "scroll"),
        ]
      case .live:
        common + [
          ("esc", "back"), ("/", "filter"), ("j k", "scroll"), ("g", "follow"), ("b", "by size"),
          ("enter", "exchange"),
        ]
      case .exchange:
        common + [("esc", "back")]
      }
    var column = 1
    for (key, meaning) in keys {
      let width = key.count + 1 + meaning.count
      guard column + width <= region.width else { break }
      region.put(key, row: 0, column: column, style: .key)
      region.put(meaning, row: 0, column: column + key.count + 1, style: .faint)
      column += width + 2
    }
  }
}
