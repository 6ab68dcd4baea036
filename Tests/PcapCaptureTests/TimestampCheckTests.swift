// SPDX-License-Identifier: Apache-2.0
import Packets
import System
import Testing

@testable import PcapCapture

@Suite struct TimestampCheckTests {
  /// The times at which packets of these times, in seconds, are read, and the number of absurd ones.
  private func read(_ times: [UInt64]) -> (times: [UInt64], absurd: UInt64) {
    var check = TimestampCheck()
    var result: [UInt64] = []
    for time in times {
      let packet = FilePacket(time: time * 1_000_000_000, wireLength: 1, link: .ethernet)
      if let held = check.release(before: packet.time) { result.append(held.packet.time / 1_000_000_000) }
      if !check.holds(packet, [7].rawSpan) { result.append(time) }
    }
    if let held = check.flush() {
      #expect(held.bytes == [7])
      result.append(held.packet.time / 1_000_000_000)
    }
    return (result, check.absurd)
  }

  static let day: UInt64 = 86_400

  @Test(arguments: [4_291_747_200, 1])
  func `one packet far from those around it is read at the time before it`(time: UInt64) {
    let start: UInt64 = 1_600_000_000
    let found = read([start, start + 1, time, start + 2, start + 3])
    #expect(found.times == [start, start + 1, start + 1, start + 2, start + 3])
    #expect(found.absurd == 1)
  }

  @Test func `a silence, a clock that was set, and one that was set back are believed`() {
    let start: UInt64 = 1_600_000_000
    for jump in [start + 2 * 3_600, start + 365 * Self.day, start - 365 * Self.day] {
      let times = [start, start + 1, jump, jump + 1, jump + 2]
      let found = read(times)
      #expect(found.times == times)
      #expect(found.absurd == 0)
    }
  }

  @Test func `at the end of a file a silence of less than a day is believed`() {
    let start: UInt64 = 1_600_000_000
    #expect(read([start, start + Self.day - 1]).times == [start, start + Self.day - 1])
    #expect(read([start, start + 30 * Self.day]).times == [start, start])
    #expect(read([start, 1]).absurd == 1)
  }

  @Test func `a packet without a time is left to its place`() {
    #expect(read([1_600_000_000, 0, 1_600_000_001]).times == [1_600_000_000, 0, 1_600_000_001])
  }
}
