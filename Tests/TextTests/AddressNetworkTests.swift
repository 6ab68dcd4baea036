// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Text

@Suite struct AddressNetworkTests {
  private static func contains(_ network: String, _ address: String) throws -> Bool {
    let (high, low) = try #require(AddressName.parse(address))
    return try AddressNetwork(network).contains(high: high, low: low)
  }

  @Test(
    arguments: [
      ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false),
      ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("10.0.0.0/8", "2001:db8::1", false),
      ("10.0.0.7", "10.0.0.7", true), ("10.0.0.7", "10.0.0.6", false), ("10.0.0.6/31", "10.0.0.7", true),
      ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "::1", false), ("::/0", "203.0.113.9", true),
      ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
      ("2001:db8::/65", "2001:db8::7fff:0:0:0", true), ("2001:db8::/65", "2001:db8::8000:0:0:0", false),
      ("::1", "::1", true), ("::1/128", "::2", false),
    ])
  func `a network has the addresses of its length`(network: String, address: String, isIn: Bool) throws {
    #expect(try Self.contains(network, address) == isIn)
  }

  @Test(arguments: [
    "", "10.0.0.0/", "10.0.0.0/33", "::/129", "10/8", "10.0.0.0/8/8", "10.0.0.0/+8", "a/8", "/8",
  ])
  func `what is none is refused`(text: String) {
    #expect(throws: AddressNetwork.Fault.malformed) { try AddressNetwork(text) }
  }

  @Test func `bits beyond the length are refused, with the network that was meant`() {
    #expect(throws: AddressNetwork.Fault.hostBits("10.0.0.0/8")) { try AddressNetwork("10.0.0.7/8") }
    #expect(throws: AddressNetwork.Fault.hostBits("2001:db8::/32")) { try AddressNetwork("2001:db8::1/32") }
  }
}
