// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Text

@Suite struct DisplayZoneTests {
  private static let second: UInt64 = 1_000_000_000
  /// 2026-10-25T01:00:00Z, when clocks in Berlin are set back from 3:00 to 2:00.
  private static let change: UInt64 = 1_792_890_000 * second

  private static func berlin(_ moment: UInt64) -> Int { moment < change ? 7_200 : 3_600 }
  /// The other way, in spring: an hour is left out.
  private static func spring(_ moment: UInt64) -> Int { moment < change ? 3_600 : 7_200 }

  @Test(arguments: [
    (-3_601, false), (-3_600, true), (-1, true), (0, true), (3_599, true), (3_600, false), (86_400, false),
  ])
  func `a local time that comes twice is known as such`(seconds: Int, isRepeated: Bool) {
    let moment = UInt64(Int(Self.change / Self.second) + seconds) * Self.second
    #expect(DisplayZone.isRepeated(moment, offset: Self.berlin) == isRepeated)
    #expect(!DisplayZone.isRepeated(moment, offset: Self.spring))
  }

  @Test func `a fixed zone has each time once`() {
    #expect(DisplayZone.fixed(3_600).label(Self.change) == "Sun, 25 Oct 2026 02:00:00")
    #expect(CalendarTime.zone(-12_600) == "-0330" && CalendarTime.zone(7_200) == "+0200")
  }
}
