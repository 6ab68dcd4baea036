// SPDX-License-Identifier: Apache-2.0

import Owners
import Statistics

extension ScreenPainter {
  /// The owners of one side in the chosen order, as many as there is room for, the selected one among them.
  mutating func drawOwners(_ role: OwnerCounts.Role, _ region: Region) {
    let owners = state.owners(role, content)
    let all = (content.shown.owners ?? []).filter { $0.role == role }
    let columns = ownerColumns(region.width, all)
    let names = region.width - columns.reduce(0) { $0 + $1.width }
    let kind = role == .server ? "Servers" : "Clients"
    let title = tableTitle("\(kind) by process", owners.count, of: all.count, width: max(5, names - 4))
    drawTitle(region, title)
    drawTableHeader(region, columns, from: names)
    let list = region.part(row: 1)
    map.listRows = max(1, list.height)
    guard !owners.isEmpty else {
      let text =
        content.shown.owners == nil
        ? "Processes are not known: it takes eBPF, cap_perfmon, and no --no-owners."
        : all.isEmpty
          ? "No exchange has ended\(content.windowed == nil ? " yet" : " in the \(content.windowLabel)")."
          : state.rows.nothing(of: "No process")
      return list.put(text, row: 0, column: 2, style: .faint)
    }
    let chosen = owners.firstIndex { $0.label == state.selectedOwner } ?? 0
    let top = max(0, min(chosen - list.height / 2, owners.count - list.height))
    for (row, owner) in owners.dropFirst(top).prefix(list.height).enumerated() {
      drawTableRow(
        list, row: row, owner.label, of: owner, columns, from: names, isChosen: top + row == chosen)
    }
  }

  /// The columns that fit beside a name and where it runs; the most telling ones first.
  private func ownerColumns(_ width: Int, _ owners: [OwnerCounts]) -> [TableColumn<OwnerCounts>] {
    let total = owners.reduce(0) { $0 &+ $1.requests }
    let most = owners.map(\.requests).max() ?? 0
    let barWidth = width >= 120 ? 20 : 12
    let all: [TableColumn<OwnerCounts>] =
      [
        TableColumn(
          name: "pid", width: 9, rank: 7, text: { $0.process?.process.map { "\($0)" } ?? "-" },
          style: { _ in .faint }),
        TableColumn(
          name: "requests", width: 10, sort: .requests, rank: 0, text: { CountText.short($0.requests) }),
        rateColumn(rank: 4),
        TableColumn(name: "share", width: 7, rank: 8, text: { CountText.percent($0.requests, of: total) }),
        TableColumn(
          name: "", width: barWidth + 1, rank: 11,
          text: { self.bar($0.requests, of: most, width: barWidth) }, style: { _ in .graph }),
        TableColumn(
          name: "waiting", width: 8, rank: 5, text: { CountText.short($0.inFlight) },
          style: { $0.inFlight > 0 ? .plain : .faint }),
      ] + outcomeColumns(ok: 6, failed: 1, noAnswer: 10)
      + latencyColumns({ $0.latency }, p50: 3, p99: 2, maximum: 9)
    // A name of the kernel's longest, and a container beside it where there is room.
    return TableColumn.fitting(width - max(18, min(46, width * 4 / 9)), of: all)
  }
}
