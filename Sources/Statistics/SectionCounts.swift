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
    var named = places.map { replica, slot in
      let table = replicas[replica].sections
      return (name: table.name(slot), part: (rows: table.rows(scope), slot: slot))
    }
    // One worker has each name of a site once.
    if replicas.count > 1 { named.sort { $0.name < $1.name } }
    var sections: [SectionCounts] = []
    sections.reserveCapacity(named.count)
    var rest = named[...]
    while let name = rest.first?.name {
      let same = rest.prefix { $0.name == name }
      rest = rest[same.endIndex...]
      sections.append(section(name, scope, same.lazy.map(\.part)))
    }
    return sections.sorted { ($1.requests, $0.name) < ($0.requests, $1.name) }
  }

  /// What these rows of a section come to.
  private func section(
    _ name: String, _ scope: WorkerReplica.Scope, _ parts: some Sequence<(rows: CounterRows, slot: Int)>
  ) -> SectionCounts {
    var section = SectionCounts(name: name)
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
}
