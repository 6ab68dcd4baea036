// SPDX-License-Identifier: Apache-2.0

/// The characters that graphs and frames are made of: as fine as the terminal's font and locale allow.
package struct Glyphs: Equatable, Sendable {
  /// From empty to full, for columns that grow upwards.
  package var columns: [Character]
  /// From empty to full, for bars that grow to the right.
  package var bars: [Character]
  package var rule: Character
  package var divider: Character
  /// Where a graph's axis ends.
  package var axis: Character
  package var threshold: Character
  /// A point of a graph.
  package var mark: Character
  package var descending: Character
  package var ascending: Character
  package var pointer: Character
  /// Between two facts of one line.
  package var dot: Character
  /// Top left, top right, bottom left, bottom right.
  package var corners: [Character]

  /// Eighths of a cell: for terminals with a Unicode font.
  package static let fine = Glyphs(
    columns: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    bars: [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
    rule: "─", divider: "│", axis: "┤", threshold: "╌", mark: "•", descending: "▼", ascending: "▲",
    pointer: "▶",
    dot: "·",
    corners: ["┌", "┐", "└", "┘"])

  /// What the fonts of the Linux console have (code page 437).
  package static let console = Glyphs(
    columns: [" ", "▄", "█"], bars: [" ", "▌", "█"], rule: "─", divider: "│", axis: "┤", threshold: "─",
    mark: "∙",
    descending: "▼", ascending: "▲", pointer: "►", dot: "·", corners: ["┌", "┐", "└", "┘"])

  /// ASCII alone.
  package static let ascii = Glyphs(
    columns: [" ", ".", ":", "#"], bars: [" ", "#"], rule: "-", divider: "|", axis: "|", threshold: "-",
    mark: "*",
    descending: "v", ascending: "^", pointer: ">", dot: ",", corners: ["+", "+", "+", "+"])

  /// A bar of `width` columns, filled by a share of 0 to 1; anything above nothing shows.
  package func bar(_ share: Double, width: Int) -> String {
    let steps = bars.count - 1
    let limited = share.isFinite ? min(max(0, share), 1) : 0
    var filled = Int((limited * Double(width * steps)).rounded())
    if filled == 0 && limited > 0 { filled = 1 }
    var text = String(repeating: bars[steps], count: filled / steps)
    if filled % steps > 0 { text.append(bars[filled % steps]) }
    return text
  }

  /// Values as columns of one row, each a share of the highest; anything above nothing shows.
  func sparkline(_ values: [UInt64]) -> String {
    let steps = Double(columns.count - 1)
    let most = Double(max(1, values.max() ?? 0))
    return String(
      values.map { columns[$0 == 0 ? 0 : max(1, Int((Double($0) / most * steps).rounded()))] })
  }
}
