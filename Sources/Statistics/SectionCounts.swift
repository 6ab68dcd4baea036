// SPDX-License-Identifier: Apache-2.0

import System

/// A section's share of its site's traffic.
package struct SectionCounts: Equatable, Sendable {
  package var name: String
  /// Requests.
  package var requests: UInt64 = 0
  /// Exchanges by outcome, since the section has been tracked.
  package var successes: UInt64 = 0
  package var failures: UInt64 = 0
  package var unanswered = UnansweredRequests()
  /// See `SparseLatencies` for the precision of its quantiles.
  package var latency = LatencySummary()
  /// Latencies by code, when somebody asked for them.
  package var detail = CodeCounts()
  /// Whether requests alone are known, and the other members say nothing: histories of earlier versions have no more.
  package var isRequestsOnly = false

  package init(name: String, requests: UInt64 = 0) { (self.name, self.requests) = (name, requests) }
}

/// The sections of an interval, a window or the life, merged over the workers.
extension Timeline {
  /// The sections in these slots of workers, by name; those with the most requests first.
  func sectionCounts(
    _ scope: WorkerReplica.Scope, _ places: [(replica: Int, slot: Int)]
  ) -> [SectionCounts] {
    guard !places.isEmpty else { return [] }
    let named = Dictionary(grouping: places) { replicas[$0.replica].sections.name($0.slot) }
    let sections = named.map { name, places in
      var section = SectionCounts(name: name)
      let parts = places.map { (rows: replicas[$0.replica].sections.rows(scope), slot: $0.slot) }
      for part in parts {
        let row = part.rows.rows[part.slot]
        section.requests &+= row.counts.requests
        // As for sites: what was inherited is among what lost its row.
        if scope == .life { section.requests &+= min(row.error, part.rows.other.counts.requests) }
        section.successes &+= row.counts.successes
        section.failures &+= row.counts.failures
        section.unanswered.add(row.counts.unanswered)
      }
      section.latency = CounterRows.latency(parts)
      if keepsDetails(scope) { section.detail = CounterRows.detail(parts) }
      return section
    }
    return sections.sorted { ($1.requests, $0.name) < ($0.requests, $1.name) }
  }
}
