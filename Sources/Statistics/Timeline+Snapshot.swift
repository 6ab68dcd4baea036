// SPDX-License-Identifier: Apache-2.0

import HTTP1
import System

extension Timeline {
  /// One site of one worker.
  private struct SitePart {
    var name: String
    var replica: Int
    var slot: Int
    var generation: UInt32
  }

  /// The numbers of an interval or of the life, merged over the workers and put in order.
  func snapshot(
    _ scope: WorkerReplica.Scope, of numbers: RunningTotals, top: Int?, naming: Set<String> = []
  ) -> Snapshot {
    var snapshot = Snapshot()
    snapshot.totals = numbers.totals
    snapshot.latency = numbers.latency.summary
    if keepsDetails(scope) { snapshot.detail = CodeCounts(packed: numbers.latency.packed) }
    snapshot.statuses = (100..<Tally.statusLimit).compactMap { status in
      let count = numbers.statuses[status]
      return count > 0 ? StatusCount(status: status, count: count) : nil
    }
    .sorted { ($1.count, $0.status) < ($0.count, $1.status) }
    snapshot.methods = methods(scope, of: numbers)
    addSites(scope, top: top, naming: naming, to: &snapshot)
    addClients(scope, top: top, to: &snapshot)
    snapshot.owners = ownerCounts(scope)
    return snapshot
  }

  /// Whether a snapshot holds what several of them can be added up from.
  func keepsDetails(_ scope: WorkerReplica.Scope) -> Bool { wantsDetails && scope == .interval }

  /// What the open interval brought to the pinned sites.
  var watchedSites: [WatchedTraffic] {
    pinned.sites.map { pin in
      // A pinned slot has one occupant only, so its row is that site's or not in use.
      WatchedTraffic(.site(pin.name), replicas.map { (rows: $0.sites.interval, slot: pin.slot) })
    }
  }

  private func methods(_ scope: WorkerReplica.Scope, of numbers: RunningTotals) -> [NamedCount] {
    var counts: [NamedCount] = []
    for method in Method.allCases where method != .other {
      let count = numbers.methods[Int(method.rawValue)]
      if count > 0 { counts.append(NamedCount(name: method.name, count: count)) }
    }
    // What the bounded table has not under its own name is the rest, so that the sum is exact. A
    // method that is called "other" falls together with it.
    var rest = numbers.methods[Int(Method.other.rawValue)]
    for replica in replicas {
      let rows = replica.methods.rows(scope)
      for position in 0..<rows.count {
        let slot = rows.slot(at: position)
        let count = rows.rows[slot].counts.requests
        if count > 0 { counts.append(NamedCount(name: replica.methods.name(slot), count: count)) }
        rest &-= count
      }
    }
    if rest > 0 { counts.append(NamedCount(name: Method.other.name, count: rest)) }
    return Self.merged(counts)
  }

  /// Adds up what has the same name; in order of count, then of name.
  private static func merged(_ counts: [NamedCount]) -> [NamedCount] {
    var merged: [NamedCount] = []
    for item in counts.sorted(by: { $0.name < $1.name }) {
      if let last = merged.last, last.name == item.name {
        merged[merged.count - 1].count &+= item.count
      } else {
        merged.append(item)
      }
    }
    return merged.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
  }

  /// Lists the sites: the sum over workers of counts and errors is the textbook's merge of
  /// Space-Saving summaries, and keeps its bounds.
  private func addSites(
    _ scope: WorkerReplica.Scope, top: Int?, naming: Set<String>, to snapshot: inout Snapshot
  ) {
    var sites = siteSums(scope)
    if scope == .life { snapshot.untracked = addUntracked(to: &sites) }
    sites.sort {
      ($1.counts.requests, $0.counts.name) < ($0.counts.requests, $1.counts.name)
    }
    for replica in replicas { snapshot.other.add(replica.sites.rows(scope).other) }
    let first = top.map { max(0, min($0, sites.count)) } ?? sites.count
    var listed = sites[..<first]
    for site in sites[first...] {
      if naming.contains(site.counts.name) {
        listed.append(site)
      } else {
        snapshot.other.add(site.counts)
      }
    }
    snapshot.sites = withDetails(Array(listed), scope)
  }

  /// The counts of a site and the rows that they are the sum of.
  private typealias SiteSum = (counts: SiteCounts, parts: [SitePart])

