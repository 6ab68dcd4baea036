// SPDX-License-Identifier: Apache-2.0

/// An operator's key or click, whatever the terminal made of it.
package enum Key: Equatable, Sendable {
  /// A printable ASCII character.
  case character(Character)
  case up, down, left, right, pageUp, pageDown, home, end
  case enter, escape, tab, backTab, backspace
  /// F1.
  case help
  /// F10.
  case quit
  /// A click on a cell.
  case click(row: Int, column: Int)
  /// The mouse's wheel over a cell.
  case wheel(up: Bool, row: Int, column: Int)
}
