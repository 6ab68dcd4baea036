// SPDX-License-Identifier: Apache-2.0

import Capture
import Exchanges

/// The check that every segment is accounted for (ARCHITECTURE.md, Invariants).
extension Snapshot {
  /// What does not add up, in words; nil when all does. Meant for the lifetime, once the capture has
  /// ended: before, some segments are still on their way from the kernel.
  package var imbalance: String? {
    let identities: [(String, UInt64, String, UInt64)] = [
      ("matched", capture.matched, "delivered + lost", ledger.delivered &+ capture.lost),
      ("delivered", ledger.delivered, "the sum of its classes", ledger.classified),
      (
        "requests + responses", ledger.requests &+ ledger.responses, "headSegments + pipelinedHeads",
        ledger.headSegments &+ ledger.pipelinedHeads
      ),
      (
        "responses", ledger.responses, "exchanges + unmatchedResponses + interim + unsettledResponses",
        ledger.exchanges &+ ledger.unmatchedResponses &+ ledger.interim &+ ledger.unsettledResponses
      ),
      (
        "requests shown", totals.requests, "requests read",
        ledger.requests &- ledger.uncountedRequests
      ),
    ]
    let broken = identities.filter { $0.1 != $0.3 }.map { "\($0.0) \($0.1) is not \($0.2) \($0.3)" }
    return broken.isEmpty ? nil : broken.joined(separator: ", ")
  }
}
