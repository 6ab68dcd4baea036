// SPDX-License-Identifier: Apache-2.0
import Capture
import Testing

/// Counters are declared once: the declaration misses none, and all that loops over it is right.
@Suite struct CounterSetTests {
  /// The names of a value's stored properties of a type.
  private static func properties<Value>(of value: Any, _: Value.Type) -> [String] {
    Mirror(reflecting: value).children.compactMap { $0.value is Value ? $0.label : nil }
  }

  @Test func `every counter is declared, by its own name and in its order`() {
    let counters = CaptureCounters()
    let optional = CaptureCounters.machineCounters.map(\.name)
    let all = Mirror(reflecting: counters).children.compactMap(\.label)
    #expect(CaptureCounters.counters.map(\.name) == all.filter { !optional.contains($0) })
    #expect(all.suffix(optional.count) == optional[...])
    for counter in CaptureCounters.counters {
      var one = CaptureCounters()
      one[keyPath: counter.field] = 7
      #expect(Self.properties(of: one, UInt64.self).contains(counter.name))
      let changed = Mirror(reflecting: one).children.first { $0.label == counter.name }?.value
      #expect(changed as? UInt64 == 7, "\(counter.name) is stored elsewhere")
    }
  }

  @Test func `sums and differences have every counter`() {
    var first = CaptureCounters(), second = CaptureCounters()
    for (index, counter) in CaptureCounters.counters.enumerated() {
      first[keyPath: counter.field] = UInt64(index) + 1
      second[keyPath: counter.field] = 100
    }
    let sum = first + second
    for (index, counter) in CaptureCounters.counters.enumerated() {
      #expect(sum[keyPath: counter.field] == UInt64(index) + 101)
    }
    #expect(sum - second == first && sum.since(first) == second)
  }

  @Test func `the machine's counters are in no sum, and in a difference where they are known`() {
    var before = CaptureCounters(), now = CaptureCounters()
    (before.nicMissed, now.nicMissed, now.backlogDropped) = (3, 10, 4)
    #expect((now + before).nicMissed == nil)
    #expect(now.since(before).nicMissed == 7 && now.since(before).backlogDropped == 4)
    #expect(before.since(now).backlogDropped == nil)
  }

  @Test func `a counter that has gone round counts on`() {
    var before = CaptureCounters(), now = CaptureCounters()
    (before.packets, now.packets) = (.max, 4)
    #expect((now - before).packets == 5)
  }
}
