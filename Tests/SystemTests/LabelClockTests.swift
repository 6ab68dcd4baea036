// SPDX-License-Identifier: Apache-2.0
import System
import Testing

@Suite struct LabelClockTests {
  private static let second: UInt64 = 1_000_000_000

  @Test func `labels follow a wall clock that is set, forward and back`() {
    let clock = LabelClock(wallOffset: 100 * Self.second)
    #expect(clock.shift == 0)
    #expect(clock.follow(wallOffset: 3_700 * Self.second) && clock.shift == 3_600_000_000_000)
    #expect(!clock.follow(wallOffset: 3_700 * Self.second))
    #expect(clock.follow(wallOffset: 40 * Self.second) && clock.shift == -60_000_000_000)
    #expect(clock.follow(wallOffset: 100 * Self.second) && clock.shift == 0)
  }

  @Test func `two clocks read a moment apart move nothing`() {
    let clock = LabelClock(wallOffset: 100 * Self.second)
    #expect(!clock.follow(wallOffset: 100 * Self.second + 99_999_999) && clock.shift == 0)
    #expect(clock.follow(wallOffset: 101 * Self.second))
    #expect(!clock.follow(wallOffset: 101 * Self.second - 50_000_000) && clock.shift == 1_000_000_000)
    // Back where it began, within what two readings differ by.
    #expect(clock.follow(wallOffset: 100 * Self.second + 1_000) && clock.shift == 0)
  }

  @Test func `whole seconds of suspension are noticed once each`() {
    var clock = SuspensionClock(suspended: 5 * Self.second)
    let noticed = [6 * Self.second - 1, 65 * Self.second, 65 * Self.second, 4 * Self.second].map {
      clock.follow(suspended: $0)
    }
    #expect(noticed == [false, true, false, false] && clock.seconds == 60)
  }

  @Test func `the machine's own clocks are near where they were`() {
    let clock = LabelClock(wallOffset: SystemClock.wallOffset)
    #expect(!clock.follow(wallOffset: SystemClock.wallOffset))
    var suspension = SuspensionClock(suspended: SystemClock.suspended)
    let wasSuspended = suspension.follow(suspended: SystemClock.suspended)
    #expect(!wasSuspended)
  }
}
