// SPDX-License-Identifier: Apache-2.0

/// The exact totals of a tick, an interval or a life; no budget touches them.
package struct TrafficTotals: Equatable, Sendable, BitwiseCopyable {
  package var requests: UInt64 = 0
  /// Final and interim responses: answered, unmatchedResponses and interim.
  package var responses: UInt64 = 0
  /// Final responses that are no failure, unmatchedResponses included.
  package var successes: UInt64 = 0
  /// Final responses with a status of 400 to 599, unmatchedResponses included.
  package var failures: UInt64 = 0
  /// Requests tied to their final response.
  package var exchanges: UInt64 = 0
  /// Requests given up.
  package var unanswered: UInt64 = 0
  /// Final responses without an observed request.
  package var unmatchedResponses: UInt64 = 0
  /// 1xx responses, 101 apart.
  package var interim: UInt64 = 0

  package init() {}

  /// Adds `other`, member by member.
  package mutating func add(_ other: TrafficTotals) {
    requests &+= other.requests
    responses &+= other.responses
    successes &+= other.successes
    failures &+= other.failures
    exchanges &+= other.exchanges
    unanswered &+= other.unanswered
    unmatchedResponses &+= other.unmatchedResponses
    interim &+= other.interim
  }
}
