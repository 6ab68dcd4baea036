// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import PcapCapture

@Suite struct WrappingCountTests {
  @Test(
    arguments: [
      ([0, 5, 5, 9], 9), ([7], 7),
      // Beyond 32 bits, more than once.
      ([2_000_000_000, 4_000_000_000, 1_000_000_000], 5_294_967_296),
      ([2_000_000_000, 4_000_000_000, 1_705_032_704, 3_705_032_704, 1_410_065_408], 10_000_000_000),
      // Another card counts from its own start.
      ([100, 40, 50], 110),
    ] as [([UInt32], UInt64)])
  func `the total continues where 32 bits wrap, and never goes back`(readings: [UInt32], total: UInt64) {
    var count = WrappingCount()
    var totals: [UInt64] = []
    for reading in readings {
      count.note(reading)
      totals.append(count.total)
    }
    #expect(totals.last == total)
    #expect(totals == totals.sorted())
  }
}
