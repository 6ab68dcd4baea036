// SPDX-License-Identifier: Apache-2.0

/// What was merged since the last time somebody asked: steps that can be added up without an end.
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

  package init() {}
}

/// What one site did in a short time.
package struct SiteActivity: Equatable, Sendable {
  package var name: String
  package var requests: UInt64 = 0
  package var successes: UInt64 = 0
  package var failures: UInt64 = 0
  package var unanswered = UnansweredRequests()
  package var latencies = LatencyDistribution()
  package init(name: String) { self.name = name }
}
