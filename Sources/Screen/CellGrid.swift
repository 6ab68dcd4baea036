// SPDX-License-Identifier: Apache-2.0

/// A canvas in memory: what a screen shows, as text. Tests compare it.
package final class CellGrid: Canvas {
  package let rows: Int
  package let columns: Int
  private var cells: [[Unicode.Scalar]]
  private var styles: [[Style]]
  /// Cells that somebody tried to draw outside; 0 unless a panel is wrong.
  package private(set) var outside = 0

  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    cells = Array(repeating: Array(repeating: " ", count: columns), count: rows)
    styles = Array(repeating: Array(repeating: .plain, count: columns), count: rows)
  }

  package func put(_ text: String, row: Int, column: Int, style: Style) {
    for (offset, scalar) in text.unicodeScalars.enumerated() {
      guard cells.indices.contains(row), cells[row].indices.contains(column + offset) else {
        outside += 1
        continue
      }
      cells[row][column + offset] = scalar
      styles[row][column + offset] = style
    }
  }

  /// The rows without the blanks at their ends.
  package var lines: [String] {
    cells.map { row in
      var line = String.UnicodeScalarView(row)
      while line.last == " " { line.removeLast() }
      return String(line)
    }
  }

  /// All rows, one a line.
  package var text: String { lines.map { "\($0)\n" }.joined() }

  /// How a cell is drawn.
  package func style(row: Int, column: Int) -> Style { styles[row][column] }

  /// The text of a row that is drawn in a style, blanks between its parts.
  package func text(in style: Style, row: Int) -> String {
    String(String.UnicodeScalarView(zip(cells[row], styles[row]).map { $1 == style ? $0 : " " }))
      .split(separator: " ").joined(separator: " ")
  }
}
