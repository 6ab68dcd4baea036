// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import History

@Suite struct CRC32CTests {
  @Test func `the checksum is that of RFC 3720 for its test patterns`() {
    #expect(CRC32C.checksum(Array("123456789".utf8)[...]) == 0xe306_9283)
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)[...]) == 0x8a91_36aa)
    #expect(CRC32C.checksum([UInt8](repeating: 0xff, count: 32)[...]) == 0x62a8_ab43)
    #expect(CRC32C.checksum(Array(0..<32)[...]) == 0x46dd_794e)
  }

  @Test func `the parts of a text have the checksum of the whole`() {
    let text = Array("wiretally keeps what it has seen".utf8)
    for place in 0...text.count {
      let first = CRC32C.checksum(text[..<place])
      #expect(CRC32C.checksum(text[place...], after: first) == CRC32C.checksum(text[...]))
    }
  }
}
