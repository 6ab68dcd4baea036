// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ExchangeStream
@testable import wiretally

/// The slowest exchanges and the last failures are kept, and no more than there is room for.
@Suite struct NotableExchangesTests {
  private static func record(
    _ latency: UInt64, status: UInt16 = 200, _ outcome: ExchangeFacts.Outcome = .answered
  ) -> ExchangeRecord {
    var facts = ExchangeFacts()
    (facts.latency, facts.status, facts.outcome) = (latency, status, outcome)
    facts.isFailure = status >= 400
    var record = ExchangeRecord()
    record.set(facts, texts: RawSpan())
    return record
  }

  @Test func `of many answers the slowest are kept in order, and the threshold follows`() {
    var notable = NotableExchanges()
    #expect(notable.threshold == 0)
    // Each latency from 1 to 1,000 once, in an order that is no order.
    for number in 0..<1_000 as Range<UInt64> { notable.add(Self.record((number * 617) % 1_000 + 1)) }
    #expect(notable.slowest.map(\.record.facts.latency) == Array((951...1_000).reversed()))
    #expect(notable.threshold == 951 && notable.failures.isEmpty)
    notable.add(Self.record(951))
    #expect(Set(notable.slowest.map(\.number)).count == NotableExchanges.capacity)
    #expect(notable.slowest.last?.number != 1_001)
  }

  @Test func `of failures the last are kept, newest first, and what is unknown is none`() {
    var notable = NotableExchanges()
    for number in 1...60 as ClosedRange<UInt64> { notable.add(Self.record(number, status: 503)) }
    notable.add(Self.record(0, status: 0, .aborted))
    notable.add(Self.record(0, status: 0, .timedOut))
    notable.add(Self.record(0, status: 0, .unknown))
    notable.add(Self.record(0, status: 500, .unmatchedResponse))
    #expect(notable.failures.count == NotableExchanges.capacity)
    #expect(notable.failures.prefix(3).map(\.record.facts.outcome) == [.timedOut, .aborted, .answered])
    #expect(notable.failures.map(\.number) == Array((13...62).reversed()))
    #expect(notable.slowest.allSatisfy { $0.record.facts.outcome == .answered })
  }
}
