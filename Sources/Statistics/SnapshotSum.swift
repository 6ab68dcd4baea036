// SPDX-License-Identifier: Apache-2.0

import Capture
import Exchanges

/// The sum of several intervals: the numbers of the time from the first to the last of them.
///
/// Totals are exact. A name that finds no row in a bounded sum belongs to no listed one from then on. Latencies are those
/// of intervals with details (`Snapshot.detail`).
package struct SnapshotSum: Sendable {
  /// Sites, clients and owners that have a row of their own at most.
  package static let rowLimit = 16_384
  /// Sections and calls of a site at most.
  static let partLimit = 4_096
  /// Owners that a site's row tells apart at most.
  static let ownerLimit = 64

  /// The names, and buckets, that all sites of a sum may still add: intervals may be anybody's, and each may have others.
  struct NamesLeft {
    var sections = 262_144
    /// Buckets of their latencies.
    var sectionBuckets = 1_048_576
    /// As many as a watch's workers tell apart.
    var calls = 16_384
  }

  /// What has no names: the last interval's end, totals, the ledger.
  private var sum = Snapshot()
  private var hasBegun = false
  private var latencies = CodeSums(codes: CodeCounts.totalCodes)
  private var methods: [String: UInt64] = [:]
  private var statuses: [Int: UInt64] = [:]
  private var sites: [String: SiteSum] = [:]
  private var clients: [ClientAddress: ClientCounts] = [:]
  private var owners: [OwnerKey: OwnerSum] = [:]
  private var hasOwners = false
  private var namesLeft = NamesLeft()

  package init() {}

  /// Adds the interval that follows those before it.
  package mutating func add(_ interval: Snapshot) {
    if !hasBegun { sum.start = interval.start }
    hasBegun = true
    sum.end = interval.end
    sum.totals.add(interval.totals)
    sum.latency.count &+= interval.latency.count
    latencies.add(interval.detail, maximum: interval.latency.maximum)
    sum.capture = sum.capture.adding(interval.capture)
    sum.ledger = sum.ledger + interval.ledger
    sum.inFlight = interval.inFlight
    for method in interval.methods where methods[method.name] != nil || methods.count < Self.partLimit {
      methods[method.name, default: 0] &+= method.count
    }
    for status in interval.statuses
    where statuses[status.status] != nil || statuses.count < Self.partLimit {
      statuses[status.status, default: 0] &+= status.count
    }
    sum.other.add(interval.other)
    for site in interval.sites { add(site) }
    sum.otherClients.clients &+= interval.otherClients.clients
    sum.otherClients.requests &+= interval.otherClients.requests
    for client in interval.clients { add(client) }
    // Nothing waits for who is in this interval no more.
    for key in owners.keys { owners[key]?.clearInFlight() }
    if let more = interval.owners {
      hasOwners = true
      for owner in more { add(owner) }
    }
  }

  /// What was added so far.
  package var snapshot: Snapshot {
    var snapshot = sum
    snapshot.latency = latencies.latency(.fine, answered: sum.latency.count)
    snapshot.methods = Self.sorted(methods)
    snapshot.statuses = statuses.map { StatusCount(status: $0.key, count: $0.value) }
      .sorted { ($1.count, $0.status) < ($0.count, $1.status) }
    snapshot.sites = sites.values.map(\.counts).sorted { ($1.requests, $0.name) < ($0.requests, $1.name) }
    snapshot.clients = clients.values.sorted {
      ($1.requests, $0.high, $0.low) < ($0.requests, $1.high, $1.low)
    }
    if hasOwners {
      snapshot.owners = [OwnerCounts.Role.server, .client].flatMap { role in
        owners.values.map(\.row).filter { $0.role == role }
          .sorted { ($1.requests, $0.key) < ($0.requests, $1.key) }
      }
    }
    return snapshot
  }

  /// A site in detail; nil when it is not in the sum.
  package func site(_ name: String) -> SiteDetail? { sites[name].map { SiteDetail($0.codes.codeCounts) } }

  static func sorted(_ counts: [String: UInt64]) -> [NamedCount] {
    counts.map { NamedCount(name: $0.key, count: $0.value) }
      .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
  }

  private mutating func add(_ site: SiteCounts) {
    guard sites[site.name] != nil || sites.count < Self.rowLimit else { return sum.other.add(site) }
    sites[site.name, default: SiteSum(site.name)].add(site, &namesLeft)
  }

  private mutating func add(_ client: ClientCounts) {
    let address = ClientAddress(high: client.high, low: client.low)
    guard clients[address] != nil || clients.count < Self.rowLimit else {
      return sum.otherClients.add(client)
    }
    var row = clients[address] ?? ClientCounts(high: client.high, low: client.low)
    row.addOutcomes(of: client)
    row.overcountMax &+= client.overcountMax
    row.slowest = max(row.slowest, client.slowest)
    clients[address] = row
  }

  private mutating func add(_ owner: OwnerCounts) {
    var key = OwnerKey(owner)
    if owners[key] == nil, owners.count >= Self.rowLimit { key = .other(owner.role) }
    owners[key, default: OwnerSum(key == OwnerKey(owner) ? owner : key.row)].add(owner)
  }
}

extension OtherSites {
  fileprivate mutating func add(_ other: OtherSites) {
    sites &+= other.sites
    addOutcomes(of: other)
  }
}

extension CaptureCounters {
  /// The sum with what a later time brought, the machine's counters included where they are known.
  fileprivate func adding(_ more: CaptureCounters) -> CaptureCounters {
    var result = self + more
    for counter in Self.machineCounters {
      let parts = [self[keyPath: counter.field], more[keyPath: counter.field]].compactMap { $0 }
      result[keyPath: counter.field] = parts.isEmpty ? nil : parts.reduce(0, &+)
    }
    return result
  }
}
