// SPDX-License-Identifier: Apache-2.0

/// The terminal that a full screen is on: a canvas that takes one picture at a time, and the keys of its operator.
package protocol ScreenTerminal: Canvas {
  var glyphs: Glyphs { get }
  /// Readable when there are keys; nil when there is no keyboard.
  var input: Int32? { get }
  /// Whether the terminal takes a picture now; while it does not, nothing of it may be used, and its keys wait.
  var isReady: Bool { get }
  /// Follows the window's size; true when it has changed.
  func fit() -> Bool
  /// Begins a picture: everything is blank.
  func begin()
  /// Shows the picture; on a terminal that takes nothing, it is on its way afterwards.
  func flush()
  /// The next key; nil when there is none.
  func key() -> Key?
  /// Leaves the terminal to others until `resume`.
  func suspend()
  func resume()
  /// Puts the terminal back as it was.
  func close()
}
