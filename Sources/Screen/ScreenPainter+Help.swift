// SPDX-License-Identifier: Apache-2.0

extension ScreenPainter {
  /// What the keys do, and what the marks mean.
  static let help: [(key: String, meaning: String)] = [
    ("q  F10", "quit, with a summary; ctrl-c too"),
    ("?  h  F1", "this help"),
    ("p  space", "freeze display; counting continues"),
    ("s  S  1-8", "sort by the next column, reverse, by number:"),
    ("", "requests, ok, failed, no answer, p50, p99, max, name"),
    ("w", "tables of the last 10s, 1m, 5m, 15m, of all"),
    ("/  f", "filter: text, ~ expression, condition of --where"),
    ("n  N", "next, previous match; esc clears the filter"),
    ("arrows  j k", "move; page up and down, g and G: ends"),
    ("enter", "look into the site or the exchange; esc goes back"),
    ("l  b", "latest exchanges (of a site); b: by size; g: follow"),
    ("c", "the clients; enter: the latest exchanges of one"),
    ("o", "who serves, by process; tab: who asks"),
    ("t  e", "slowest exchanges, last failures, of the time of w"),
    ("tab", "the next panel"),
    ("+  -", "refresh interval"),
    ("z", "reset totals, after asking"),
    ("[  ]", "an interval back in time, forward; { }: 60; 0: now"),
    ("", ""),
    ("failed", "answered with 4xx or 5xx"),
    ("~", "may be too high: the table of sites is full"),
    ("at least", "segments were lost: there was more"),
  ]

  /// A box in the middle; on a small screen the whole of it.
  func drawHelp(_ all: Region) {
    let width = min(all.width, 68), height = min(all.height, Self.help.count + 4)
    let box = all.part(
      row: (all.height - height) / 2, column: (all.width - width) / 2, height: height, width: width)
    for row in 0..<height { box.fill(row: row, style: .plain) }
    guard width >= 8, height >= 4 else { return box.put("any key", row: 0) }
    drawFrame(box)
    box.put(" wiretally: keys ", row: 0, column: 2, style: .title)
    box.put(" any key goes back ", row: height - 1, endingAt: width - 2, style: .faint)
    let inner = box.part(row: 1, column: 2, height: height - 2, width: width - 3)
    let top = inner.height >= Self.help.count + 2 ? 1 : 0
    for (row, line) in Self.help.prefix(inner.height - top).enumerated() {
      inner.put(line.key, row: row + top, style: .key)
      inner.put(line.meaning, row: row + top, column: 13)
    }
  }

  private func drawFrame(_ box: Region) {
    let last = box.height - 1, right = box.width - 1
    box.fill(row: 0, with: glyphs.rule, style: .faint)
    box.fill(row: last, with: glyphs.rule, style: .faint)
    for row in 1..<last {
      box.put(String(glyphs.divider), row: row, style: .faint)
      box.put(String(glyphs.divider), row: row, column: right, style: .faint)
    }
    for (index, place) in [(0, 0), (0, right), (last, 0), (last, right)].enumerated() {
      box.put(String(glyphs.corners[index]), row: place.0, column: place.1, style: .faint)
    }
  }
}
