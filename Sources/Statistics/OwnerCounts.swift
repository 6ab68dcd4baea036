// SPDX-License-Identifier: Apache-2.0

package import Owners

/// One owner's share of the traffic, on one side.
package struct OwnerCounts: Equatable, Sendable {
  /// The end of a connection: the one that answers, or the one that asks.
  package enum Role: String, Sendable { case server, client }

  package var role: Role
  /// Nil for the exchanges of which nobody knows who it was: of another machine, as a rule.
  package var process: OwnerProcess?
  /// Exchanges that have ended.
  package var requests: UInt64 = 0
  package var successes: UInt64 = 0
  package var failures: UInt64 = 0
  package var unanswered = UnansweredRequests()
  package var latency = LatencySummary()
  /// Requests that wait, as the workers reported last.
  package var inFlight: UInt64 = 0
  /// Latencies and statuses by code, when somebody asked for them.
  package var detail = CodeCounts()

  package init(role: Role, process: OwnerProcess?) {
    self.role = role
    self.process = process
  }
}

/// An owner's share of a site.
package struct SiteOwner: Equatable, Sendable {
  /// Nil for the exchanges of which nobody knows who served them.
  package var process: OwnerProcess?
  /// Exchanges that have ended.
  package var requests: UInt64 = 0
  package var failures: UInt64 = 0

  package init(process: OwnerProcess?) { self.process = process }
}
