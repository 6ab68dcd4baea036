// SPDX-License-Identifier: Apache-2.0

import Alerting
import HTTP1
import Text
import Statistics

extension ScreenPainter {
  /// The latest exchanges, newest first; what failed is marked.
  mutating func drawLive(_ region: Region, of site: String?) {
    let (lines, first) = state.exchanges(content)
    let dropped = content.dropped > 0 ? ", \(CountText.short(content.dropped)) not shown (rate too high)" : ""
    let newest = state.isBySize ? "largest first" : "newest first"
    let order = state.liveTop == nil ? newest : "held, g follows"
    let name = site.map { " of \(Region.cut($0, max(8, region.width / 3)))" } ?? ""
    drawTitle(
      region, "Latest exchanges\(name)\(filterText)", right: "\(order), \(lines.count) kept\(dropped)")
    drawExchanges(region, lines, from: first, orElse: "No exchange yet.")
  }

  /// The slowest exchanges of the tables' time.
  mutating func drawSlowest(_ region: Region) {
    let (lines, first) = state.exchanges(content)
    drawTitle(
      region, "Slowest exchanges (\(content.windowLabel))\(filterText)", right: "\(lines.count) kept")
    drawExchanges(region, lines, from: first, orElse: nothing(of: "answered exchange"))
  }

  /// The last exchanges that failed or had no answer.
  mutating func drawFailures(_ region: Region) {
    let (lines, first) = state.exchanges(content)
    drawTitle(
      region, "Last failures (\(content.windowLabel))\(filterText)",
      right: "newest first, \(lines.count) kept")
    drawExchanges(region, lines, from: first, orElse: nothing(of: "failure"))
  }

  /// The reason why there is none of these in the tables' time.
  private func nothing(of rows: String) -> String {
    content.windowed == nil
      ? "No \(rows) yet." : "No \(rows) in the \(content.windowLabel); w: a longer time."
  }

  private var filterText: String { state.filter.isEmpty ? "" : " with '\(state.filter)'" }

  /// A table of exchanges with the one of number `first` on top, as far as the list is long enough.
  private mutating func drawExchanges(
    _ region: Region, _ lines: [ExchangeLine], from first: Int, orElse nothing: String
  ) {
    let list = region.part(row: 2)
    map.listRows = max(1, list.height)
    let columns = Self.liveColumns(region.width)
    var column = 2
    for item in columns {
      region.put(
        item.name, row: 1, column: item.isNumber ? column + item.width - item.name.count : column,
        style: .faint)
      column += item.width + 1
    }
    guard !lines.isEmpty else {
      list.put(
        state.filter.isEmpty ? nothing : state.rows.nothing(of: "No exchange"), row: 0,
        column: 2, style: .faint)
      return
    }
    let top = max(0, min(first, lines.count - list.height))
    for (row, line) in lines.dropFirst(top).prefix(list.height).enumerated() {
      if line.isFailure { list.put("!", row: row, style: .bad) }
      if state.liveTop != nil, top + row == first {
        list.put(String(glyphs.pointer), row: row, column: 1, style: .strong)
      }
      var column = 2
      for item in columns {
        let part = list.part(row: row, column: column, height: 1, width: item.width)
        let style: Style = line.isFailure && item.isNumber ? .bad : .plain
        let text = text(of: item, in: line)
        if item.isNumber {
          part.put(text, row: 0, endingAt: item.width, style: style)
        } else {
          part.put(text, row: 0, style: style)
        }
        column += item.width + 1
      }
    }
  }

  private struct LiveColumn {
    enum Kind { case time, client, method, site, path, status, bytes, latency }
    var kind: Kind
    var name: String
    var width: Int
    var isNumber: Bool { kind == .status || kind == .bytes || kind == .latency }
  }

  private func text(of column: LiveColumn, in line: ExchangeLine) -> String {
    switch column.kind {
    case .time:
      let parts = CalendarTime(nanoseconds: line.time, offset: zone.offset(line.time))
      let clock = String(parts.label.suffix(8))
      let thousandths = String(1000 + parts.nanosecond / 1_000_000).dropFirst()
      return column.width >= 12 ? "\(clock).\(thousandths)" : clock
    case .client: return line.client
    case .method: return line.method
    case .site: return line.site
    case .path: return line.path
    case .status: return line.status == 0 ? "-" : "\(line.status)"
    case .bytes: return line.bytes.map { CountText.short($0) } ?? "-"
    case .latency: return line.status == 0 ? "-" : CountText.latency(line.latency)
    }
  }

  /// The columns that fit; site and path share what is left.
  private static func liveColumns(_ width: Int) -> [LiveColumn] {
    var columns = [
      LiveColumn(kind: .time, name: "time", width: width >= 100 ? 12 : 8),
      LiveColumn(kind: .client, name: "client", width: width >= 120 ? 25 : 15),
      LiveColumn(kind: .method, name: "method", width: width >= 100 ? 8 : 6),
      LiveColumn(kind: .site, name: "site", width: 0),
      LiveColumn(kind: .path, name: "path", width: 0),
      LiveColumn(kind: .status, name: "st.", width: 3),
      LiveColumn(kind: .bytes, name: "bytes", width: width >= 100 ? 7 : 0),
      LiveColumn(kind: .latency, name: "latency", width: 7),
    ]
    if width < 100 { columns.removeAll { $0.kind == .bytes } }
    func rest() -> Int { width - 2 - columns.reduce(0) { $0 + $1.width + 1 } }
    for kind in [LiveColumn.Kind.client, .method, .time] where rest() < 20 {
      columns.removeAll { $0.kind == kind }
    }
    let free = max(0, rest())
    for index in columns.indices {
      if columns[index].kind == .site { columns[index].width = free * 2 / 5 }
      if columns[index].kind == .path { columns[index].width = free - free * 2 / 5 }
    }
    return columns
  }
}
