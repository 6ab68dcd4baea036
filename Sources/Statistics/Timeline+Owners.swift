// SPDX-License-Identifier: Apache-2.0

import Exchanges
import Owners
import System

extension Timeline {
  /// The owners of both ends in an interval or in the life; nil when nobody looks for them.
  func ownerCounts(_ scope: WorkerReplica.Scope) -> [OwnerCounts]? {
    guard let table = owners else { return nil }
    let detailed = keepsDetails(scope)
    return ownerCounts(.server, replicas.map { $0.servingOwners.rows(scope) }, table, detailed)
      + ownerCounts(.client, replicas.map { $0.askingOwners.rows(scope) }, table, detailed)
  }

  /// Tells who has how many exchanges more: that decides who keeps a place.
  func weighOwners(_ tally: Tally) {
    guard let owners else { return }
    var exchanges: [(owner: OwnerReference, count: UInt64)] = []
    for rows in [tally.servingOwners, tally.askingOwners] {
      for position in 0..<rows.count {
        let slot = rows.slot(at: position), row = rows.rows[slot]
        exchanges.append(
          (OwnerReference(place: UInt16(slot), generation: row.generation), row.counts.requests))
      }
    }
    if !exchanges.isEmpty { owners.count(exchanges) }
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

  /// Who served a site, from these slots of workers, in order of exchanges, then of name.
  func siteOwners(_ scope: WorkerReplica.Scope, _ places: [(replica: Int, slot: Int)]) -> [SiteOwner] {
    guard let table = owners else { return [] }
    var found: [SiteOwner] = []
    for (replica, slot) in places {
      let reference = replicas[replica].siteOwners.owner(slot)
      let counts = replicas[replica].siteOwners.rows(scope).rows[slot].counts
      let isUnknown = reference.place == OwnerReference.unknown.place
      // One whose place another owner has by now is among the others.
      let process = isUnknown ? nil : table.process(reference) ?? OwnerProcess(owner: .other)
      let index = found.firstIndex { $0.process?.owner == process?.owner } ?? found.count
      if index == found.count { found.append(SiteOwner(process: process)) }
      found[index].requests &+= counts.requests
      found[index].failures &+= counts.failures
    }
    return found.sorted { ($1.requests, $0.key) < ($0.requests, $1.key) }
  }

  /// One side, in order of requests, then of name.
  private func ownerCounts(
    _ role: OwnerCounts.Role, _ tables: [CounterRows], _ table: OwnerTable, _ isDetailed: Bool
  ) -> [OwnerCounts] {
    var parts: [OwnerReference: [(rows: CounterRows, slot: Int)]] = [:]
    var other = OwnerCounts(role: role, process: OwnerProcess(owner: .other))
    for rows in tables {
      for position in 0..<rows.count {
        let slot = rows.slot(at: position)
        let reference = OwnerReference(place: UInt16(slot), generation: rows.rows[slot].generation)
        parts[reference, default: []].append((rows, slot))
      }
      other.addOutcomes(of: rows.other.counts)
    }
    var counts: [OwnerCounts] = []
    var waiting: [OwnerReference: UInt64] = [:]
    for (owner, count) in replicas.flatMap({ $0.ownersInFlight.counts(role) }) {
      waiting[owner, default: 0] += count
      // One that has answered nothing yet has a row as well.
      if parts[owner] == nil { parts[owner] = [] }
    }
    for (reference, parts) in parts {
      let isUnknown = reference.place == OwnerReference.unknown.place
      let process = isUnknown ? nil : table.process(reference)
      var row = OwnerCounts(role: role, process: process)
      for part in parts { row.addOutcomes(of: part.rows.rows[part.slot].counts) }
      row.inFlight = waiting[reference] ?? 0
      if !isUnknown, process == nil || process?.owner == .other {
        // Another owner has its place by now.
        for part in parts { other.addOutcomes(of: part.rows.rows[part.slot].counts) }
        other.inFlight &+= row.inFlight
        continue
      }
      row.latency = CounterRows.latency(parts)
      if isDetailed { row.detail = CounterRows.detail(parts) }
      counts.append(row)
    }
    if other.requests > 0 || other.inFlight > 0 { counts.append(other) }
    return counts.sorted { ($1.requests, $0.key) < ($0.requests, $1.key) }
  }
}

extension OwnerCounts {
  /// What rows with equally many requests are ordered by.
  var key: String { process.sortKey }
}

extension SiteOwner {
  var key: String { process.sortKey }
}

extension OwnerProcess? {
  /// What rows with equally many requests are ordered by.
  fileprivate var sortKey: String { "\(self?.owner.process ?? "") \(self?.owner.place ?? "")" }
}
