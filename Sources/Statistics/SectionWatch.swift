// SPDX-License-Identifier: Apache-2.0

import System

/// A section that an alert rule is about: of one site, or of all of them together.
package struct WatchedSection: Hashable, Sendable {
  /// Sections at most, since a mask of 64 bits says which of them a request is for.
  package static let limit = 64

  /// The site; nil for all sites together.
  package var site: String?
  /// The section, as pages show it: `/api`.
  package var path: String

  package init(site: String?, path: String) { (self.site, self.path) = (site, path) }
}

/// The watched sections that a worker's requests are for, one bit each.
///
/// Names are compared once for each occupant of a slot of the table of sections; a head costs one load. What is pending
/// keeps its bits, so that the end counts even after the section has lost its slot.
final class SectionWatch {
  /// The state of a slot's occupant.
  private struct Mark: BitwiseCopyable {
    var sections: UInt64 = 0
    /// The occupant; 0 when none was looked at.
    var generation: UInt32 = 0
  }

  private let names: [(site: [UInt8]?, path: [UInt8])]
  private let marks: ZeroedStorage<Mark>
  /// The sections that a pending exchange was counted for.
  private let credits: ZeroedStorage<UInt64>

  init(
    _ sections: [WatchedSection], _ budgets: StatisticsBudgets
  ) throws(StatisticsError) {
    names = sections.prefix(WatchedSection.limit).map {
      ($0.site.map { Array($0.utf8) }, Array($0.path.utf8))
    }
    marks = try ZeroedStorage(count: sections.isEmpty ? 0 : budgets.roundedUp.sections)
    credits = try ZeroedStorage(count: sections.isEmpty ? 0 : budgets.pendingExchanges)
  }

  /// The watched sections that the occupant of a slot of `table`, of a site in a slot of `sites`, is.
  func sections(_ slot: Int, of table: SpaceSaving, site: Int, of sites: SpaceSaving) -> UInt64 {
    let generation = table.generation(slot)
    if marks[slot].generation == generation { return marks[slot].sections }
    var sections: UInt64 = 0
    for (index, name) in names.enumerated()
    where table.isNamed(slot, name.path) && (name.site.map { sites.isNamed(site, $0) } ?? true) {
      sections |= 1 << UInt64(index)
    }
    marks[slot] = Mark(sections: sections, generation: generation)
    return sections
  }

  /// Remembers what a pending exchange was counted for.
  func remember(_ sections: UInt64, exchange: Int) {
    if exchange < credits.count { credits[exchange] = sections }
  }

  /// What a pending exchange was counted for, once.
  func take(exchange: Int) -> UInt64 {
    guard exchange < credits.count else { return 0 }
    let sections = credits[exchange]
    credits[exchange] = 0
    return sections
  }
}

extension TallyWriter {
  /// Counts a request, whose section has this slot, for the watched sections.
  @inline(never)
  func countWatched(section slot: Int, site: Int, exchange: Int?, _ tally: Tally) {
    var left = watchedSections.sections(slot, of: sections, site: site, of: sites)
    if let exchange { watchedSections.remember(left, exchange: exchange) }
    while left != 0 {
      let index = left.trailingZeroBitCount
      left &= left &- 1
      tally.watchedSections.claim(index, generation: 1, owner: 0, error: 0)
      tally.watchedSections.rows[index].counts.requests &+= 1
    }
  }

  /// Counts the end of an exchange for the watched sections that its request was for; `status` is the place of a status
  /// whose latency counts.
  @inline(never)
  func settleWatched(exchange: Int, _ counts: NameCounts, latency: UInt64, status: Int?, _ tally: Tally) {
    var left = watchedSections.take(exchange: exchange)
    while left != 0 {
      let index = left.trailingZeroBitCount
      left &= left &- 1
      tally.watchedSections.claim(index, generation: 1, owner: 0, error: 0)
      tally.watchedSections.rows[index].counts.add(counts)
      if let status { tally.watchedSections.record(latency, status: status, slot: index) }
    }
  }
}

extension Timeline {
  /// What the open interval brought to the sections that are watched.
  var watchedSectionTraffic: [WatchedTraffic] {
    watchedSections.enumerated().map { index, section in
      WatchedTraffic(
        .section(section), replicas.map { (rows: $0.watchedSections, slot: index) })
    }
  }
}
