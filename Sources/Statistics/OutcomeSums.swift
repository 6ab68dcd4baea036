// SPDX-License-Identifier: Apache-2.0

/// Requests and how they ended, of one name, which parts are added to.
protocol OutcomeSums {
  var requests: UInt64 { get set }
  var successes: UInt64 { get set }
  var failures: UInt64 { get set }
  var unanswered: UnansweredRequests { get set }
}

extension OutcomeSums {
  mutating func add(_ counts: NameCounts) {
    requests &+= counts.requests
    successes &+= counts.successes
    failures &+= counts.failures
    unanswered.add(counts.unanswered)
  }
}

extension OwnerCounts: OutcomeSums {}
extension OwnerActivity: OutcomeSums {}
extension SiteActivity: OutcomeSums {}
