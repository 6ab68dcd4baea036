// SPDX-License-Identifier: Apache-2.0
import HTTP2
import Randomness
import Testing

@Suite struct FrameHeaderTests {
  private static func header(_ hex: String) -> FrameHeader { FrameHeader([UInt8](hex: hex).wire, at: 0) }

  @Test func `the parts of a header are where the RFC has them`() {
    let header = Self.header("012345 01 24 80000007")
    #expect(header.payload == 0x012345 && header.type == 1 && header.flags == 0x24)
    #expect(header.stream == 7 && header.hasReservedBit)
    #expect(Self.header("ffffff ff ff 7fffffff").stream == 0x7fff_ffff)
  }

  @Test(arguments: [
    ("000005 01 05 00000001", FrameSender.client, true), ("000005 01 05 00000002", .client, false),
    ("000005 01 04 00000002", .server, true), ("000005 01 45 00000001", .client, false),
    ("000005 01 05 80000001", .client, false), ("000000 04 01 00000000", .server, true),
    ("000004 08 00 00000000", .client, true), ("000004 08 01 00000000", .client, false),
    ("000004 03 00 00000003", .server, true), ("000003 03 00 00000003", .server, false),
    ("000005 05 04 00000001", .client, false), ("000005 05 04 00000001", .server, true),
    ("004001 00 00 00000001", .client, false), ("000005 0b 00 00000001", .client, false),
    ("000005 10 00 00000000", .client, true), ("000005 ff 00 00000001", .client, false),
  ])
  func `an ordinary header is distinguished from one that nobody sends`(
    hex: String, sender: FrameSender, isOrdinary: Bool
  ) {
    #expect(Self.header(hex).isOrdinary(from: sender, longest: 16_384) == isOrdinary)
  }

  @Test func `few random bytes look like an ordinary header`() {
    var random = SeededGenerator(seed: 8)
    var found = 0
    for _ in 0..<1_000_000 {
      let high = random.next(), low = random.next()
      let bytes =
        (0..<8).map { UInt8(truncatingIfNeeded: high >> (8 * $0)) } + [UInt8(truncatingIfNeeded: low)]
      if FrameHeader(bytes.wire, at: 0).isOrdinary(from: .client, longest: 16_384) { found += 1 }
    }
    #expect(found < 10)
  }
}
