// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ExchangeStream

/// The slowest exchanges of a second pass, and few besides.
@Suite struct SlowestOfSecondTests {
  @Test func `whatever the order, the fifty slowest of a second are among those that pass`() {
    var slowest = SlowestOfSecond()
    for second in 0..<3 as Range<UInt64> {
      // Each latency from 1 to 10,000 once, in an order that is no order.
      let passed = (0..<10_000 as Range<UInt64>).map { $0 * 6_173 % 10_000 + 1 }.filter {
        slowest.passes($0, endedAt: second * 1_000_000_000 + $0)
      }
      #expect(Set(9_951...10_000).isSubset(of: passed))
      #expect(passed.count < 500, "\(passed.count)")
    }
  }

  @Test func `ever slower ones pass all, ever quicker ones only the first`() {
    var slowest = SlowestOfSecond()
    #expect((1...1_000 as ClosedRange<UInt64>).allSatisfy { slowest.passes($0, endedAt: 7) })
    var others = SlowestOfSecond()
    let passed = (1...1_000 as ClosedRange<UInt64>).reversed().filter { others.passes($0, endedAt: 7) }
    #expect(passed == Array((951...1_000).reversed()))
  }
}
