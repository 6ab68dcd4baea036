// SPDX-License-Identifier: Apache-2.0

import Statistics

extension ScreenPainter {
  /// A site's sections as a table, from the row on that they were scrolled to.
  mutating func drawSections(_ region: Region, of site: SiteCounts) {
    let shown = state.sections(content)
    let filter =
      state.filter.isEmpty ? "" : " with '\(Region.cut(state.filter, max(8, region.width - 24)))'"
    drawTitle(
      region, "Sections\(filter) (\(content.windowLabel))",
      right: filter.isEmpty ? "\(shown.count)" : "\(shown.count) of \(site.sections.count)")
    // Without room for a line of column names, counts and shares say what they are.
    let hasHeader = region.height >= 4
    map.listRows = max(1, region.height - (hasHeader ? 2 : 1))
    guard hasHeader else {
      return drawShares(
        region.part(row: 1), shown.map { ($0.name, $0.requests, Style.plain) }, of: site.requests,
        from: state.scroll[.recent] ?? 0)
    }
    let columns = sectionColumns(region.width, of: site.requests)
    let names = region.width - columns.reduce(0) { $0 + $1.width }
    drawTableHeader(region.part(row: 1), columns, from: names)
    let list = region.part(row: 2)
    let first = max(0, min(state.scroll[.recent] ?? 0, shown.count - list.height))
    for (row, section) in shown.dropFirst(first).prefix(list.height).enumerated() {
      list.part(row: row, column: 1, height: 1, width: names - 2).put(section.name, row: 0)
      var end = names
      for column in columns {
        end += column.width
        list.put(column.text(section), row: row, endingAt: end - 1, style: column.style(section))
      }
    }
  }

  /// The columns that fit beside a section's name.
  private func sectionColumns(_ width: Int, of whole: UInt64) -> [TableColumn<SectionCounts>] {
    let bar = width >= 90 ? 16 : 8
    let all: [TableColumn<SectionCounts>] = [
      TableColumn(
        name: "requests", width: 10, sort: .requests, rank: 0, text: { CountText.short($0.requests) }),
      TableColumn(
        name: "share", width: 7, rank: 3, text: { CountText.percent($0.requests, of: whole) },
        style: { _ in .faint }),
      TableColumn(
        name: "", width: bar + 2, rank: 7, text: { self.bar($0.requests, of: whole, width: bar) },
        style: { _ in .graph }),
      TableColumn(
        name: "ok", width: 8, sort: .successes, rank: 6,
        text: { $0.isRequestsOnly ? "-" : CountText.short($0.successes) }),
      TableColumn(
        name: "failed", width: 8, sort: .failures, rank: 1,
        text: { $0.isRequestsOnly ? "-" : CountText.short($0.failures) },
        style: { $0.failures > 0 ? .bad : .faint }),
    ]
    return TableColumn.fitting(
      width - max(18, min(28, width / 3)),
      of: all + latencyColumns({ $0.latency }, p50: 4, p99: 2, maximum: 8))
  }

  /// The busiest sections of a site, without a header: what failed and the latency say what they are.
  func drawRecentSections(_ region: Region, _ sections: [SectionCounts], of whole: UInt64, from first: Int) {
    let failed = TableColumn<SectionCounts>(
      name: "", width: 13, rank: 0,
      text: { $0.failures > 0 ? "\(CountText.short($0.failures)) failed" : "" }, style: { _ in .bad })
    let slow = TableColumn<SectionCounts>(
      name: "", width: 12, rank: 1,
      text: { $0.latency.count > 0 ? "p99 \(CountText.latency($0.latency.p99))" : "" },
      style: { _ in .faint })
    // Names keep their room; where there is more, the bars of the shares have what is left.
    let columns = TableColumn.fitting(region.width - 36, of: [failed, slow])
    let width = region.width - columns.reduce(0) { $0 + $1.width }
    drawShares(
      region.part(width: width), sections.map { ($0.name, $0.requests, Style.plain) }, of: whole, from: first)
    let top = max(0, min(first, sections.count - region.height))
    for (row, section) in sections.dropFirst(top).prefix(region.height).enumerated() {
      var end = width
      for column in columns {
        end += column.width
        region.put(column.text(section), row: row, endingAt: end - 1, style: column.style(section))
      }
    }
  }
}

extension SectionCounts: OrderedRow {
  var latencies: (p50: UInt64, p99: UInt64, maximum: UInt64) { (latency.p50, latency.p99, latency.maximum) }
  var orderName: String { name }
}
