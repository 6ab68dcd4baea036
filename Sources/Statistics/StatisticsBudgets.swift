// SPDX-License-Identifier: Apache-2.0

/// The number of names that the statistics may hold at once; what is beyond is counted in `other`.
///
/// Numbers are rounded up to a power of two. With the defaults and hostile traffic that fills every
/// table with the longest names, a worker and its share of the timeline stay below 32 MiB.
package struct StatisticsBudgets: Equatable, Sendable {
  /// Sites, 8 to 65,536.
  package var sites: Int = 2048
  /// Pairs of site and section, 8 to 131,072.
  package var sections: Int = 4096
  /// Addresses of clients, 8 to 65,536.
  package var clients: Int = 512
  /// Methods outside of the registered list, 8 to 1,024.
  package var methods: Int = 32
  /// Pairs of site and gRPC method, 8 to 16,384.
  package var calls: Int = 256
  /// Pairs of site and owner that serves it, 8 to 16,384.
  package var siteOwners: Int = 512
  /// Buckets of sections' latencies that a second or an interval has room for; the life has twice as many.
  var sectionCells: Int { max(SparseLatencies.groupSize, roundedUp.sections * 4) }
  /// Whether sites' requests are counted by method and version, which metrics alone need.
  package var countsKinds = true
  /// The tracker's pending exchanges: `ExchangeEvent.exchange` is below this number.
  package var pendingExchanges: Int

  package init(pendingExchanges: Int) { self.pendingExchanges = pendingExchanges }

  /// The same budgets within their ranges.
  var clamped: StatisticsBudgets {
    var budgets = self
    budgets.sites = min(max(8, sites), 65_536)
    budgets.sections = min(max(8, sections), 131_072)
    budgets.clients = min(max(8, clients), 65_536)
    budgets.methods = min(max(8, methods), 1024)
    budgets.calls = min(max(8, calls), 16_384)
    budgets.siteOwners = min(max(8, siteOwners), 16_384)
    budgets.pendingExchanges = min(max(0, pendingExchanges), 1 << 24)
    return budgets
  }
}

extension StatisticsBudgets {
  /// The budgets as the tables round them.
  var roundedUp: StatisticsBudgets {
    func power(_ number: Int) -> Int {
      var power = SpaceSaving.ways
      while power < number { power *= 2 }
      return power
    }
    var budgets = clamped
    budgets.sites = power(budgets.sites)
    budgets.sections = power(budgets.sections)
    budgets.clients = power(budgets.clients)
    budgets.methods = power(budgets.methods)
    budgets.calls = power(budgets.calls)
    budgets.siteOwners = power(budgets.siteOwners)
    return budgets
  }
}
