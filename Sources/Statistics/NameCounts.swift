// SPDX-License-Identifier: Apache-2.0

/// What is counted for one name: a site, a section (requests alone) or a method (requests alone).
struct NameCounts: Equatable, Sendable, BitwiseCopyable {
  var requests: UInt64 = 0
  /// Exchanges answered with anything but 4xx and 5xx.
  var successes: UInt64 = 0
  /// Exchanges answered with 4xx or 5xx.
  var failures: UInt64 = 0
  /// Requests given up.
  var unanswered: UInt64 = 0

  /// Exchanges with a latency.
  var answered: UInt64 { successes &+ failures }

  mutating func add(_ other: NameCounts) {
    requests &+= other.requests
    successes &+= other.successes
    failures &+= other.failures
    unanswered &+= other.unanswered
  }
}

/// What is counted without a row of its own.
struct OtherCounts: Equatable, Sendable, BitwiseCopyable {
  /// How often a name gave up its row; one that returned counts again.
  var names: UInt64 = 0
  var counts = NameCounts()
}
