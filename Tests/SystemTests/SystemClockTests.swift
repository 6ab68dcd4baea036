// SPDX-License-Identifier: Apache-2.0
import Foundation
import System
import Testing

/// The kernel's clocks.
@Suite struct SystemClockTests {
  @Test func `monotonic time does not go back`() {
    let before = SystemClock.monotonic.now
    #expect(SystemClock.monotonic.now >= before && before > 0)
  }

  @Test func `the offset makes wall time of monotonic time`() {
    let wall = SystemClock.monotonic.now &+ SystemClock.wallOffset
    let expected = UInt64(Date().timeIntervalSince1970 * 1e9)
    #expect(max(wall, expected) - min(wall, expected) < 60_000_000_000)
  }
}
