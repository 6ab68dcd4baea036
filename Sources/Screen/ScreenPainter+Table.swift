// SPDX-License-Identifier: Apache-2.0

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
