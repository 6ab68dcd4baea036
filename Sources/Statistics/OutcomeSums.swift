// SPDX-License-Identifier: Apache-2.0

/// Requests and how they ended, of one name, which parts are added to.
protocol OutcomeSums {
  var requests: UInt64 { get set }
  var successes: UInt64 { get set }
  var failures: UInt64 { get set }
  var unanswered: UnansweredRequests { get set }
}

extension OutcomeSums {
  mutating func addOutcomes(of more: some OutcomeSums) {
    requests &+= more.requests
    successes &+= more.successes
    failures &+= more.failures
    unanswered.add(more.unanswered)
  }
}

/// The same with latencies and statuses: a row of a table.
protocol DetailedSums: OutcomeSums {
  var latency: LatencySummary { get set }
  var detail: CodeCounts { get }
}

extension NameCounts: OutcomeSums {}
extension ClientCounts: OutcomeSums {}
extension OtherSites: OutcomeSums {}
extension SiteCounts: DetailedSums {}
extension CallCounts: DetailedSums {}
extension SectionCounts: DetailedSums {}

extension OwnerCounts: DetailedSums {}
extension OwnerActivity: OutcomeSums {}
extension SiteActivity: OutcomeSums {}
