// SPDX-License-Identifier: Apache-2.0

/// The counts of one name: a site, a section, a client or a method (requests alone).
struct NameCounts: Equatable, Sendable, BitwiseCopyable {
  var requests: UInt64 = 0
  /// Exchanges that succeeded.
  var successes: UInt64 = 0
  /// Exchanges that failed, and `resets`.
  var failures: UInt64 = 0
  /// Requests of HTTP/2 whose server reset them before a status: `failures` and `unanswered` include them.
  var resets: UInt64 = 0
  /// Requests that ended without a final response.
  var unanswered = UnansweredRequests()

  /// Exchanges with a latency.
  var answered: UInt64 { successes &+ failures &- resets }

  /// Whether nothing but requests and successes is counted.
  @inline(__always)
  var isSuccess: Bool {
    failures | resets | unanswered.aborted | unanswered.timedOut | unanswered.unknown == 0
  }

  mutating func add(_ other: NameCounts) {
    requests &+= other.requests
    successes &+= other.successes
    failures &+= other.failures
    resets &+= other.resets
    unanswered.add(other.unanswered)
  }
}

/// The counts of names without a row of their own.
struct OtherCounts: Equatable, Sendable, BitwiseCopyable {
  /// The number of times that a name gave up its row; one that returned counts again.
  var names: UInt64 = 0
  var counts = NameCounts()
}