  /// The sites that have rows, each the sum of them, by name.
  private func siteSums(_ scope: WorkerReplica.Scope) -> [SiteSum] {
    var sites: [SiteSum] = []
    for part in siteParts(scope) {
      let rows = replicas[part.replica].sites.rows(scope)
      let row = rows.rows[part.slot]
      // An interval's row begins with the interval: what its occupant inherited is not in it. What it had
      // before it had a row is among what lost its row, which bounds it when the totals have been reset.
      let error = scope == .life ? min(row.error, rows.other.counts.requests) : 0
      if sites.last?.counts.name != part.name {
        sites.append((SiteCounts(name: part.name), []))
      }
      let last = sites.count - 1
      sites[last].parts.append(part)
      sites[last].counts.requests &+= row.counts.requests &+ error
      sites[last].counts.overcountMax &+= error
      sites[last].counts.successes &+= row.counts.successes
      sites[last].counts.failures &+= row.counts.failures
      sites[last].counts.unanswered.add(row.counts.unanswered)
    }
    return sites
  }

  /// Adds to the sites what workers that have no row for them may have seen of them; the requests that a site without any row
  /// may have.
  private func addUntracked(to sites: inout [SiteSum]) -> UInt64 {
    let floors = replicas.map { replica in
      // What has no row was counted in `other`, and after a reset a full set may look empty.
      let lost = replica.sites.life.other.counts.requests
      return lifeBefore == nil ? min(replica.sites.life.floor, lost) : lost
    }
    let untracked = floors.reduce(0, &+)
    // A worker whose table lacks a site may have seen it as often as it did any other such name.
    if replicas.count > 1, untracked > 0 {
      for index in sites.indices {
        let known = sites[index].parts.reduce(0) { $0 &+ floors[$1.replica] }
        sites[index].counts.requests &+= untracked &- known
        sites[index].counts.overcountMax &+= untracked &- known
      }
    }
    return untracked
  }

  /// The counts of sites with their latencies, sections, calls and owners.
  private func withDetails(_ sites: [SiteSum], _ scope: WorkerReplica.Scope) -> [SiteCounts] {
    let sections = slotsBySite(scope, \.sections), calls = slotsBySite(scope, \.calls)
    let owners = owners == nil ? [] : slotsBySite(scope, \.siteOwners)
    return sites.map { site in
      func slots(_ table: [[Int: [Int]]]) -> [(Int, Int)] {
        site.parts.flatMap { part in (table[part.replica][part.slot] ?? []).map { (part.replica, $0) } }
      }
      var counts = site.counts
      let parts = site.parts.map { (rows: replicas[$0.replica].sites.rows(scope), slot: $0.slot) }
      counts.latency = CounterRows.latency(parts)
      if keepsDetails(scope) { counts.detail = CounterRows.detail(parts) }
      counts.sections = sectionCounts(scope, slots(sections))
      counts.calls = callCounts(scope, slots(calls))
      if !owners.isEmpty { counts.owners = siteOwners(scope, slots(owners)) }
      return counts
    }
  }

  /// For each worker, the slots of what belongs to the sites that still live in their slots, by the site's slot.
  private func slotsBySite(
    _ scope: WorkerReplica.Scope, _ table: KeyPath<WorkerReplica, WorkerReplica.Table>
  ) -> [[Int: [Int]]] {
    replicas.map { replica in
      var slots: [Int: [Int]] = [:]
      let rows = replica[keyPath: table].rows(scope), sites = replica.sites.rows(scope)
      for position in 0..<rows.count {
        let slot = rows.slot(at: position)
        // The owner is the site's slot and generation; what was an earlier occupant's has no site.
        let owner = rows.rows[slot].owner, site = Int(owner & 0xffff_ffff)
        guard sites.rows[site].generation == UInt32(owner >> 32) else { continue }
        slots[site, default: []].append(slot)
      }
      return slots
    }
  }

  /// All rows of sites in use, by name.
  private func siteParts(_ scope: WorkerReplica.Scope) -> [SitePart] {
    var parts: [SitePart] = []
    for (index, replica) in replicas.enumerated() {
      let rows = replica.sites.rows(scope)
      for position in 0..<rows.count {
        let slot = rows.slot(at: position)
        parts.append(
          SitePart(
            name: replica.sites.name(slot), replica: index, slot: slot,
            generation: rows.rows[slot].generation))
      }
    }
    return parts.sorted { ($0.name, $0.replica) < ($1.name, $1.replica) }
  }
}

extension OtherSites {
  /// Adds what gave up its row.
  mutating func add(_ more: OtherCounts) {
    sites &+= more.names
    addOutcomes(of: more.counts)
  }
}
