// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PcapCapture

@Suite struct StampClockTests {
  private static let second: Int64 = 1_000_000_000
  private static let start = 1_000_000 * second

  @Test(arguments: [86_400 * second, -86_400 * second, 3_600 * second, -second])
  func `packets from before and after a clock is set have the time they came at`(shift: Int64) {
    let start = Self.start
    var clock = StampClock(StampClock.Reading(drift: 0, now: start))
    // Set three seconds after the start, read after five: four packets are of the old clock, four of the new one.
    let now = StampClock.Reading(drift: shift, now: start + 5 * Self.second)
    clock.renew(now)
    for half in 1...8 {
      let came = start + Int64(half) * Self.second / 2
      let stamp = half <= 4 ? came : came + shift
      #expect(clock.time(of: stamp) { now } == came)
    }
  }

  @Test func `a clock that is set while packets are read is read again`() {
    let start = Self.start
    var clock = StampClock(StampClock.Reading(drift: 0, now: start))
    for shift in [3_600 * Self.second, -3_600 * Self.second, 0] {
      let time = clock.time(of: start + 5_000 + shift) {
        StampClock.Reading(drift: shift, now: start + 6_000)
      }
      #expect(time == start + 5_000)
    }
  }

  @Test func `a packet of a clock that was set twice since comes after the one before it`() {
    let start = Self.start
    var clock = StampClock(StampClock.Reading(drift: 0, now: start))
    let before = StampClock.Reading(drift: 0, now: start + 2_000)
    clock.renew(before)
    let came = clock.time(of: start + 1_000) { before }
    let first = StampClock.Reading(drift: 50 * Self.second, now: start + 3_000)
    let second = StampClock.Reading(drift: 90 * Self.second, now: start + 4_000)
    clock.renew(first)
    clock.renew(second)
    #expect(clock.time(of: start + 2_500) { second } == came)
  }

  @Test func `after a long silence a stamp of the old clock is not taken for an earlier packet`() {
    let start = Self.start
    let hour = 3_600 * Self.second
    var clock = StampClock(StampClock.Reading(drift: 0, now: start))
    // Two hours of nothing, known to be nothing.
    clock.renew(StampClock.Reading(drift: 0, now: start + 2 * hour))
    clock.drained(within: Self.second)
    let now = StampClock.Reading(drift: hour, now: start + 2 * hour + 1_000)
    clock.renew(now)
    #expect(clock.time(of: start + 2 * hour + 500) { now } == start + 2 * hour + 500)
  }
}
