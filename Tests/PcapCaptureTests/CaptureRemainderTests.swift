// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import PcapCapture

@Suite struct CaptureRemainderTests {
  @Test func `a capture is over at the first packet that was stamped after the stop`() {
    var rest = CaptureRemainder(stoppedAt: 1_000, bufferBytes: 10_000)
    let before = [rest.contains(packetOf: 100, at: 900), rest.contains(packetOf: 100, at: 1_000)]
    let after = [rest.contains(packetOf: 100, at: 1_001), rest.contains(packetOf: 100, at: 999)]
    #expect(before == [true, true] && after == [false, false] && rest.isOver)
  }

  @Test func `a capture whose stamps stand still is over after one buffer`() {
    var rest = CaptureRemainder(stoppedAt: 1_000, bufferBytes: 10_000)
    var count = 0
    while count < 1_000, rest.contains(packetOf: 1_500, at: 500) { count += 1 }
    #expect(count == 6 && rest.isOver)
  }
}
