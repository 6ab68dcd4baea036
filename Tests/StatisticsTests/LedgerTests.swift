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
    life.ledger.starts = 2
    life.ledger.continuations = 1
    life.ledger.duplicates = 1
    life.ledger.unparseable = 1
    life.ledger.lookalikes = 1
    life.ledger.body = 1
    life.ledger.further = 1
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
    life.ledger.body += 1
    #expect(life.imbalance == "delivered 7 is not the sum of its classes 8")
    life = balanced
    life.ledger.further += 1
    #expect(life.imbalance == "requests + responses 3 is not starts + further 4")
    life = balanced
    life.ledger.orphans += 1
    #expect(life.imbalance == "responses 2 is not exchanges + orphans + interim 3")
    life = balanced
    life.totals.requests += 1
    #expect(life.imbalance == "requests shown 2 is not requests read 1")
  }
}
