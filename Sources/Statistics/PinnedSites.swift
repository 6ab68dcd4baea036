// SPDX-License-Identifier: Apache-2.0

import System
import HTTP1
import Text

/// Sites that are counted exactly, however rare they are: each has a place of its own in every worker's
/// table, which no other name can take.
///
/// The places follow from the names' hashes, so they are known before the first packet: the hot path
/// finds such a site like any other one.
package struct PinnedSites: Sendable {
  /// One of them.
  struct Site: Sendable {
    var name: String
    var hash: UInt64
    /// Its place in a table of `capacity` names.
    var slot: Int
  }

  /// Names at most.
  package static let limit = 64
  /// In a set, so that the other names keep places as well.
  private static let waysAtMost = SpaceSaving.ways - 3

  let sites: [Site]
  /// The seed that the workers' trackers hash names with.
  package let seed: UInt64

  /// No site at all.
  package static func none(seed: UInt64) -> PinnedSites { PinnedSites(sites: [], seed: seed) }

  private init(sites: [Site], seed: UInt64) { (self.sites, self.seed) = (sites, seed) }

  /// Places for names without repetition. When too many of them fall into one set of the table, another
  /// seed is taken: the next number that serves, so that the same names and seed give the same places.
  package init(_ names: [String], seed: UInt64, budgets: StatisticsBudgets) throws(StatisticsError) {
    guard names.count <= Self.limit else { throw StatisticsError.watchedSites(names.count) }
    let capacity = budgets.roundedUp.sites
    for attempt in 0..<1000 as Range<UInt64> {
      if let sites = Self.places(names, seed: seed &+ attempt, capacity: capacity) {
        self.init(sites: sites, seed: seed &+ attempt)
        return
      }
    }
    throw StatisticsError.watchedSites(names.count)
  }

  private static func places(_ names: [String], seed: UInt64, capacity: Int) -> [Site]? {
    var sites: [Site] = []
    var used: [Int: Int] = [:]
    for name in names {
      let bytes = Array(name.utf8)
      let hash = NameHash.hash(bytes.rawSpan, seed: seed)
      let first = SpaceSaving.firstSlot(hash, capacity: capacity)
      let way = used[first, default: 0]
      guard way < waysAtMost else { return nil }
      used[first] = way + 1
      sites.append(Site(name: name, hash: hash, slot: first + way))
    }
    return sites
  }
}
