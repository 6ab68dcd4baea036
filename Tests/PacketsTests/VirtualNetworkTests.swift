// SPDX-License-Identifier: Apache-2.0
import PacketBuilder
import Packets
import System
import Testing

/// The virtual networks that a packet is in, by its tags and tunnels.
@Suite struct VirtualNetworkTests {
  private static let plain = Packet().payload("GET / HTTP/1.1\r\nHost: h\r\n\r\n")

  private static func network(_ frame: [UInt8]) throws -> UInt32 {
    let (verdict, headers) = try #require(EnvelopeTests.decode(frame, 1))
    #expect(verdict == .tcp)
    return headers.network
  }

  @Test func `each VLAN, and each in each, is a network of its own, and a priority is none`() throws {
    var seen: Set<UInt32> = [try Self.network(Self.plain.bytes)]
    #expect(seen == [0])
    for first: UInt16 in 1...4_094 {
      seen.insert(try Self.network(Self.plain.tagged(VLANTag(first)).bytes))
      seen.insert(
        try Self.network(Self.plain.tagged(VLANTag(first, type: 0x88a8), VLANTag(first % 7 + 1)).bytes))
    }
    #expect(seen.count == 1 + 2 * 4_094)
    let priority = VLANTag(0xa000)
    #expect(try Self.network(Self.plain.tagged(priority).bytes) == 0)
    #expect(
      try Self.network(Self.plain.tagged(VLANTag(0xa005), priority).bytes)
        == Self.network(Self.plain.ipv6().tagged(VLANTag(5)).bytes))
  }

  @Test(arguments: ["VXLAN", "Geneve"])
  func `so is each network of a tunnel that has numbers`(name: String) throws {
    let envelope = try #require(Envelope.all(around: Self.plain.packet).first { $0.name == name })
    // After Ethernet, IPv4 and UDP, behind four bytes of the tunnel's own header.
    let identifier = 14 + 20 + 8 + 4
    var seen: Set<UInt32> = [0]
    for number in 0..<3_000 {
      var frame = envelope.bytes
      (frame[identifier], frame[identifier + 1]) = (UInt8(number / 256), UInt8(number % 256))
      seen.insert(try Self.network(frame))
    }
    #expect(seen.count == 3_001)
  }
}
