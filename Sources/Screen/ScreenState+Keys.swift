// SPDX-License-Identifier: Apache-2.0

import Statistics

extension ScreenState {
  /// A request to the program that a key makes beyond the picture.
  package enum Action: Equatable, Sendable {
    case none, quit, reset
    /// This many intervals back in time (below 0) or forward.
    case step(Int)
    /// Back to now.
    case now
  }

  /// Bytes of the longest filter.
  static let longestFilter = 256

  /// The intervals of a long step.
  static let longStep = 60

  /// Takes in a key. `content` is what is on the screen, and `map` where.
  package mutating func press(_ key: Key, _ content: ScreenContent, _ map: ScreenMap) -> Action {
    let rows = map.listRows
    switch mode {
    case .help:
      mode = .normal
      return key == .quit ? .quit : .none
    case .filter:
      edit(key)
      return .none
    case .reset:
      mode = .normal
      return key == .character("y") || key == .character("Y") ? .reset : .none
    case .normal: break
    }
    switch key {
    case .character(let character): return press(character, content, rows: rows)
    case .quit: return .quit
    case .help: mode = .help
    case .up: move(-1, content)
    case .down: move(1, content)
    case .pageUp: move(-max(1, rows - 1), content)
    case .pageDown: move(max(1, rows - 1), content)
    case .home: move(-1_000_000, content)
    case .end: move(1_000_000, content)
    case .enter, .right: open(content)
    case .escape: goBack()
    case .left, .backspace: leave()
    case .tab: turn(1, map)
    case .backTab: turn(-1, map)
    case .click(let row, let column): click(row, column, content, map)
    case .wheel(let up, let row, let column):
      if view == .overview, let panel = map.panel(row: row, column: column) { focus = panel }
      move(up ? -3 : 3, content)
    }
    return .none
  }

  private mutating func press(_ character: Character, _ content: ScreenContent, rows: Int) -> Action {
    switch character {
    case "q", "Q": return .quit
    case "[": return .step(-1)
    case "]": return .step(1)
    case "{": return .step(-Self.longStep)
    case "}": return .step(Self.longStep)
    case "0": return .now
    case "?", "h": mode = .help
    case "p", " ": isPaused.toggle()
    case "/", "f": if case .exchange = view { break } else { mode = .filter }
    case "n": find(.next, content)
    case "N": find(.previous, content)
    case "s": sort = Self.next(sort, 1)
    case "S": isReversed.toggle()
    case "j": move(1, content)
    case "k": move(-1, content)
    case "g": move(-1_000_000, content)
    case "G": move(1_000_000, content)
    case "l": switchLive()
    case "c": turnTo(.clients)
    case "o": if case .owners = view { leave() } else { turnTo(.owners(.server)) }
    case "t": turnTo(.slowest)
    case "e": turnTo(.failures)
    case "b": if case .live = view { (isBySize, liveTop) = (!isBySize, nil) }
    case "z": mode = .reset
    case "w": window = window.next
    case "+", "=": pace = min(pace + 1, Self.paces.upperBound)
    case "-": pace = max(pace - 1, Self.paces.lowerBound)
    case "1"..."8":
      if let number = character.wholeNumberValue, let column = Column(rawValue: number - 1) { sort = column }
    default: break
    }
    return .none
  }

  /// The filter's own keys: it works while it is written.
  private mutating func edit(_ key: Key) {
    switch key {
    case .character(let character):
      if filter.utf8.count < Self.longestFilter { filter.append(character) }
    case .backspace: if filter.isEmpty { mode = .normal } else { filter.removeLast() }
    case .escape:
      filter = ""
      mode = .normal
    // What is wrong stays until it is put right or cleared.
    case .enter, .tab, .up, .down: if rows.fault == nil { mode = .normal }
    default: break
    }
  }

  /// One step back: out of a site or the live list, then out of the filter.
  private mutating func goBack() {
    if view != .overview { leave() } else { filter = "" }
  }

  /// Out of an exchange into the list, out of the list of a site into that site, else to the overview.
  private mutating func leave() {
    if let before = trail.popLast() {
      if !before.isExchanges { filter = "" }
      view = before
      return
    }
    switch view {
    case .exchange(_, let site): view = .live(site: site)
    case .live(let site?): view = .site(site)
    case .live, .site, .clients, .owners, .slowest, .failures, .overview: view = .overview
    }
  }

  /// Shows a view of all traffic, or leaves it.
  private mutating func turnTo(_ wanted: View) {
    guard view != wanted else { return leave() }
    trail = []
    view = wanted
    if view.isExchanges { (liveTop, filter) = (nil, "") }
  }

