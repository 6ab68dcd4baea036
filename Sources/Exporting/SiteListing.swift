// SPDX-License-Identifier: Apache-2.0

package import Statistics

/// The sites' counters at one moment: those of the listed sites, and of everything else.
package struct SiteListing: Equatable, Sendable {
  /// In order of pace, the fastest first.
  package var sites: [SiteSeries] = []
  /// What was counted for no listed site.
  package var other = SiteOutcomes()
  /// Requests in counters that are shown no more: `requests` of the sites and of `other`, and these, are
  /// all requests there were.
  package var unlisted: UInt64 = 0

  package init() {}
}

/// A listed site's counters. They begin when it is first listed and never step back.
package struct SiteSeries: Equatable, Sendable {
  package let name: String
  package var outcomes = SiteOutcomes()
  package var latencies = LatencyDistribution()
  /// Requests a second, over about the last ten seconds.
  package var pace = 0.0
  /// The number of requests of the site that may have been counted elsewhere: before it was listed, or while its
  /// name had no place in the tables.
  package var undercountMax: UInt64 = 0
  /// Requests, those of five minutes ago counted half.
  var weight = 0.0
  /// The time when it was last asked for anything, nanoseconds since 1970.
  var lastSeen: UInt64 = 0
  /// What the totals had of it when they were reset, by this counter, and the error of that.
  var before: UInt64 = 0
  var undercountMaxBefore: UInt64 = 0
  /// Since when it has counted no more; it is shown on so that its last steps are read.
  var restingSince: UInt64?

  init(name: String, undercountMaxBefore: UInt64 = 0) {
    self.name = name
    self.undercountMaxBefore = undercountMaxBefore
  }
}

/// Requests and how they ended.
package struct SiteOutcomes: Equatable, Sendable {
  package var requests: UInt64 = 0
  package var successes: UInt64 = 0
  package var failures: UInt64 = 0
  package var unanswered = UnansweredRequests()
  package var kinds = RequestKinds()

  package init() {}

  init(_ site: SiteActivity) {
    kinds = site.kinds
    requests = site.requests
    successes = site.successes
    failures = site.failures
    unanswered = site.unanswered
  }

  init(_ other: OtherSites, _ kinds: RequestKinds = RequestKinds()) {
    self.kinds = kinds
    requests = other.requests
    successes = other.successes
    failures = other.failures
    unanswered = other.unanswered
  }

  mutating func add(_ more: SiteOutcomes) {
    requests &+= more.requests
    successes &+= more.successes
    failures &+= more.failures
    unanswered.add(more.unanswered)
    kinds.add(more.kinds)
  }
}
