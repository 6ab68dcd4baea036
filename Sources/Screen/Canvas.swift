// SPDX-License-Identifier: Apache-2.0

import Text

/// A surface that panels draw on: rows of cells, each of one column. A terminal is one, a grid in memory another.
///
/// Texts are printable and one column a character when they come here: names off the wire are printable
/// ASCII, `Glyphs` are one column wide, and other words go through `VisibleText.cells`.
package protocol Canvas: AnyObject {
  var rows: Int { get }
  var columns: Int { get }
  /// Draws a text from a cell on. The caller draws inside; what is outside is left out.
  func put(_ text: String, row: Int, column: Int, style: Style)
}

/// The purpose of a text; how that looks is the canvas's own. Colour never tells anything that the text or
/// its shape does not tell as well.
package enum Style: UInt8, Sendable, CaseIterable {
  case plain, faint, strong
  /// The line above a panel, and that of the panel that has the keys.
  case title, focus
  /// The status line, and the part of it that must not be missed.
  case bar, alarm
  /// Graphs: ordinary traffic, what is above the threshold, the threshold itself.
  case graph, excess, threshold
  case good, bad, warning
  /// The row that the keys are on.
  case selected
  /// A key's name in the hints.
  case key
}

/// A rectangle of a canvas; nothing is drawn outside of it.
package struct Region {
  package let canvas: any Canvas
  package let row: Int
  package let column: Int
  package let height: Int
  package let width: Int

  package init(_ canvas: any Canvas) {
    self.init(canvas, row: 0, column: 0, height: canvas.rows, width: canvas.columns)
  }

  private init(_ canvas: any Canvas, row: Int, column: Int, height: Int, width: Int) {
    self.canvas = canvas
    self.row = row
    self.column = column
    self.height = max(0, height)
    self.width = max(0, width)
  }

  /// The part of the region that begins at a row and column of it and is at most so large.
  package func part(row: Int = 0, column: Int = 0, height: Int = .max, width: Int = .max) -> Region {
    let down = min(max(0, row), self.height), right = min(max(0, column), self.width)
    return Region(
      canvas, row: self.row + down, column: self.column + right, height: min(height, self.height - down),
      width: min(width, self.width - right))
  }

  /// Whether a cell of the canvas is in it.
  package func contains(row: Int, column: Int) -> Bool {
    row >= self.row && row < self.row + height && column >= self.column && column < self.column + width
  }

  /// Draws a text in a row; what does not fit is cut, and two dots say so: half a number is a wrong one.
  package func put(_ text: String, row: Int, column: Int = 0, style: Style = .plain) {
    guard row >= 0, row < height, column >= 0, column < width else { return }
    let room = width - column
    canvas.put(Self.cut(text, room), row: self.row + row, column: self.column + column, style: style)
  }

  /// Draws a text that ends with the column before `end`; what does not fit on the left is cut.
  package func put(_ text: String, row: Int, endingAt end: Int, style: Style = .plain) {
    let count = text.unicodeScalars.count
    let room = max(0, min(end, width))
    let cut = count <= room ? text : String(text.unicodeScalars.suffix(room))
    put(cut, row: row, column: room - min(count, room), style: style)
  }

  /// A text in this many columns.
  static func cut(_ text: String, _ width: Int) -> String {
    if text.unicodeScalars.count <= width { return text }
    let head = String(text.unicodeScalars.prefix(max(0, width - 2)))
    return head + String(repeating: ".", count: max(0, min(width, 2)))
  }

  /// Draws one character over a whole row.
  package func fill(row: Int, with character: Character = " ", style: Style) {
    put(String(repeating: character, count: width), row: row, style: style)
  }
}
