// SPDX-License-Identifier: Apache-2.0

package import Owners

/// The traffic that was merged since the last call: steps that can be added up without an end.
///
/// `requests` of all sites and `other` are those of `totals` exactly, and so are the outcomes of
/// exchanges: names that lost their place on the way are in `other`.
package struct RecentTraffic: Equatable, Sendable {
  package var totals = TrafficTotals()
  /// Requests by `Method.rawValue`; all methods without a name of their own count as `other`.
  package var methods: [UInt64] = []
  package var statuses: [StatusCount] = []
  package var latencies = LatencyDistribution()
  /// Of the exchanges answered in this time.
  package var latency = LatencySummary()
  /// In order of name.
  package var sites: [SiteActivity] = []
  package var other = OtherSites()
  /// What is in none of `sites`: with theirs, all requests and responses, those included that belong to no request.
  package var otherKinds = RequestKinds()
  /// What owners served and asked, the exchanges that have ended; nil when nobody looks for them.
  package var owners: [OwnerActivity]?

  package init() {}
}

/// The traffic of one owner in a short time, on one side.
package struct OwnerActivity: Equatable, Sendable {
  package var role: OwnerCounts.Role
  /// Nil for the exchanges of which nobody knows who it was.
  package var owner: Owner?
  package var requests: UInt64 = 0
  package var successes: UInt64 = 0
  package var failures: UInt64 = 0
  package var unanswered = UnansweredRequests()
  package var latencies = LatencyDistribution()

  package init(role: OwnerCounts.Role, owner: Owner?) {
    self.role = role
    self.owner = owner
  }
}

/// The traffic of one site in a short time.
package struct SiteActivity: Equatable, Sendable {
  package var name: String
  package var requests: UInt64 = 0
  package var successes: UInt64 = 0
  package var failures: UInt64 = 0
  package var unanswered = UnansweredRequests()
  package var latencies = LatencyDistribution()
  package var kinds = RequestKinds()
  package init(name: String) { self.name = name }
}
