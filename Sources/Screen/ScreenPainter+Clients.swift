// SPDX-License-Identifier: Apache-2.0

import Statistics

extension ScreenPainter {
  /// The clients in the chosen order, as many as there is room for, the selected one among them.
  mutating func drawClients(_ region: Region) {
    let clients = state.clients(content)
    let all = content.shown.clients.count { $0.requests > 0 }
    let columns = clientColumns(region.width)
    let names = region.width - columns.reduce(0) { $0 + $1.width }
    let title = tableTitle("Clients", clients.count, of: all, width: max(5, names - 4))
    drawTitle(region, title)
    drawTableHeader(region, columns, from: names)
    let list = region.part(row: 1)
    map.listRows = max(1, list.height)
    guard !clients.isEmpty else {
      let text =
        all == 0
        ? content.windowed == nil ? "No client yet." : "No client in the \(content.windowLabel)."
        : state.rows.nothing(of: "No client")
      return list.put(text, row: 0, column: 2, style: .faint)
    }
    let chosen = clients.firstIndex { $0.address == state.selectedClient } ?? 0
    let other = content.shown.otherClients
    let hasOther = other.requests > 0 && state.rows.isEmpty && list.height > 2
    let rows = max(1, list.height - (hasOther ? 1 : 0))
    let top = max(0, min(chosen - rows / 2, clients.count - rows))
    for (row, client) in clients.dropFirst(top).prefix(rows).enumerated() {
      drawTableRow(
        list, row: row, client.address, of: client, columns, from: names, isChosen: top + row == chosen)
    }
    guard hasOther else { return }
    list.put(
      "other: \(CountText.short(other.requests)) requests of \(CountText.short(other.clients)) clients",
      row: min(clients.count, rows), column: 2, style: .faint)
  }

  /// The columns that fit beside an address; the most telling ones first.
  private func clientColumns(_ width: Int) -> [TableColumn<ClientCounts>] {
    let total = content.shown.totals.requests
    let most = content.shown.clients.map(\.requests).max() ?? 0
    let bar = width >= 120 ? 20 : 12
    let all: [TableColumn<ClientCounts>] =
      [
        TableColumn(
          name: "requests", width: 10, sort: .requests, rank: 0,
          text: { ($0.overcountMax > 0 ? "~" : "") + CountText.short($0.requests) }),
        rateColumn(rank: 2),
        TableColumn(name: "share", width: 7, rank: 5, text: { CountText.percent($0.requests, of: total) }),
        TableColumn(
          name: "", width: bar + 1, rank: 7,
          text: { self.bar($0.requests, of: most, width: bar) }, style: { _ in .graph }),
      ] + outcomeColumns(ok: 3, failed: 1, noAnswer: 6) + [
        TableColumn(
          name: "max", width: 8, sort: .maximum, rank: 4,
          text: { $0.slowest > 0 ? CountText.latency($0.slowest) : "-" })
      ]
    // The longest address of version 4 and its margin; more where there is room.
    return TableColumn.fitting(width - max(18, min(42, width * 3 / 8)), of: all)
  }
}
