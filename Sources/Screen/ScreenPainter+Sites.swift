// SPDX-License-Identifier: Apache-2.0

import Text
import Reporting
import Statistics

extension ScreenPainter {
  /// The sites in the chosen order, as many as there is room for, the selected one among them.
  mutating func drawSites(_ region: Region) {
    guard region.height > 0 else { return }
    map.panels[.sites] = region
    let sites = state.sites(content)
    let columns = columns(region.width)
    let names = region.width - columns.reduce(0) { $0 + $1.width }
    let all = content.shown.sites.count { $0.requests > 0 }
    let title = tableTitle("Sites", sites.count, of: all, width: max(5, names - 4))
    drawTitle(region, title, panel: .sites)
    drawTableHeader(region, columns, from: names)
    let list = region.part(row: 1)
    map.listRows = max(1, list.height)
    guard !sites.isEmpty else { return drawNoSites(list) }
    let chosen = sites.firstIndex { $0.name == state.selected } ?? 0
    let hasOther = content.shown.other.requests > 0 && state.rows.isEmpty
    let rows = max(1, list.height - (hasOther && list.height > 2 ? 1 : 0))
    let top = max(0, min(chosen - rows / 2, sites.count - rows))
    for (row, site) in sites.dropFirst(top).prefix(rows).enumerated() {
      let isChosen = top + row == chosen
      map.sites[list.row + row] = site.name
      drawTableRow(list, row: row, site.name, of: site, columns, from: names, isChosen: isChosen)
    }
    if hasOther, sites.count <= rows || list.height > 2 {
      let other = content.shown.other
      list.put(
        "other: \(CountText.short(other.requests)) requests to \(CountText.short(other.sites)) sites",
        row: min(sites.count, rows), column: 2, style: .faint)
    }
  }

  /// The reason why there is nothing to list.
  private func drawNoSites(_ list: Region) {
    if content.life.totals.requests == 0 {
      let reason = "Nothing yet. \(SilenceReason(content.life, label: content.label).cells)"
      for (row, line) in Self.wrapped(reason, list.width - 2).enumerated() {
        list.put(line, row: row, column: 2)
      }
    } else if !state.filter.isEmpty {
      list.put(state.rows.nothing(of: "No site and no section"), row: 0, column: 2, style: .warning)
    } else if content.shown.totals.requests == 0 {
      list.put(
        "No request in the \(content.windowLabel); w: a longer time.", row: 0, column: 2, style: .faint)
    } else {
      list.put("No site was named.", row: 0, column: 2, style: .faint)
    }
  }

  /// A sentence in lines of at most this many columns, but for a word that is longer.
  static func wrapped(_ sentence: String, _ width: Int) -> [String] {
    var lines: [String] = []
    for word in sentence.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] += " \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  /// The columns that fit beside a name; the most telling ones first.
  private func columns(_ width: Int) -> [TableColumn<SiteCounts>] {
    let total = content.shown.totals.requests
    let bar = width >= 120 ? 20 : 12
    let most = content.shown.sites.map(\.requests).max() ?? 0
    let all: [TableColumn<SiteCounts>] =
      [
        TableColumn(
          name: "requests", width: 10, sort: .requests, rank: 0,
          text: { ($0.overcountMax > 0 ? "~" : "") + CountText.short($0.requests) }),
        rateColumn(rank: 3),
      ] + trendColumn(rank: 6) + [
        TableColumn(name: "share", width: 7, rank: 7, text: { CountText.percent($0.requests, of: total) }),
        TableColumn(
          name: "", width: bar + 1, rank: 9,
          text: { self.bar($0.requests, of: most, width: bar) }, style: { _ in .graph }),
      ] + outcomeColumns(ok: 4, failed: 1, noAnswer: 10)
      + latencyColumns({ $0.latency }, p50: 5, p99: 2, maximum: 8)
    // Names get a third of the width at least; where there is room for the trend, what most of them need.
    let names = width >= Self.widthWithTrend ? min(32, width * 3 / 10) : max(14, min(32, width * 3 / 8))
    return TableColumn.fitting(width - names, of: all)
  }

  /// Columns of the table from which on it has the trend.
  private static let widthWithTrend = 88

  /// How a site's requests were spread over the window, to a scale of its own; none where nobody knows.
  private func trendColumn(rank: Int) -> [TableColumn<SiteCounts>] {
    guard content.shown.sites.contains(where: { !$0.trend.isEmpty }) else { return [] }
    return [
      TableColumn(
        name: "trend", width: 13, rank: rank, text: { self.glyphs.sparkline($0.trend.suffix(12)) },
        style: { _ in .graph })
    ]
  }
}

extension SilenceReason {
  /// The sentence as cells: it may name a file or an interface.
  var cells: String { VisibleText.cells(sentence) }
}
