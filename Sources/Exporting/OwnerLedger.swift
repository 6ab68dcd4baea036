// SPDX-License-Identifier: Apache-2.0

import Owners
import Statistics

/// The ledger of the owners that have counters of their own: a ledger of names for each side.
///
/// A name is what the labels hold. What has other labels of the same text cannot occur: each is printable, and
/// process, unit and container are joined by what is not.
struct OwnerLedger {
  private var servers: SiteLedger
  private var clients: SiteLedger

  /// A ledger of `limit` owners on each side, 1 at least.
  init(limit: Int) {
    servers = SiteLedger(limit: limit)
    clients = SiteLedger(limit: limit)
  }

  /// Counts what was done in the `elapsed` nanoseconds up to `now`.
  mutating func add(_ owners: [OwnerActivity], at now: UInt64, elapsed: UInt64) {
    Self.add(owners.filter { $0.role == .server }, to: &servers, now, elapsed)
    Self.add(owners.filter { $0.role == .client }, to: &clients, now, elapsed)
  }

  /// The counters as they stand.
  var listing: OwnerListing {
    OwnerListing(servers: servers.listing(Snapshot()), clients: clients.listing(Snapshot()))
  }

  private static func add(
    _ owners: [OwnerActivity], to ledger: inout SiteLedger, _ now: UInt64, _ elapsed: UInt64
  ) {
    var names: [String: SiteActivity] = [:]
    var other = SiteOutcomes()
    for owner in owners {
      let name = OwnerListing.name(owner.owner)
      var activity = names[name] ?? SiteActivity(name: name)
      activity.requests &+= owner.requests
      activity.successes &+= owner.successes
      activity.failures &+= owner.failures
      activity.unanswered.add(owner.unanswered)
      activity.latencies.add(owner.latencies)
      if name == SiteLedger.otherName { other.add(SiteOutcomes(activity)) } else { names[name] = activity }
    }
    ledger.add(names.values.sorted { $0.name < $1.name }, other: other, at: now, elapsed: elapsed)
  }
}

/// The owners' counters at one moment, of both sides.
package struct OwnerListing: Equatable, Sendable {
  package var servers = SiteListing()
  package var clients = SiteListing()

  /// The name that an owner is counted under; `SiteLedger.otherName` for those without a place of their own.
  static func name(_ owner: Owner?) -> String {
    guard owner != .other else { return SiteLedger.otherName }
    let parts = [owner?.process, owner?.unit, owner?.container].map { $0 ?? "" }
    // A process that calls itself so must not have the others' labels.
    if parts == [SiteLedger.otherName, "", ""] { return SiteLedger.otherName }
    return parts.joined(separator: "\0")
  }

  /// The requests that wait, by the listed names of one side, and by `SiteLedger.otherName` for all others.
  static func inFlight(_ role: String, _ owners: [OwnerCounts], listed: Set<String>) -> [String: UInt64] {
    var counts: [String: UInt64] = [:]
    for owner in owners where owner.role.rawValue == role {
      let name = name(owner.process?.owner)
      counts[listed.contains(name) ? name : SiteLedger.otherName, default: 0] &+= owner.inFlight
    }
    return counts
  }

  /// The labels of a name: all of them, empty where there is nothing to say.
  static func labels(_ name: String) -> [(String, String)] {
    let parts = name.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
    return zip(["process", "unit", "container"], parts + ["", ""]).map { ($0, $1) }
  }
}
