// SPDX-License-Identifier: Apache-2.0
import Screen
import Testing

@Suite struct CountTextTests {
  @Test(
    arguments: [
      (0, "0"), (999, "999"), (1_000, "1000"), (999_999, "999999"), (1_000_000, "1M"), (1_234_567, "1.23M"),
      (99_950_000, "100M"), (123_456_789_012, "123G"), (.max, "18.4E"),
    ] as [(UInt64, String)])
  func `counts fit into six characters, and are copied whole`(count: UInt64, text: String) {
    #expect(CountText.short(count) == text)
    #expect(text.count <= 6)
  }

  @Test(
    arguments: [
      (0, "0ns"), (640, "640ns"), (999, "999ns"), (1_000, "1us"), (94_150, "94.2us"), (999_499, "999us"),
      (999_600, "1ms"), (4_520_000, "4.52ms"), (182_000_000, "182ms"), (2_100_000_000, "2.1s"),
      (4_400_000_000_000, "4400s"),
    ] as [(UInt64, String)])
  func `latencies have three figures and a unit`(nanoseconds: UInt64, text: String) {
    #expect(CountText.latency(nanoseconds) == text)
  }

  @Test(
    arguments: [
      (0, 0, "0%"), (0, 9, "0%"), (1, 1000, "<1%"), (1, 2, "50%"), (999, 1000, ">99%"), (9, 9, "100%"),
    ]
      as [(UInt64, UInt64, String)])
  func `shares never round to all or nothing`(part: UInt64, whole: UInt64, text: String) {
    #expect(CountText.percent(part, of: whole) == text)
  }

  @Test(
    arguments: [
      (0.0, "0"), (0.04, "0"), (0.4, "0.4"), (9.96, "10"), (35.4, "35"), (1_234.0, "1234"), (.nan, "-"),
      (.infinity, "-"), (-1, "-"), (1e30, "1E"),
    ] as [(Double, String)])
  func `rates have a decimal where it tells something`(rate: Double, text: String) {
    #expect(CountText.rate(rate) == text)
  }

  @Test(
    arguments: [
      (0, "0s"), (500_000_000, "1s"), (100_000_000, "100ms"), (59_000_000_000, "59s"),
      (123_000_000_000, "2m 3s"),
      (7_384_000_000_000, "2h 3m"), (200_000_000_000_000, "2d 7h"),
    ] as [(UInt64, String)])
  func `spans have their two largest units`(nanoseconds: UInt64, text: String) {
    #expect(CountText.span(nanoseconds) == text)
  }
}
