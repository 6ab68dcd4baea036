// SPDX-License-Identifier: Apache-2.0
import System
import Packets
import PacketBuilder
import Testing

/// Packets in tunnels and behind every link layer, as capture files hold them.
@Suite struct EnvelopeTests {
  static let text = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

  static let packets = [Packet().payload(text).packet, Packet().ipv6().payload(text).packet]

  static func decode(_ bytes: [UInt8], _ linkType: UInt32) -> (PacketVerdict, PacketHeaders)? {
    guard let link = LinkLayer(linkType: linkType) else { return nil }
    var decoder = PacketDecoder()
    return (decoder.decode(bytes.rawSpan, wireLength: bytes.count, link: link), decoder.headers)
  }

  @Test(arguments: packets)
  func `the segment inside of every tunnel and link layer is found`(packet: [UInt8]) throws {
    for envelope in Envelope.all(around: packet) {
      let (verdict, headers) = try #require(
        Self.decode(envelope.bytes, envelope.linkType), "\(envelope.name)")
      guard case .tcp = verdict else {
        Issue.record("\(envelope.name): \(verdict)")
        continue
      }
      let start = headers.payloadStart
      #expect(headers.destinationPort == 80, "\(envelope.name)")
      #expect(
        Array(envelope.bytes[start..<(start + headers.payloadCaptured)]) == Array(Self.text.utf8),
        "\(envelope.name)")
    }
  }

  @Test(arguments: packets)
  func `an envelope that was cut anywhere is read up to there, and never as another flow`(packet: [UInt8])
    throws
  {
    for envelope in Envelope.all(around: packet) {
      for cut in 0..<envelope.bytes.count {
        let part = Array(envelope.bytes[..<cut])
        let (verdict, headers) = try #require(Self.decode(part, envelope.linkType))
        guard case .tcp = verdict else { continue }
        #expect(headers.destinationPort == 80, "\(envelope.name), cut at \(cut)")
        #expect(headers.payloadStart + headers.payloadCaptured <= cut, "\(envelope.name), cut at \(cut)")
      }
    }
  }

  @Test func `every link layer that is read has a name, and all others are refused`() {
    let known = (0..<300 as Range<UInt32>).compactMap { LinkLayer(linkType: $0) }
    #expect(known.count == 48)
    #expect(known.allSatisfy { !$0.name.isEmpty })
    #expect(LinkLayer(linkType: 147) == nil)
  }
}
