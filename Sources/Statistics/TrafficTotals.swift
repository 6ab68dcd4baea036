// SPDX-License-Identifier: Apache-2.0

package import Exchanges

/// The exact totals of a tick, an interval or a life; no budget touches them.
package struct TrafficTotals: Equatable, Sendable, BitwiseCopyable {
  package var requests: UInt64 = 0
  /// Final and interim responses: answered, unmatchedResponses and interim.
  package var responses: UInt64 = 0
  /// Requests of HTTP/1.0 and of HTTP/2, which `requests` includes; the others are of HTTP/1.1.
  package var http10: UInt64 = 0
  package var http2: UInt64 = 0
  /// gRPC calls among `requests`.
  package var calls = CallTotals()
  /// Final responses that are no failure, unmatchedResponses included.
  package var successes: UInt64 = 0
  /// Final responses that `ExchangeOutcome` calls failures, unmatchedResponses included, and requests that servers reset.
  package var failures: UInt64 = 0
  /// Requests tied to their final response.
  package var exchanges: UInt64 = 0
  /// Requests that ended without a final response.
  package var unanswered = UnansweredRequests()
  /// Final responses without an observed request.
  package var unmatchedResponses: UInt64 = 0
  /// 1xx responses, 101 apart.
  package var interim: UInt64 = 0

  package init() {}

  /// Requests by the version of HTTP, in the order of the versions; those that were seen.
  package var protocols: [(version: ProtocolVersion, requests: UInt64)] {
    let counts: [(ProtocolVersion, UInt64)] = [
      (.http10, http10), (.http11, requests &- http10 &- http2), (.http2, http2),
    ]
    return counts.filter { $0.1 > 0 }
  }

  /// Adds `other`, member by member.
  package mutating func add(_ other: TrafficTotals) {
    requests &+= other.requests
    responses &+= other.responses
    successes &+= other.successes
    failures &+= other.failures
    exchanges &+= other.exchanges
    unanswered.add(other.unanswered)
    http10 &+= other.http10
    http2 &+= other.http2
    calls.add(other.calls)
    unmatchedResponses &+= other.unmatchedResponses
    interim &+= other.interim
  }
}
