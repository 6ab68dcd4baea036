// SPDX-License-Identifier: Apache-2.0

import Statistics

/// The direction of `n` and `N`.
enum SearchDirection: Int { case next = 1, previous = -1 }

extension ScreenState {
  /// On to the next row that the view's filter finds, or the one before; after the last one again to the first. It looks
  /// for what was filtered last where the filter was cleared since.
  mutating func find(_ direction: SearchDirection, _ content: ScreenContent) {
    let search = search
    guard !search.isEmpty else { return }
    switch view {
    case .overview:
      let sites = sites(content)
      let index = sites.firstIndex { $0.name == selected } ?? 0
      guard let found = Self.index(after: index, in: sites, direction, where: { Self.passes($0, search) })
      else { return }
      focus = .sites
      selected = sites[found].name
    case .site:
      let sections = sections(content)
      let index = scroll[.recent] ?? 0
      scroll[.recent] = Self.index(after: index, in: sections, direction) { passes($0, search) } ?? index
    case .clients:
      let clients = clients(content)
      let index = clients.firstIndex { $0.address == selectedClient } ?? 0
      guard let found = Self.index(after: index, in: clients, direction, where: { Self.passes($0, search) })
      else { return }
      selectedClient = clients[found].address
    case .owners(let role):
      let owners = owners(role, content)
      let index = owners.firstIndex { $0.label == selectedOwner } ?? 0
      guard let found = Self.index(after: index, in: owners, direction, where: { Self.passes($0, search) })
      else { return }
      selectedOwner = owners[found].label
    case .live, .slowest, .failures:
      let (lines, top) = exchanges(content)
      // A list that follows the newest has no row yet that was found.
      let index = liveTop == nil && direction == .next ? -1 : top
      guard let found = Self.index(after: index, in: lines, direction, where: { Self.passes($0, search) })
      else { return }
      liveTop = lines[found].number
    case .exchange: break
    }
  }

  /// The index of the next row that passes, all round; nil when none does.
  private static func index<Row>(
    after index: Int, in rows: [Row], _ direction: SearchDirection, where passes: (Row) -> Bool
  ) -> Int? {
    guard !rows.isEmpty else { return nil }
    for step in 1...rows.count {
      let next = (index + direction.rawValue * step) % rows.count
      let candidate = next < 0 ? next + rows.count : next
      if passes(rows[candidate]) { return candidate }
    }
    return nil
  }
}
