// SPDX-License-Identifier: Apache-2.0

import Alerting
import Text
import Statistics

extension ScreenPainter {
  /// What is active, and the last that are over.
  mutating func drawAlerts(_ region: Region) {
    map.panels[.alerts] = region
    let board = content.alerts
    drawTitle(region, "Alerts", right: board.summary, panel: .alerts)
    let list = region.part(row: 1)
    guard !board.items.isEmpty else {
      list.put(
        board.hasRules ? "none so far" : "no rule is set", row: 0, column: 1, style: .faint)
      return
    }
    let top = max(0, min(state.scroll[.alerts] ?? 0, board.items.count - list.height))
    for (row, item) in board.items.dropFirst(top).prefix(list.height).enumerated() {
      let text = VisibleText.cells(item.text)
      if let heldBack = item.heldBack {
        list.put("? \(VisibleText.cells(heldBack)): \(text)", row: row, style: .warning)
      } else if let ended = item.ended {
        let span = CountText.span(ended &- min(item.started, ended))
        list.put("  \(time(item.started)) to \(time(ended)), \(span)  \(text)", row: row, column: 0)
      } else {
        let seconds = content.now > item.started ? (content.now - item.started) / 1_000_000_000 : 0
        let age = seconds > 0 ? CountText.span(seconds * 1_000_000_000) : "now"
        // Where there is little room, the status line has the time, and the values matter more.
        let start = region.width < 56 ? "" : "\(time(item.started)) "
        list.put("! \(start)FIRING \(age)  \(text)", row: row, style: .bad)
      }
    }
  }

  /// The site that was asked most in the last interval, and its sections.
  mutating func drawRecent(_ region: Region) {
    map.panels[.recent] = region
    let recent = content.recent
    let isOver = recent.isComplete && recent.end > recent.start
    let span = CountText.span(isOver ? recent.end &- recent.start : content.interval)
    guard let site = recent.sites.first, site.requests > 0 else {
      drawTitle(region, "Most visited", right: "last \(span)", panel: .recent)
      region.part(row: 1).put("no requests", row: 0, column: 1, style: .faint)
      return
    }
    let right = "\(CountText.short(site.requests)) of \(CountText.short(recent.totals.requests)) in \(span)"
    // The name gives way to the count.
    let room = max(8, region.width - right.unicodeScalars.count - 8)
    drawTitle(region, Region.cut(site.name, room), right: right, panel: .recent)
    drawRecentSections(
      region.part(row: 1), state.sectionsOfRecent(content), of: site.requests,
      from: state.view == .overview ? state.scroll[.recent] ?? 0 : 0)
  }

}

extension ScreenState {
  func sectionsOfRecent(_ content: ScreenContent) -> [SectionCounts] {
    content.recent.sites.first?.sections.filter { $0.requests > 0 } ?? []
  }
}
