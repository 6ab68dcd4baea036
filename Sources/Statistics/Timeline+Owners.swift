// SPDX-License-Identifier: Apache-2.0

import Exchanges
import Owners
import System

extension Timeline {
  /// The owners of both ends in an interval or in the life; nil when nobody looks for them.
  func ownerCounts(_ scope: WorkerReplica.Scope) -> [OwnerCounts]? {
    guard let table = owners else { return nil }
    return ownerCounts(.server, replicas.map { $0.servingOwners.rows(scope) }, table)
      + ownerCounts(.client, replicas.map { $0.askingOwners.rows(scope) }, table)
  }

  /// What the open interval brought to the owners that are watched.
  var watchedOwnerTraffic: [WatchedTraffic] {
    guard !watchedOwners.isEmpty else { return [] }
    var parts: [OwnerCondition: [(rows: CounterRows, slot: Int)]] = [:]
    for rows in replicas.map(\.servingOwners.interval) {
      for position in 0..<rows.count {
        let slot = rows.slot(at: position)
        let reference = OwnerReference(place: UInt16(slot), generation: rows.rows[slot].generation)
        guard let owner = owners?.process(reference)?.owner else { continue }
        for condition in watchedOwners where condition.matches(owner) {
          parts[condition, default: []].append((rows, slot))
        }
      }
    }
    return watchedOwners.map { WatchedTraffic(.owners($0), parts[$0] ?? []) }
  }

  /// One side, in order of requests, then of name.
  private func ownerCounts(
    _ role: OwnerCounts.Role, _ tables: [CounterRows], _ table: OwnerTable
  ) -> [OwnerCounts] {
    var parts: [OwnerReference: [(rows: CounterRows, slot: Int)]] = [:]
    var other = OwnerCounts(role: role, process: OwnerProcess(owner: .other))
    for rows in tables {
      for position in 0..<rows.count {
        let slot = rows.slot(at: position)
        let reference = OwnerReference(place: UInt16(slot), generation: rows.rows[slot].generation)
        parts[reference, default: []].append((rows, slot))
      }
      other.add(rows.other.counts)
    }
    var counts: [OwnerCounts] = []
    for (reference, parts) in parts {
      let isUnknown = reference.place == OwnerReference.unknown.place
      let process = isUnknown ? nil : table.process(reference)
      var row = OwnerCounts(role: role, process: process)
      for part in parts { row.add(part.rows.rows[part.slot].counts) }
      if !isUnknown, process == nil || process?.owner == .other {
        // Another owner has its place by now.
        for part in parts { other.add(part.rows.rows[part.slot].counts) }
        continue
      }
      row.latency = CounterRows.latency(parts)
      counts.append(row)
    }
    if other.requests > 0 { counts.append(other) }
    return counts.sorted { ($1.requests, $0.key) < ($0.requests, $1.key) }
  }
}

extension OwnerCounts {
  fileprivate var key: String { "\(process?.owner.process ?? "") \(process?.owner.place ?? "")" }
}
