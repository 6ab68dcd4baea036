// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import PreCaptureDrops

@Suite struct NICDropsTests {
  private func total(after texts: [String]) -> UInt64 {
    var loss = NICDrops()
    for text in texts {
      let isRead = loss.take(Array(text.utf8))
      #expect(isRead, "\(text)")
    }
    return loss.total
  }

  @Test func `what comes after the first look counts`() {
    #expect(total(after: ["1200\n"]) == 0)
    #expect(total(after: ["1200\n", "1200\n", "1203\n", "1300\n"]) == 100)
    #expect(total(after: ["0", "7"]) == 7)
  }

  @Test func `a counter that restarts is never a loss`() {
    #expect(total(after: ["1200\n", "3\n", "5\n"]) == 2)
  }

  @Test func `a counter goes round at 64 bits`() {
    #expect(total(after: ["18446744073709551615\n", "2\n"]) == 3)
  }

  @Test func `a leap that no card makes is a driver's mistake`() {
    #expect(total(after: ["5\n", "18446744073709551613\n", "18446744073709551614\n"]) == 1)
    #expect(total(after: ["0\n", "2000000000000\n"]) == 0)
  }

  @Test(arguments: [
    "", "\n", "-1\n", "1 2\n", "0x10\n", "18446744073709551616\n", "99999999999999999999999999\n",
  ])
  func `what is no count is not read`(text: String) {
    var loss = NICDrops()
    let areRead = ["5\n", text, "6\n"].map { loss.take(Array($0.utf8)) }
    #expect(areRead == [true, false, true])
    #expect(loss.total == 1)
  }
}
