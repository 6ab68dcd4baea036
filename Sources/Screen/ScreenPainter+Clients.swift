// SPDX-License-Identifier: Apache-2.0

import Statistics

extension ScreenPainter {
  /// A column of the clients' table.
  private struct ClientColumn {
    var name: String
    var width: Int
    var sort: ScreenState.Column?
    /// What has room first; the lowest first.
    var rank: Int
    var text: (ClientCounts) -> String
    var style: (ClientCounts) -> Style = { _ in .plain }
  }

  /// The clients in the chosen order, as many as there is room for, the selected one among them.
  mutating func drawClients(_ region: Region) {
    let clients = state.clients(content)
    let all = content.life.clients.count { $0.requests > 0 }
    let columns = clientColumns(region.width)
    let names = region.width - columns.reduce(0) { $0 + $1.width }
    let title =
      state.filter.isEmpty ? "Clients" : "Clients \(clients.count) of \(all) with '\(state.filter)'"
    drawTitle(region, Region.cut(title, max(5, names - 4)))
    drawClientHeader(region, columns, from: names)
    let list = region.part(row: 1)
    map.listRows = max(1, list.height)
    guard !clients.isEmpty else {
      let text = all == 0 ? "No client yet." : "No client contains '\(state.filter)'."
      return list.put(text, row: 0, column: 2, style: .faint)
    }
    let chosen = clients.firstIndex { $0.address == state.selectedClient } ?? 0
    let other = content.life.otherClients
    let hasOther = other.requests > 0 && state.filter.isEmpty && list.height > 2
    let rows = max(1, list.height - (hasOther ? 1 : 0))
    let top = max(0, min(chosen - rows / 2, clients.count - rows))
    for (row, client) in clients.dropFirst(top).prefix(rows).enumerated() {
      let isChosen = top + row == chosen
      if isChosen {
        list.fill(row: row, style: .selected)
        list.put(String(glyphs.pointer), row: row, style: .selected)
      }
      list.part(row: row, column: 2, height: 1, width: names - 3)
        .put(client.address, row: 0, style: isChosen ? .selected : .plain)
      var end = names
      for column in columns {
        end += column.width
        list.put(
          column.text(client), row: row, endingAt: end - 1,
          style: isChosen ? .selected : column.style(client))
      }
    }
    guard hasOther else { return }
    list.put(
      "other: \(CountText.short(other.requests)) requests of \(CountText.short(other.clients)) clients",
      row: min(clients.count, rows), column: 2, style: .faint)
  }

  private func drawClientHeader(_ region: Region, _ columns: [ClientColumn], from names: Int) {
    region.part(column: names).fill(row: 0, style: .plain)
    let arrow = String(state.isReversed ? glyphs.ascending : glyphs.descending)
    if state.sort == .name { region.put(arrow, row: 0, column: max(0, names - 2), style: .strong) }
    var end = names
    for column in columns {
      end += column.width
      let isSort = column.sort == state.sort
      region.put(
        isSort ? column.name + arrow : column.name, row: 0, endingAt: end - 1 + (isSort ? 1 : 0),
        style: isSort ? .strong : .faint)
    }
  }

  /// The columns that fit beside an address; the most telling ones first.
  private func clientColumns(_ width: Int) -> [ClientColumn] {
    let total = content.life.totals.requests
    let most = content.life.clients.map(\.requests).max() ?? 0
    let glyphs = self.glyphs
    let bar = width >= 120 ? 20 : 12
    let all = [
      ClientColumn(
        name: "requests", width: 10, sort: .requests, rank: 0,
        text: { ($0.overcountMax > 0 ? "~" : "") + CountText.short($0.requests) }),
      ClientColumn(name: "share", width: 7, rank: 2, text: { CountText.percent($0.requests, of: total) }),
      ClientColumn(
        name: "", width: bar + 1, rank: 6,
        text: { client in
          let text = glyphs.bar(Double(client.requests) / Double(max(1, most)), width: bar)
          return text + String(repeating: " ", count: max(0, bar - text.unicodeScalars.count))
        }, style: { _ in .graph }),
      ClientColumn(
        name: "ok", width: 8, sort: .successes, rank: 3, text: { CountText.short($0.successes) }),
      ClientColumn(
        name: "failed", width: 8, sort: .failures, rank: 1, text: { CountText.short($0.failures) },
        style: { $0.failures > 0 ? .bad : .faint }),
      ClientColumn(
        name: "no answer", width: 11, sort: .unanswered, rank: 5,
        text: { CountText.short($0.unanswered.count) },
        style: { $0.unanswered.count > 0 ? .warning : .faint }),
      ClientColumn(
        name: "max", width: 8, sort: .maximum, rank: 4,
        text: { $0.slowest > 0 ? CountText.latency($0.slowest) : "-" }),
    ]
    // The longest address of version 4 and its margin; more where there is room.
    var left = width - max(18, min(42, width * 3 / 8))
    var ranks: Set<Int> = []
    for column in all.sorted(by: { $0.rank < $1.rank }) {
      guard column.width <= left else { break }
      left -= column.width
      ranks.insert(column.rank)
    }
    return all.filter { ranks.contains($0.rank) }
  }
}
