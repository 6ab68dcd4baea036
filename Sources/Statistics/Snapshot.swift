// SPDX-License-Identifier: Apache-2.0

package import Capture
package import Exchanges
import Text
package import TLSCoverage

/// The numbers that are shown of an interval, or of the lifetime (since the start, or the last reset): plain values in a
/// fixed order.
///
/// Lists are in order of count, highest first, then of name, so that the same traffic always gives the
/// same snapshot.
package struct Snapshot: Equatable, Sendable {
  /// The times when it begins and ends, nanoseconds since 1970; both 0 when nothing moved the capture's clock.
  package var start: UInt64 = 0
  package var end: UInt64 = 0
  /// False for an interval that was cut off by the end of the watch: no alert rule is put to it.
  package var isComplete = true
  /// All traffic: requests, responses and how requests ended.
  package var totals = TrafficTotals()
  /// Requests of each tick of an interval, oldest first; empty for the lifetime.
  package var requestsByTick: [UInt64] = []
  /// Requests by method.
  package var methods: [NamedCount] = []
  /// Responses by status, 100 to 999; interim ones included.
  package var statuses: [StatusCount] = []
  /// The listed sites.
  package var sites: [SiteCounts] = []
  /// What belongs to no listed site.
  package var other = OtherSites()
  /// The listed clients.
  package var clients: [ClientCounts] = []
  /// What belongs to no listed client.
  package var otherClients = OtherClients()
  /// Over the lifetime, the most requests that a site without a row of its own can have had.
  package var untracked: UInt64 = 0
  package var latency = LatencySummary()
  /// All latencies of an interval by the fine buckets, when somebody asked for them.
  package var detail = CodeCounts()
  /// What was counted before segments reached the workers, in this time.
  package var capture = CaptureCounters()
  /// What the workers counted of these segments.
  package var ledger = ExchangeCounters()
  /// The requests that wait at its end, whenever they were asked.
  package var inFlight = RequestsInFlight()
  /// All latencies of an interval, when somebody asked for them.
  package var latencies = LatencySlice()
  /// What an interval brought to the pinned sites, in their order, and then to the owners, the clients and the sections
  /// that are watched.
  package var watched: [WatchedTraffic] = []
  /// Who served and who asked, the servers first; nil when that is not looked for.
  package var owners: [OwnerCounts]?
  /// TLS connections that were seen and read; nil before there were any, or where nobody looks for them.
  package var tls: CoverageCounts?

  package init() {}

  /// The same for people to read, with its times moved by this many nanoseconds.
  package func shifted(by shift: Int64) -> Snapshot {
    guard shift != 0, start != 0 || end != 0 else { return self }
    var moved = self
    moved.start = start &+ UInt64(bitPattern: shift)
    moved.end = end &+ UInt64(bitPattern: shift)
    return moved
  }
}

/// The count of a name: a method or a status.
package struct NamedCount: Equatable, Sendable {
  package var name: String
  package var count: UInt64
  package init(name: String, count: UInt64) {
    self.name = name
    self.count = count
  }
}

/// The count of a status.
package struct StatusCount: Equatable, Sendable {
  package var status: Int
  package var count: UInt64
  package init(status: Int, count: UInt64) {
    self.status = status
    self.count = count
  }
}

/// A site's share of the traffic.
package struct SiteCounts: Equatable, Sendable {
  package var name: String
  /// Requests: exact in an interval; over the lifetime at most `overcountMax` too many.
  package var requests: UInt64 = 0
  /// What `requests` may include that was another site's.
  package var overcountMax: UInt64 = 0
  /// Exchanges by outcome, since the site has been tracked.
  package var successes: UInt64 = 0
  package var failures: UInt64 = 0
  package var unanswered = UnansweredRequests()
  package var latency = LatencySummary()
  /// Latencies and statuses by code, when somebody asked for them.
  package var detail = CodeCounts()
  package var sections: [SectionCounts] = []
  /// gRPC's methods, those with the most calls first.
  package var calls: [CallCounts] = []
  /// Who served it, those with the most exchanges first; empty where nobody looks for them.
  package var owners: [SiteOwner] = []
  /// Requests in equal parts of a window, oldest first; empty where nobody asked for them.
  package var trend: [UInt64] = []
  package init(name: String) { self.name = name }
}

/// The calls of a gRPC method.
package struct CallCounts: Equatable, Sendable {
  /// `/package.Service/Method`.
  package var name: String
  /// Calls since the method has been tracked.
  package var requests: UInt64 = 0
  package var successes: UInt64 = 0
  package var failures: UInt64 = 0
  package var unanswered = UnansweredRequests()
  /// Calls that were answered, by the name of their status.
  package var statuses: [NamedCount] = []
  /// From the call to the head of its response.
  package var latency = LatencySummary()
  /// Latencies and statuses by code, when somebody asked for them.
  package var detail = CodeCounts()
  package init(name: String) { self.name = name }
}

/// A client's share of the traffic.
package struct ClientCounts: Equatable, Sendable {
  /// The bytes of the address as big-endian numbers; IPv4 comes mapped.
  package var high: UInt64
  package var low: UInt64
  /// Requests: exact in an interval; over the lifetime at most `overcountMax` too many.
  package var requests: UInt64 = 0
  /// What `requests` may include that was another client's.
  package var overcountMax: UInt64 = 0
  /// Exchanges by outcome, since the client has been tracked.
  package var successes: UInt64 = 0
  package var failures: UInt64 = 0
  package var unanswered = UnansweredRequests()
  /// The longest latency, nanoseconds.
  package var slowest: UInt64 = 0
  package init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

  /// The address as text, made each time: most of a long list are never shown.
  package var address: String { AddressName.text(high: high, low: low) }
}

/// The counts of the clients that are not listed: addresses beyond the budget, or beyond the number asked for.
package struct OtherClients: Equatable, Sendable {
  /// The number of addresses; one that came and went more than once counts each time.
  package var clients: UInt64 = 0
  /// `requests` of all listed clients less their `overcountMax`, and these, are the total exactly.
  package var requests: UInt64 = 0
  package init() {}
}

/// The counts of the sites that are not listed: names beyond the budget, or beyond the number asked for.
package struct OtherSites: Equatable, Sendable {
  /// The number of names; one that came and went more than once counts each time.
  package var sites: UInt64 = 0
  /// `requests` of all listed sites less their `overcountMax`, and these, are the total exactly.
  package var requests: UInt64 = 0
  package var successes: UInt64 = 0
  package var failures: UInt64 = 0
  package var unanswered = UnansweredRequests()
  package init() {}
}
