// SPDX-License-Identifier: Apache-2.0

import Exchanges
import Owners
import System

extension Timeline {
  /// What was merged since the last call, or since the start; nil unless the timeline keeps it.
  package func takeRecent() -> RecentTraffic? {
    collect()
    guard let recent else { return nil }
    var traffic = RecentTraffic()
    traffic.totals = recent.totals
    traffic.methods = recent.methods
    if recent.totals != TrafficTotals() {
      for (status, count) in recent.statuses.enumerated() where count > 0 {
        traffic.statuses.append(StatusCount(status: status, count: count))
      }
      traffic.latencies = recent.latency.distribution
      traffic.latency = recent.latency.summary
      traffic.otherKinds = RequestKinds(recent.totals, methods: recent.methods, statuses: recent.statuses)
    }
    recent.clear()
    var parts: [(name: String, rows: CounterRows, slot: Int)] = []
    for replica in replicas {
      guard let rows = replica.sites.recent else { continue }
      for position in 0..<rows.count {
        let slot = rows.slot(at: position)
        parts.append((replica.sites.name(slot), rows, slot))
      }
      traffic.other.add(rows.other)
    }
    parts.sort { $0.name < $1.name }
    for part in parts {
      if traffic.sites.last?.name != part.name { traffic.sites.append(SiteActivity(name: part.name)) }
      traffic.sites[traffic.sites.count - 1].add(part.rows, part.slot)
    }
    for site in traffic.sites { traffic.otherKinds.subtract(site.kinds) }
    for replica in replicas { replica.sites.recent?.clear() }
    traffic.owners = takeRecentOwners()
    return traffic
  }

  /// What owners did since the last call; nil when nobody looks for them.
  private func takeRecentOwners() -> [OwnerActivity]? {
    guard let table = owners else { return nil }
    var activities: [OwnerActivity] = []
    for (role, field) in [(OwnerCounts.Role.server, \WorkerReplica.servingOwners), (.client, \.askingOwners)]
    {
      for rows in replicas.compactMap({ $0[keyPath: field].recent }) {
        for position in 0..<rows.count {
          let slot = rows.slot(at: position), row = rows.rows[slot]
          let reference = OwnerReference(place: UInt16(slot), generation: row.generation)
          let isUnknown = reference.place == OwnerReference.unknown.place
          // One whose place another owner has by now is among the others.
          let owner = isUnknown ? nil : table.process(reference)?.owner ?? .other
          var activity = OwnerActivity(role: role, owner: owner)
          activity.addOutcomes(of: row.counts)
          if row.counts.answered > 0 { activity.latencies = rows.distribution(slot) }
          activities.append(activity)
        }
        if rows.other.counts.requests > 0 {
          var other = OwnerActivity(role: role, owner: .other)
          other.addOutcomes(of: rows.other.counts)
          activities.append(other)
        }
        rows.clear()
      }
    }
    return activities
  }
}

extension SiteActivity {
  fileprivate mutating func add(_ rows: CounterRows, _ slot: Int) {
    let counts = rows.rows[slot].counts
    addOutcomes(of: counts)
    if counts.answered > 0 { latencies.add(rows.distribution(slot)) }
    kinds.add(rows.kinds(slot))
  }
}
