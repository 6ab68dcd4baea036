// SPDX-License-Identifier: Apache-2.0

import System

/// The traffic in an interval of a pinned site, of a section, or of the owners that a condition names: exact. Of a client,
/// what it brought since the client has had a row of its own.
package struct WatchedTraffic: Equatable, Sendable {
  /// Whose traffic is looked at apart from all traffic.
  package enum Subject: Hashable, Sendable {
    case site(String)
    /// What was asked for below a path, of one site or of all.
    case section(WatchedSection)
    /// What owners served.
    case owners(OwnerCondition)
    /// What one client asked for, by its address as two big-endian numbers, IPv4 mapped.
    case client(high: UInt64, low: UInt64)
  }

  package var subject: Subject
  /// Of owners, the exchanges that have ended.
  package var requests: UInt64 = 0
  /// Exchanges by outcome.
  package var successes: UInt64 = 0
  package var failures: UInt64 = 0
  package var unanswered = UnansweredRequests()
  /// Of `failures` and of `unanswered`, what is in both: requests that the server reset.
  package var resets: UInt64 = 0
  package var latencies = LatencySlice()
  /// Answers by `StatusPlaces`; empty when there was none.
  var statuses: [UInt64] = []
  package init(_ subject: Subject) { self.subject = subject }

  /// What these rows hold together.
  init(_ subject: Subject, _ parts: [(rows: CounterRows, slot: Int)]) {
    self.subject = subject
    for part in parts { add(part.rows.rows[part.slot].counts) }
    latencies = CounterRows.slice(parts)
    statuses = CounterRows.statuses(parts)
  }

  /// Adds what a row holds, but for latencies and statuses.
  mutating func add(_ counts: NameCounts) {
    requests &+= counts.requests
    successes &+= counts.successes
    failures &+= counts.failures
    unanswered.add(counts.unanswered)
    resets &+= counts.resets
  }

  /// Whether a subject counts this status by itself, not among its class only.
  package static func isCounted(status: Int) -> Bool {
    StatusPlaces.listed.contains { Int($0) == status }
  }

  /// The answers of a status that is counted by itself.
  package func count(ofStatus status: Int) -> UInt64 {
    statuses.isEmpty ? 0 : statuses[StatusPlaces.place(UInt16(clamping: status))]
  }

  /// The answers of a class, 1 to 5.
  package func count(ofClass digit: Int) -> UInt64 {
    statuses.enumerated().reduce(0) { StatusPlaces.digit($1.offset) == digit ? $0 &+ $1.element : $0 }
  }
}
