// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import Testing

/// The workers' counters are declared once, like the capture's.
@Suite struct CounterDeclarationTests {
  @Test func `every counter is declared, by its own name and in its order`() {
    #expect(
      ExchangeCounters.counters.map(\.name)
        == Mirror(reflecting: ExchangeCounters()).children.compactMap(\.label))
    for counter in ExchangeCounters.counters {
      var one = ExchangeCounters()
      one[keyPath: counter.field] = 7
      let changed = Mirror(reflecting: one).children.first { $0.label == counter.name }?.value
      #expect(changed as? UInt64 == 7, "\(counter.name) is stored elsewhere")
    }
  }

  @Test func `the classes of segments add up to what was delivered`() {
    var counters = ExchangeCounters()
    (counters.headSegments, counters.continuations, counters.duplicates) = (1, 2, 3)
    (counters.unparseable, counters.falseHeads, counters.otherSegments) = (4, 5, 6)
    (counters.pipelinedHeads, counters.truncated, counters.requests) = (100, 100, 100)
    #expect(counters.classified == 21)
  }

  @Test func `no two counters are exported under one name`() {
    let all = ExchangeCounters.counters.compactMap(\.metric)
    for (index, metric) in all.enumerated() { #expect(!all[..<index].contains(metric)) }
  }
}
