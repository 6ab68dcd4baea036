// SPDX-License-Identifier: Apache-2.0

/// The map of the last picture: what `tab` can reach, what a click hits, how far a page goes.
package struct ScreenMap {
  /// The panels that were drawn.
  package var panels: [ScreenState.Panel: Region] = [:]
  /// The sites' names by the canvas's row.
  package var sites: [Int: String] = [:]
  /// Rows of the main list.
  package var listRows = 1

  package init() {}

  func panel(row: Int, column: Int) -> ScreenState.Panel? {
    panels.first { $0.value.contains(row: row, column: column) }?.key
  }
}
