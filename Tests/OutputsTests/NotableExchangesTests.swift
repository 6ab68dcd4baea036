// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

@testable import ExchangeStream
@testable import wiretally

/// The slowest exchanges and the last failures are kept, and no more than there is room for.
@Suite struct NotableExchangesTests {
  private static func record(
    _ latency: UInt64, status: UInt16 = 200, _ outcome: ExchangeFacts.Outcome = .answered, end: UInt64 = 0
  ) -> ExchangeRecord {
    var facts = ExchangeFacts()
    facts.endTime = end
    (facts.latency, facts.status, facts.outcome) = (latency, status, outcome)
    facts.isFailure = status >= 400
    var record = ExchangeRecord()
    record.set(facts, texts: RawSpan())
    return record
  }

  @Test func `of many answers the slowest are kept in order, of equal ones the earlier`() {
    var notable = NotableExchanges()
    // Each latency from 1 to 1,000 once, in an order that is no order.
    for number in 0..<1_000 as Range<UInt64> { notable.add(Self.record((number * 617) % 1_000 + 1)) }
    #expect(notable.slowest.map(\.record.facts.latency) == Array((951...1_000).reversed()))
    #expect(notable.failures.isEmpty)
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

  private static let second: UInt64 = 1_000_000_000
  /// When a watch began.
  private static let start = 1_700_000_000 * second

  /// Adds an answer each 10 ms of these seconds, quick ones but for the slow minute from second 100 on, whose every fifth
  /// is slow and fails.
  private static func add(_ seconds: Range<UInt64>, to notable: inout NotableExchanges) {
    for step in seconds.lowerBound * 100..<seconds.upperBound * 100 {
      let isSlow = (100..<160).contains(step / 100) && step % 5 == 0
      notable.add(
        record(
          isSlow ? second + step : 1_000 + step, status: isSlow ? 503 : 200, end: start + step * second / 100)
      )
    }
  }

  @Test
  func `a slow minute shows in each window while it lasts, fades after it, and stays for the lifetime`() {
    var notable = NotableExchanges()
    // The number of slow ones, and of failures, in a window that ends at this second.
    func slow(_ window: StatisticsWindow, _ length: UInt64, at now: UInt64) -> [Int] {
      let from = Self.start + (now > length ? now - length : 0) * Self.second
      let slowest = notable.slowest(in: window, from: from)
      #expect(slowest.map(\.record.facts.latency) == slowest.map(\.record.facts.latency).sorted(by: >))
      #expect(slowest.allSatisfy { $0.end >= from } && Set(slowest.map(\.number)).count == slowest.count)
      return [
        slowest.count, slowest.count { $0.record.facts.latency >= Self.second },
        notable.failures(from: from).count,
      ]
    }
    Self.add(0..<100, to: &notable)
    #expect(slow(.tenSeconds, 10, at: 100) == [50, 0, 0])
    Self.add(100..<101, to: &notable)
    // Twenty of that second.
    #expect(slow(.tenSeconds, 10, at: 101) == [50, 20, 20])
    #expect(slow(.minute, 60, at: 101) == [50, 20, 20] && slow(.quarterHour, 900, at: 101) == [50, 20, 20])
    Self.add(101..<160, to: &notable)
    #expect(slow(.tenSeconds, 10, at: 160) == [50, 50, 50] && slow(.minute, 60, at: 160) == [50, 50, 50])
    Self.add(160..<171, to: &notable)
    #expect(slow(.tenSeconds, 10, at: 171) == [50, 0, 0] && slow(.minute, 60, at: 171) == [50, 50, 50])
    Self.add(171..<221, to: &notable)
    #expect(slow(.minute, 60, at: 221) == [50, 0, 0] && slow(.fiveMinutes, 300, at: 221) == [50, 50, 50])
    Self.add(221..<470, to: &notable)
    #expect(
      slow(.fiveMinutes, 300, at: 470) == [50, 0, 0] && slow(.quarterHour, 900, at: 470) == [50, 50, 50])
    Self.add(470..<1_090, to: &notable)
    #expect(slow(.quarterHour, 900, at: 1_090) == [50, 0, 0])
    #expect(notable.slowest.count == 50 && notable.failures.count == 50)
    #expect(notable.slowest.allSatisfy { $0.record.facts.latency >= Self.second })
    // Silence: nothing is left of any window, and all of it of the watch.
    #expect(
      slow(.tenSeconds, 10, at: 2_000) == [0, 0, 0] && slow(.quarterHour, 900, at: 2_000) == [0, 0, 0])
  }

  @Test func `what workers deliver late is kept in its time, and another file may begin earlier`() {
    var notable = NotableExchanges()
    notable.add(Self.record(5, end: Self.start + 3 * Self.second))
    notable.add(Self.record(7, end: Self.start + Self.second))
    notable.add(Self.record(6, end: Self.start + 2 * Self.second))
    func latencies(_ from: UInt64) -> [UInt64] {
      notable.slowest(in: .tenSeconds, from: from).map(\.record.facts.latency)
    }
    #expect(latencies(Self.start) == [7, 6, 5] && latencies(Self.start + 2 * Self.second) == [6, 5])
    notable.add(Self.record(4, end: Self.start - 3_600 * Self.second))
    #expect(latencies(Self.start - 3_601 * Self.second) == [4])
  }

  @Test func `times that were moved for people to read are kept as the capture had them`() {
    var notable = NotableExchanges()
    notable.add(
      Self.record(9, status: 500, end: Self.start + 3_600 * Self.second), movedBy: 3_600 * 1_000_000_000)
    #expect(notable.slowest(in: .minute, from: Self.start).count == 1)
    #expect(
      notable.slowest(in: .minute, from: Self.start + 1).isEmpty
        && notable.failures(from: Self.start + 1).isEmpty)
  }
}
