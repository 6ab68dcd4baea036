// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Statistics
import Testing

@Suite struct LedgerTests {
  /// Nine segments out of ten, one of each class and a second start, and heads to match.
  private var balanced: Snapshot {
    var life = Snapshot()
    life.capture.matched = 10
    life.capture.lost = 3
    life.ledger.delivered = 7
    life.ledger.headSegments = 2
    life.ledger.continuations = 1
    life.ledger.duplicates = 1
    life.ledger.unparseable = 1
    life.ledger.falseHeads = 1
    life.ledger.otherSegments = 1
    life.ledger.pipelinedHeads = 1
    life.ledger.requests = 1
    life.ledger.responses = 2
    life.ledger.exchanges = 1
    life.ledger.interim = 1
    life.totals.requests = 1
    return life
  }

  @Test func `what adds up is no imbalance`() {
    #expect(balanced.imbalance == nil)
    #expect(Snapshot().imbalance == nil)
  }

  @Test func `one segment or head too many or too few is named`() {
    var life = balanced
    life.capture.matched += 1
    #expect(life.imbalance == "matched 11 is not delivered + lost 10")
    life = balanced
    life.ledger.otherSegments += 1
    #expect(life.imbalance == "delivered 7 is not the sum of its classes 8")
    life = balanced
    life.ledger.pipelinedHeads += 1
    #expect(life.imbalance == "requests + responses 3 is not headSegments + pipelinedHeads 4")
    life = balanced
    life.ledger.unmatchedResponses += 1
    #expect(
      life.imbalance
        == "responses 2 is not exchanges + unmatchedResponses + interim + unsettledResponses 3")
    life = balanced
    life.totals.requests += 1
    #expect(life.imbalance == "requests shown 2 is not requests read 1")
  }
}
