// SPDX-License-Identifier: Apache-2.0

import Text
import Reporting
import Statistics

extension ScreenPainter {
  /// A column of the sites' table.
  private struct Column {
    var name: String
    var width: Int
    var sort: ScreenState.Column?
    var text: (SiteCounts) -> String
    var style: (SiteCounts) -> Style = { _ in .plain }
  }

  /// The sites in the chosen order, as many as there is room for, the selected one among them.
  mutating func drawSites(_ region: Region) {
    guard region.height > 0 else { return }
    map.panels[.sites] = region
    let sites = state.sites(content)
    let columns = columns(region.width)
    let names = region.width - columns.reduce(0) { $0 + $1.width }
    let all = content.life.sites.count { $0.requests > 0 }
    var title = "Sites"
    if !state.filter.isEmpty { title += " \(sites.count) of \(all) with '\(state.filter)'" }
    drawTitle(region, Region.cut(title, max(5, names - 4)), panel: .sites)
    if state.sort == .name {
      region.put(arrow, row: 0, column: min(names - 2, title.count + 3), style: .strong)
    }
    drawHeader(region, columns, from: names)
    let list = region.part(row: 1)
    map.listRows = max(1, list.height)
    guard !sites.isEmpty else { return drawNoSites(list) }
    let chosen = sites.firstIndex { $0.name == state.selected } ?? 0
    let hasOther = content.life.other.requests > 0 && state.filter.isEmpty
    let rows = max(1, list.height - (hasOther && list.height > 2 ? 1 : 0))
    let top = max(0, min(chosen - rows / 2, sites.count - rows))
    for (row, site) in sites.dropFirst(top).prefix(rows).enumerated() {
      let isChosen = top + row == chosen
      map.sites[list.row + row] = site.name
      if isChosen { list.fill(row: row, style: .selected) }
      if isChosen { list.put(String(glyphs.pointer), row: row, style: .selected) }
      list.part(row: row, column: 2, height: 1, width: names - 3)
        .put(site.name, row: 0, style: isChosen ? .selected : .plain)
      var end = names
      for column in columns {
        end += column.width
        list.put(
          column.text(site), row: row, endingAt: end - 1, style: isChosen ? .selected : column.style(site))
      }
    }
    if hasOther, sites.count <= rows || list.height > 2 {
      let other = content.life.other
      list.put(
        "other: \(CountText.short(other.requests)) requests to \(CountText.short(other.sites)) sites",
        row: min(sites.count, rows), column: 2, style: .faint)
    }
  }

  /// Why there is nothing to list.
  private func drawNoSites(_ list: Region) {
    if content.life.totals.requests == 0 {
      list.put("Nothing yet. \(SilenceReason(content.life, label: content.label).cells)", row: 0, column: 2)
    } else if !state.filter.isEmpty {
      list.put("No site and no section contains '\(state.filter)'.", row: 0, column: 2, style: .warning)
    } else {
      list.put("No site was named.", row: 0, column: 2, style: .faint)
    }
  }

  private var arrow: String { String(state.isReversed ? glyphs.ascending : glyphs.descending) }

  private func drawHeader(_ region: Region, _ columns: [Column], from names: Int) {
    region.part(column: names).fill(row: 0, style: .plain)
    var end = names
    for column in columns {
      end += column.width
      let isSort = column.sort != nil && column.sort == state.sort
      let text = isSort ? "\(column.name)\(arrow)" : column.name
      region.put(text, row: 0, endingAt: end - 1 + (isSort ? 1 : 0), style: isSort ? .strong : .faint)
    }
  }

  /// The columns that fit beside a name; the most telling ones first.
  private func columns(_ width: Int) -> [Column] {
    let total = content.life.totals.requests
    let glyphs = self.glyphs
    let bar = width >= 120 ? 20 : 12
    let most = content.life.sites.map(\.requests).max() ?? 0
    let all: [(rank: Int, column: Column)] = [
      (
        0,
        Column(
          name: "requests", width: 10, sort: .requests,
          text: { ($0.overcountMax > 0 ? "~" : "") + CountText.short($0.requests) })
      ),
      (3, Column(name: "share", width: 7, text: { CountText.percent($0.requests, of: total) })),
      (
        7,
        Column(
          name: "", width: bar + 1,
          text: { site in
            let text = glyphs.bar(Double(site.requests) / Double(max(1, most)), width: bar)
            return text + String(repeating: " ", count: max(0, bar - text.unicodeScalars.count))
          }, style: { _ in .graph })
      ),
      (4, Column(name: "ok", width: 8, sort: .successes, text: { CountText.short($0.successes) })),
      (
        1,
        Column(
          name: "failed", width: 8, sort: .failures, text: { CountText.short($0.failures) },
          style: { $0.failures > 0 ? .bad : .faint })
      ),
      (
        8,
        Column(
          name: "no answer", width: 11, sort: .unanswered, text: { CountText.short($0.unanswered.count) },
          style: { $0.unanswered.count > 0 ? .warning : .faint })
      ),
      (5, Column(name: "p50", width: 8, sort: .p50, text: { Self.latency($0, $0.latency.p50) })),
      (2, Column(name: "p99", width: 8, sort: .p99, text: { Self.latency($0, $0.latency.p99) })),
      (6, Column(name: "max", width: 8, sort: .maximum, text: { Self.latency($0, $0.latency.maximum) })),
    ]
    // Names get a quarter of the width at least.
    var left = width - max(14, min(32, width * 3 / 8))
    var ranks: Set<Int> = []
    for item in all.sorted(by: { $0.rank < $1.rank }) {
      guard item.column.width <= left else { break }
      left -= item.column.width
      ranks.insert(item.rank)
    }
    return all.filter { ranks.contains($0.rank) }.map(\.column)
  }

  private static func latency(_ site: SiteCounts, _ value: UInt64) -> String {
    site.latency.count > 0 ? CountText.latency(value) : "-"
  }
}

extension SilenceReason {
  /// The sentence as cells: it may name a file or an interface.
  var cells: String { VisibleText.cells(sentence) }
}