  /// Shows the latest exchanges, of the site that is looked into; or leaves them.
  private mutating func switchLive() {
    switch view {
    case .live: return leave()
    case .exchange where trail.last?.isLive == true: return leave()
    case .exchange: view = .live(site: nil)
    case .site(let name): view = .live(site: name)
    case .overview, .clients, .owners, .slowest, .failures: view = .live(site: nil)
    }
    trail = []
    liveTop = nil
    filter = ""
  }

  /// Shows the latest exchanges of the selected client.
  private mutating func openClient(_ content: ScreenContent) {
    let clients = clients(content)
    guard let client = clients.first(where: { $0.address == selectedClient }) ?? clients.first else { return }
    selectedClient = client.address
    switchLive()
    trail = [.clients]
    filter = "client=\(client.address)"
  }

  /// Looks into the selected site, or into the most visited one when that panel has the keys; in the live list, into
  /// the exchange that is held, or the newest one.
  private mutating func open(_ content: ScreenContent) {
    if view.isExchanges {
      let (lines, top) = exchanges(content)
      if top < lines.count {
        // The list is as it was after the look.
        liveTop = lines[top].number
        trail.append(view)
        let site: String? = if case .live(let site) = view { site } else { nil }
        view = .exchange(lines[top], site: site)
      }
      return
    }
    if view == .clients { return openClient(content) }
    guard view == .overview else { return }
    let name: String?
    switch focus {
    case .recent: name = content.recent.sites.first { $0.requests > 0 }?.name
    default:
      let sites = sites(content)
      name = (sites.first { $0.name == selected } ?? sites.first)?.name
    }
    if let name { open(site: name) }
  }

  private mutating func move(_ steps: Int, _ content: ScreenContent) {
    switch view {
    case .live, .slowest, .failures:
      let (lines, top) = exchanges(content)
      let next = max(0, min(top + steps, lines.count - 1))
      // Who scrolls reads: the line stays where it is, until the top is reached again.
      liveTop = next > 0 && next < lines.count ? lines[next].number : nil
    case .exchange: break
    case .site: scroll(.recent, steps, content)
    case .clients:
      let clients = clients(content)
      guard !clients.isEmpty else { return }
      let index = clients.firstIndex { $0.address == selectedClient } ?? 0
      selectedClient = clients[max(0, min(index + steps, clients.count - 1))].address
    case .owners(let role):
      let owners = owners(role, content)
      guard !owners.isEmpty else { return }
      let index = owners.firstIndex { $0.label == selectedOwner } ?? 0
      selectedOwner = owners[max(0, min(index + steps, owners.count - 1))].label
    case .overview:
      guard focus == .sites else { return scroll(focus, steps, content) }
      let sites = sites(content)
      guard !sites.isEmpty else { return }
      let index = sites.firstIndex { $0.name == selected } ?? 0
      selected = sites[max(0, min(index + steps, sites.count - 1))].name
    }
  }

  /// Scrolls a list; how far it may go, the panel knows, and says so when it is drawn.
  private mutating func scroll(_ panel: Panel, _ steps: Int, _ content: ScreenContent) {
    let longest =
      switch panel {
      case .sites: content.shown.sites.count
      case .alerts: content.alerts.items.count
      case .recent: sections(content).count
      case .methods: content.shown.methods.count
      case .statuses: content.shown.statuses.count + content.shown.totals.calls.statuses.count
      }
    scroll[panel] = max(0, min((scroll[panel] ?? 0) + steps, longest - 1))
  }

  /// The sections that the view shows.
  func sections(_ content: ScreenContent) -> [SectionCounts] {
    guard case .site(let name) = view else { return content.recent.sites.first?.sections ?? [] }
    let rows = rows
    return ordered(
      (content.shown.sites.first { $0.name == name }?.sections ?? []).filter { passes($0, rows) })
  }

  /// On to the next panel that is on the screen, or to the other side's owners.
  private mutating func turn(_ steps: Int, _ map: ScreenMap) {
    if case .owners(let role) = view { return view = .owners(role == .server ? .client : .server) }
    guard view == .overview else { return }
    let panels = Panel.allCases.filter { map.panels[$0] != nil }
    guard !panels.isEmpty else { return }
    let index = panels.firstIndex(of: focus) ?? 0
    focus = panels[(index + steps + panels.count) % panels.count]
  }

  /// A click gives a panel the keys and selects a site; a click on the selected one opens it.
  private mutating func click(_ row: Int, _ column: Int, _ content: ScreenContent, _ map: ScreenMap) {
    guard view == .overview, let panel = map.panel(row: row, column: column) else { return }
    let hadKeys = focus == panel
    focus = panel
    guard panel == .sites, let name = map.sites[row] else { return }
    if hadKeys, selected == name { open(content) }
    selected = name
  }

  private static func next(_ column: Column, _ steps: Int) -> Column {
    Column(rawValue: (column.rawValue + steps) % Column.allCases.count) ?? .requests
  }
}
