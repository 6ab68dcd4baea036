// SPDX-License-Identifier: Apache-2.0

extension Timeline {
  /// Fills in how the requests of a window's sites were spread over it.
  ///
  /// Where a site was not among the busiest of a slice (`SliceTable.Limit`), its part there is lower.
  func addTrends(_ window: StatisticsWindow, to snapshot: inout Snapshot) {
    guard let parts = windows?.parts(window), !parts.isEmpty else { return }
    var places: [String: Int] = [:]
    for (place, site) in snapshot.sites.enumerated() where site.requests > 0 { places[site.name] = place }
    for place in places.values {
      snapshot.sites[place].trend = Array(repeating: 0, count: parts.count)
    }
    for (worker, replica) in replicas.enumerated() {
      // A slot is looked up once: its name is made of bytes.
      var known: [UInt32: Int?] = [:]
      for (part, slices) in parts.enumerated() {
        for row in slices.compactMap({ $0.workers[worker]?.sites }).flatMap(\.rows)
        where replica.sites.isOccupant(row) {
          let place = known[row.slot] ?? places[replica.sites.name(Int(row.slot))]
          known[row.slot] = .some(place)
          if let place { snapshot.sites[place].trend[part] &+= row.counts.requests }
        }
      }
    }
  }
}
