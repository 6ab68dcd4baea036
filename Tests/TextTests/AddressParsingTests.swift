// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Text

@Suite struct AddressParsingTests {
  @Test(
    arguments: [
      ("10.0.0.7", "10.0.0.7"), ("255.255.255.255", "255.255.255.255"), ("0.0.0.0", "0.0.0.0"), ("::", "::"),
      ("::1", "::1"), ("1::", "1::"), ("2001:DB8:0:0:0:0:0:7", "2001:db8::7"), ("2001:db8::7", "2001:db8::7"),
      ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("fe80::0001:2", "fe80::1:2"), ("::ffff:10.0.0.7", "10.0.0.7"),
      ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
    ])
  func `an address in any form reads back in the form of pages`(text: String, shown: String) throws {
    let address = try #require(AddressName.parse(text))
    #expect(AddressName.text(high: address.high, low: address.low) == shown)
  }

  @Test(
    arguments: [
      "", "1", "10.0.0", "10.0.0.256", "10.0.0.07", "10.0.0.7.", "10.0.0.7/8", "a.b.c.d", ":", ":::",
      "1::2::3",
      "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::", "::1%lo", "[::1]", ":1",
      "1:",
      "1:2:3:4:5:6:7:10.0.0.1", "10.0.0.1::", "+1::", "host",
    ])
  func `what is no address is refused`(text: String) {
    #expect(AddressName.parse(text) == nil)
  }
}
