// SPDX-License-Identifier: Apache-2.0

extension ScreenPainter {
  /// The filter that is being written, with the place of what is wrong marked, and the reason after it; of a filter that
  /// is longer than the line, its end.
  func drawFilterEntry(_ region: Region) {
    let label = region.width >= 40 ? " filter \(state.filtered.name): " : " /"
    let characters = Array(state.filter)
    // One column for the cursor.
    let hidden = min(characters.count, max(0, characters.count + 1 + label.count - region.width))
    region.put(label + String(characters[hidden...]) + "_", row: 0, style: .strong)
    let end = label.count + characters.count - hidden + 1
    guard let fault = state.rows.fault else {
      let hint = "enter keeps, esc clears "
      if end + hint.count < region.width {
        region.put(hint, row: 0, endingAt: region.width, style: .faint)
      }
      return
    }
    if let place = fault.place {
      for column in place where column >= hidden && column <= characters.count {
        let character = column < characters.count ? String(characters[column]) : "_"
        region.put(character, row: 0, column: label.count + column - hidden, style: .alarm)
      }
    }
    let reason = "   \(fault.message)"
    if end + reason.count <= region.width { region.put(reason, row: 0, column: end, style: .warning) }
  }

  /// The reason why what is being written is no filter, in the rows above the entry, where that has no room for it.
  func drawFilterFault(_ body: Region) {
    guard state.mode == .filter, let fault = state.rows.fault else { return }
    let label = " filter \(state.filtered.name): "
    guard label.count + state.filter.count + 4 + fault.message.count > body.width else { return }
    let lines = Self.wrapped(fault.message, max(1, body.width - 2)).suffix(max(0, body.height))
    for (offset, line) in lines.enumerated() {
      let row = body.height - lines.count + offset
      body.fill(row: row, style: .plain)
      body.put(line, row: row, column: 1, style: .warning)
    }
  }
}
