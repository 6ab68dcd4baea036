// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import PreCaptureDrops

@Suite struct BacklogDropsTests {
  /// A line as Linux 5.10 and later prints it: dropped, and the processor's number.
  private func line(_ processor: Int, dropped: UInt32) -> String {
    var columns = [UInt32](repeating: 0, count: 15)
    (columns[0], columns[1], columns[12]) = (0x185f_69ce, dropped, UInt32(processor))
    return columns.map(hexadecimal).joined(separator: " ") + "\n"
  }

  private func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.utf8.count) + digits
  }

  private func total(after texts: [String]) -> UInt64 {
    var loss = BacklogDrops()
    for text in texts {
      let isRead = loss.take(Array(text.utf8))
      #expect(isRead, "\(text)")
    }
    return loss.total
  }

  @Test func `what Linux 6.18 prints is read, and what was dropped before the first look is nobody's loss`() {
    let before = """
      185f69ce 00000004 00000008 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
      069d4662 0000001f 0000000e 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000001 00000000 00000000

      """
    let after = before.replacing(" 00000004 ", with: " 0000000a ").replacing(" 0000001f ", with: " 00000021 ")
    #expect(total(after: [before]) == 0)
    #expect(total(after: [before, before]) == 0)
    #expect(total(after: [before, after]) == 8)
  }

  @Test func `what Linux 4.19 prints, without numbers of processors, is read`() {
    let before = """
      00008a41 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
      00006bd9 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000

      """
    #expect(total(after: [before, before.replacing(" 00000001 ", with: " 00000003 ")]) == 4)
  }

  @Test func `thousands of processors are summed up`() {
    let processors = 0..<8_192
    let texts = [7, 10].map { dropped in processors.map { line($0, dropped: dropped) }.joined() }
    #expect(total(after: texts) == 3 * 8_192)
  }

  @Test func `a counter goes round at 32 bits`() {
    #expect(total(after: [line(0, dropped: .max - 1), line(0, dropped: 3)]) == 5)
  }

  @Test func `a counter that restarts is never a loss`() {
    #expect(total(after: [line(0, dropped: 1_000), line(0, dropped: 5), line(0, dropped: 8)]) == 3)
  }

  @Test func `a processor that goes off and comes back is the same one`() {
    let both = line(0, dropped: 10) + line(1, dropped: 500)
    #expect(total(after: [both, line(0, dropped: 10), both]) == 0)
    // Its place is another's meanwhile.
    #expect(total(after: [line(0, dropped: 10) + line(1, dropped: 500), line(1, dropped: 501)]) == 1)
    #expect(total(after: [line(0, dropped: 10), line(0, dropped: 10) + line(1, dropped: 500)]) == 0)
  }

  @Test func `lines without numbers that come or go are a new beginning`() {
    #expect(total(after: ["0 a\n0 1f4\n", "0 1f4\n", "0 1f5\n"]) == 1)
  }

  @Test func `lines that cannot be read are passed over, the others count`() {
    let texts = [0, 2].map { dropped in
      "\n00000000\n00000000 0000000g\n00000000 123456789\n\u{0}\u{0}\n" + line(3, dropped: dropped)
        + "00000000"
    }
    #expect(total(after: texts) == 2)
  }

  @Test(arguments: ["", "\n\n", "no numbers", "00000000", "00000000 ", "-1 -1\n", "\u{ff}\u{ff} \u{ff}"])
  func `a file without a count is not read at all`(text: String) {
    var loss = BacklogDrops()
    let isRead = loss.take(Array(text.utf8))
    #expect(!isRead && loss.total == 0)
  }

  @Test func `a look at nothing in between loses nothing`() {
    var loss = BacklogDrops()
    _ = loss.take(Array(line(0, dropped: 10).utf8))
    _ = loss.take([])
    _ = loss.take(Array(line(0, dropped: 14).utf8))
    #expect(loss.total == 4)
  }
}
