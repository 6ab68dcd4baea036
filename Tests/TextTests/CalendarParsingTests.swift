// SPDX-License-Identifier: Apache-2.0
import Testing
import Text

@Suite struct CalendarParsingTests {
  @Test func `times are read with an offset, and without one in the zone`() {
    let moment: UInt64 = 1_614_053_178_000_000_000
    for text in ["2021-02-23T04:06:18Z", "2021-02-23 05:06:18+01:00", "2021-02-23T00:36:18-0330"] {
      #expect(CalendarTime.parse(text, zone: .fixed(7_200)) == moment, "\(text)")
    }
    #expect(CalendarTime.parse("2021-02-23 06:06:18", zone: .fixed(7_200)) == moment)
    #expect(CalendarTime.parse("2021-02-23 06:06", zone: .fixed(7_200)) == moment - 18_000_000_000)
    #expect(CalendarTime.parse("1970-01-02", zone: .fixed(0)) == 86_400_000_000_000)
  }

  @Test(arguments: [
    ("5", UInt64(500_000_000)), ("000000001", 1), ("123456789", 123_456_789), ("25", 250_000_000),
  ])
  func `fractions of a second count`(digits: String, nanoseconds: UInt64) {
    #expect(
      CalendarTime.parse("1970-01-01T00:00:01.\(digits)Z", zone: .fixed(0)) == 1_000_000_000 + nanoseconds)
  }

  @Test func `what is written as RFC 3339 is read again`() {
    for day in stride(from: UInt64(0), to: 193_000, by: 37) {
      let moment = (day * 86_400 + day % 86_400) * 1_000_000_000
      #expect(CalendarTime.parse(CalendarTime.rfc3339(moment), zone: .local) == moment)
    }
  }

  @Test(arguments: [
    "", "yesterday", "2021-02-30", "2021-13-01", "2021-00-01", "2021-02-23T24:00Z", "2021-02-23T04:60Z",
    "2021-02-23T04:06:18+25:00", "1969-12-31", "2021-02-23T04", "2021-02-23 04:06:18 Z",
    "1970-01-01T00:00+01:00",
  ])
  func `other texts are none`(text: String) {
    #expect(CalendarTime.parse(text, zone: .fixed(0)) == nil)
  }
}
