// SPDX-License-Identifier: Apache-2.0

package import Statistics

/// The operator's choices: which view, which order, which row. Keys change it; it draws nothing.
package struct ScreenState: Equatable, Sendable {
  package enum View: Equatable, Sendable {
    case overview
    /// A look into one site.
    case site(String)
    /// The clients.
    case clients
    /// The processes that serve, or those that ask.
    case owners(OwnerCounts.Role)
    /// The slowest exchanges.
    case slowest
    /// The last exchanges that failed.
    case failures
    /// The latest exchanges, of one site or of all.
    case live(site: String?)
    /// A look into one exchange of that list.
    case exchange(ExchangeLine, site: String?)

    /// Whether it is a list of single exchanges.
    var isExchanges: Bool {
      switch self {
      case .live, .slowest, .failures: true
      case .overview, .site, .clients, .owners, .exchange: false
      }
    }

    /// Whether all single exchanges are recorded for it.
    package var isLive: Bool {
      switch self {
      case .live, .exchange: true
      case .overview, .site, .clients, .owners, .slowest, .failures: false
      }
    }
  }

  /// The dialogue that takes the keys, besides the view's own.
  package enum Mode: Equatable, Sendable { case normal, help, filter, reset }

  /// The panels that `tab` goes through, in this order.
  package enum Panel: Int, Sendable, CaseIterable { case sites, alerts, recent, methods, statuses }

  /// The columns that sites are in order of.
  package enum Column: Int, Sendable, CaseIterable {
    case requests, successes, failures, unanswered, p50, p99, maximum, name
  }

  /// Seconds between two pictures that `+` and `-` allow.
  package static let paces: ClosedRange<Int> = 1...60

  package var view = View.overview
  package var mode = Mode.normal
  package var focus = Panel.sites
  package var isPaused = false
  private var filters: [FilteredList: RowFilter] = [:]
  /// What each list was filtered by last, for `n` after the filter was cleared.
  private var searches: [FilteredList: RowFilter] = [:]
  package var sort = Column.requests
  /// How far back the tables go.
  package var window = StatisticsWindow.minute
  package var isReversed = false
  /// The site that the keys are on; the first one when it is not in the list.
  package var selected: String?
  /// The client that the keys are on; the first one when it is not in the list.
  package var selectedClient: String?
  /// The owner that the keys are on, as its table calls it; the first one when it is not in the list.
  package var selectedOwner: String?
  /// The views that lead to this one, where that is not plain from the view itself.
  var trail: [View] = []
  /// Rows that are scrolled out of sight at the top, of lists without a selected row.
  package var scroll: [Panel: Int] = [:]
  /// The number of the exchange that is held at the top of the live list; nil while the list follows the newest.
  package var liveTop: UInt64?
  /// The latest exchanges are in order of size, the largest body first.
  package var isBySize = false
  /// Seconds between two pictures.
  package var pace = 1

  package init() {}

  /// The list that the view's filter is for.
  var filtered: FilteredList {
    switch view {
    case .overview: .sites
    case .site: .sections
    case .clients: .clients
    case .owners: .owners
    case .live, .exchange, .slowest, .failures: .exchanges
    }
  }

  /// What the rows of the view's list must contain, a `~` and a regular expression that they match, or a condition.
  package var filter: String {
    get { rows.text }
    set {
      guard newValue != rows.text else { return }
      let filter = RowFilter(newValue, of: filtered)
      filters[filtered] = filter
      if !filter.isEmpty { searches[filtered] = filter }
    }
  }

  /// What that comes to.
  var rows: RowFilter { filters[filtered] ?? RowFilter() }

  /// What `n` looks for: the filter, or the last one.
  var search: RowFilter { searches[filtered] ?? RowFilter() }

  /// Looks into a site; a filter for the sections of the one before is forgotten.
  mutating func open(site name: String) {
    selected = name
    scroll[.recent] = 0
    view = .site(name)
    filter = ""
  }

  /// The sites that pass the filter, in the chosen order.
  func sites(_ content: ScreenContent) -> [SiteCounts] {
    let rows = rows
    return ordered(content.shown.sites.filter { $0.requests > 0 && Self.passes($0, rows) })
  }

  static func passes(_ site: SiteCounts, _ rows: RowFilter) -> Bool {
    rows.passes([site.name] + site.sections.map(\.name), site.subjects)
  }

  /// Whether a section of the site that is looked into stays.
  func passes(_ section: SectionCounts, _ rows: RowFilter) -> Bool {
    let site: String = if case .site(let name) = view { name } else { "" }
    return rows.passes([section.name], [TableSubject(site: site, section: section.name)])
  }

  static func passes(_ client: ClientCounts, _ rows: RowFilter) -> Bool {
    rows.passes([client.address], [TableSubject(client: client.address)])
  }

  static func passes(_ owner: OwnerCounts, _ rows: RowFilter) -> Bool {
    rows.passes(owner.words, [owner.subject])
  }

  func passes(_ line: ExchangeLine) -> Bool {
    if case .live(let site?) = view, line.site != site { return false }
    return Self.passes(line, rows)
  }

  static func passes(_ line: ExchangeLine, _ rows: RowFilter) -> Bool {
    let status = line.status == 0 ? "-" : "\(line.status)"
    return rows.passes([line.site, line.path, line.client, line.method, status], [line])
  }

  /// The exchanges that pass the filter, newest first, and the index of the one that is at the top.
  func exchanges(_ content: ScreenContent) -> (lines: [ExchangeLine], top: Int) {
    let all =
      switch view {
      case .slowest: content.slowest
      case .failures: content.failures
      default: content.exchanges
      }
    var lines = all.filter(passes)
    let isBySize = isBySize && view.isLive
    if isBySize {
      lines = lines.enumerated().sorted { a, b in
        let (first, second) = (a.element.bytes ?? 0, b.element.bytes ?? 0)
        return first == second ? a.offset < b.offset : first > second
      }.map(\.element)
    }
    guard let liveTop else { return (lines, 0) }
    // These are not in the order of their numbers: one that has left the list leads to its top.
    if view == .slowest || isBySize { return (lines, lines.firstIndex { $0.number == liveTop } ?? 0) }
    // The line itself, or the next older one where the filter hides it.
    return (lines, lines.firstIndex { $0.number <= liveTop } ?? max(0, lines.count - 1))
  }
}
