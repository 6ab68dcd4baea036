// SPDX-License-Identifier: Apache-2.0

/// The details of one site beyond its counts: for callers that ask for it by name.
package struct SiteDetail: Equatable, Sendable {
  /// Answers by status, as `404` or `other 4xx`; in order of count, then of name.
  package var statuses: [NamedCount] = []
  /// The numbers of answers that took about so long; the shortest first, empty buckets left out.
  package var latencies: [LatencyCount] = []
  package init() {}
}

/// The exchanges of one bucket of a histogram.
package struct LatencyCount: Equatable, Sendable {
  /// The middle of the bucket, nanoseconds: the latencies are within 6.3 % of it.
  package var nanoseconds: UInt64
  package var count: UInt64
  package init(nanoseconds: UInt64, count: UInt64) {
    self.nanoseconds = nanoseconds
    self.count = count
  }
}

extension Timeline {
  /// A site in detail; nil when it is not in these rows (any more).
  func site(_ name: String, _ scope: WorkerReplica.Scope) -> SiteDetail? {
    let buckets = LatencyBuckets.coarse
    var sums = [UInt64](repeating: 0, count: buckets.count)
    var statuses = [UInt64](repeating: 0, count: StatusPlaces.count)
    var isKnown = false
    for replica in replicas {
      let rows = replica.sites.rows(scope)
      for position in 0..<rows.count {
        let slot = rows.slot(at: position)
        guard replica.sites.name(slot) == name else { continue }
        isKnown = true
        rows.add(slot, toBuckets: &sums, statuses: &statuses)
      }
    }
    guard isKnown else { return nil }
    var detail = SiteDetail()
    detail.statuses = statuses.enumerated().filter { $0.element > 0 }
      .map { NamedCount(name: StatusPlaces.name($0.offset), count: $0.element) }
      .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    detail.latencies = sums.enumerated().filter { $0.element > 0 }
      .map { LatencyCount(nanoseconds: buckets.middle($0.offset), count: $0.element) }
    return detail
  }
}
