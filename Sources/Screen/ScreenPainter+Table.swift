// SPDX-License-Identifier: Apache-2.0

import Statistics

/// A column of a table that has the whole body.
struct TableColumn<Row> {
  var name: String
  var width: Int
  /// The order that the column stands for; nil when there is none.
  var sort: ScreenState.Column?
  /// What has room first; the lowest first.
  var rank: Int
  var text: (Row) -> String
  var style: (Row) -> Style = { _ in .plain }

  /// The columns that fit into this width, by their ranks, in their own order.
  static func fitting(_ width: Int, of all: [TableColumn]) -> [TableColumn] {
    var left = width
    var ranks: Set<Int> = []
    for column in all.sorted(by: { $0.rank < $1.rank }) {
      guard column.width <= left else { break }
      left -= column.width
      ranks.insert(column.rank)
    }
    return all.filter { ranks.contains($0.rank) }
  }
}

extension ScreenPainter {
  /// The title of a table: how many rows pass the filter, and, where there is room, the time that they are of.
  func tableTitle(_ name: String, _ rows: Int, of all: Int, width: Int) -> String {
    let filter = state.filter.isEmpty ? "" : " \(rows) of \(all) with '\(state.filter)'"
    let window = " (\(content.windowLabel))"
    let hasRoom = name.count + filter.count + window.count <= width
    return Region.cut(name + filter + (hasRoom ? window : ""), width)
  }

  /// Requests a second, over the time that the tables are of.
  func rateColumn<Row: OrderedRow>(rank: Int) -> TableColumn<Row> {
    TableColumn(
      name: "req/s", width: 7, rank: rank,
      text: { CountText.rate(self.content.ratePerSecond($0.requests)) })
  }

  /// How exchanges ended, each column with its rank.
  func outcomeColumns<Row: OrderedRow>(ok: Int, failed: Int, noAnswer: Int) -> [TableColumn<Row>] {
    [
      TableColumn(
        name: "ok", width: 8, sort: .successes, rank: ok, text: { CountText.short($0.successes) }),
      TableColumn(
        name: "failed", width: 8, sort: .failures, rank: failed, text: { CountText.short($0.failures) },
        style: { $0.failures > 0 ? .bad : .faint }),
      TableColumn(
        name: "no answer", width: 11, sort: .unanswered, rank: noAnswer,
        text: { CountText.short($0.unanswered.count) },
        style: { $0.unanswered.count > 0 ? .warning : .faint }),
    ]
  }

  /// How long answers took, each column with its rank.
  func latencyColumns<Row>(
    _ summary: @escaping (Row) -> LatencySummary, p50: Int, p99: Int, maximum: Int
  ) -> [TableColumn<Row>] {
    func column(
      _ name: String, _ sort: ScreenState.Column, _ rank: Int, _ value: KeyPath<LatencySummary, UInt64>
    ) -> TableColumn<Row> {
      TableColumn(
        name: name, width: 8, sort: sort, rank: rank,
        text: {
          let latency = summary($0)
          return latency.count > 0 ? CountText.latency(latency[keyPath: value]) : "-"
        })
    }
    return [
      column("p50", .p50, p50, \.p50), column("p99", .p99, p99, \.p99),
      column("max", .maximum, maximum, \.maximum),
    ]
  }

  /// The names of the columns, on the table's title; the one that gives the order has an arrow.
  func drawTableHeader<Row>(_ region: Region, _ columns: [TableColumn<Row>], from names: Int) {
    region.part(column: names).fill(row: 0, style: .plain)
    let arrow = String(state.isReversed ? glyphs.ascending : glyphs.descending)
    if state.sort == .name { region.put(arrow, row: 0, column: max(0, names - 2), style: .strong) }
    var end = names
    for column in columns {
      end += column.width
      let isSort = column.sort != nil && column.sort == state.sort
      region.put(
        isSort ? column.name + arrow : column.name, row: 0, endingAt: end - 1 + (isSort ? 1 : 0),
        style: isSort ? .strong : .faint)
    }
  }

  /// A row of a table: its name, cut to `names`, and what the columns say of it.
  func drawTableRow<Row>(
    _ list: Region, row: Int, _ name: String, of item: Row, _ columns: [TableColumn<Row>], from names: Int,
    isChosen: Bool
  ) {
    if isChosen {
      list.fill(row: row, style: .selected)
      list.put(String(glyphs.pointer), row: row, style: .selected)
    }
    list.part(row: row, column: 2, height: 1, width: names - 3)
      .put(name, row: 0, style: isChosen ? .selected : .plain)
    var end = names
    for column in columns {
      end += column.width
      list.put(
        column.text(item), row: row, endingAt: end - 1, style: isChosen ? .selected : column.style(item))
    }
  }

  /// A bar of this share of `most`, with spaces up to its width.
  func bar(_ count: UInt64, of most: UInt64, width: Int) -> String {
    let text = glyphs.bar(Double(count) / Double(max(1, most)), width: width)
    return text + String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
  }
}
