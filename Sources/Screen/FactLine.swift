// SPDX-License-Identifier: Apache-2.0

/// One line of facts, of which those that matter least are left out until the rest fits.
struct FactLine {
  struct Fact {
    var text: String
    /// 0 is left out last.
    var rank: Int
    var style: Style?
  }

  private var facts: [Fact] = []
  /// Columns between two facts.
  private let gap: Int

  init(gap: Int = 2) { self.gap = gap }

  /// Appends a fact; lower ranks stay longer.
  mutating func add(_ text: String, rank: Int, style: Style? = nil) {
    facts.append(Fact(text: text, rank: rank, style: style))
  }

  /// The facts that fit into this many columns, in their order.
  func fitting(_ width: Int) -> [Fact] {
    var kept = facts
    func columns() -> Int {
      kept.reduce(0) { $0 + $1.text.unicodeScalars.count } + gap * max(0, kept.count - 1)
    }
    while kept.count > 1, columns() > width, let least = kept.map(\.rank).max(),
      let last = kept.lastIndex(where: { $0.rank == least })
    {
      kept.remove(at: last)
    }
    return kept
  }

  /// Draws the facts that fit from a column of the region's first row on; returns where they end.
  @discardableResult
  func draw(_ region: Region, column: Int = 0, style: Style) -> Int {
    var column = column
    for fact in fitting(region.width - column) {
      region.put(fact.text, row: 0, column: column, style: fact.style ?? style)
      column += fact.text.unicodeScalars.count + gap
    }
    return max(0, column - gap)
  }
}
