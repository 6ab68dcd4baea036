// SPDX-License-Identifier: Apache-2.0
import System
import Packets
import HTTP1
import PacketBuilder
import Testing

/// The decoder on the table that the kernel's filter is checked by, without any privilege.
@Suite struct DecoderTests {
  static let cases = PacketTable(methods: Method.allCases.filter { $0 != .other }.map(\.name)).cases

  /// Tunnels and encapsulations, which are opened here and not in the kernel.
  static func isOpenedHere(_ packet: Packet) -> Bool {
    [4, 41, 47, 51, 97, 137, 143].contains(packet.transport) || packet.etherType == 0x8864
      || packet.etherType == 0x8847
  }

  @Test func `every packet of the table is what the table says`() {
    for item in Self.cases where item.onWire && !Self.isOpenedHere(item.packet) {
      var decoder = PacketDecoder()
      let verdict = decoder.decode(item.frame.rawSpan, wireLength: item.frame.count, link: .ethernet)
      switch (verdict, item.verdict) {
      case (.other, .ignored), (.malformed, .malformed), (.fragment, .fragment): break
      case (_, .fragment) where decoder.isFragment: break
      case (.tcp, .ignored), (.tcp, .malformed), (.tcp, .fragment):
        Issue.record("\(item.name): \(verdict), \(item.verdict)")
      case (.tcp, _):
        let payload = item.frame[
          decoder.headers.payloadStart..<(decoder.headers.payloadStart + decoder.headers.payloadCaptured)]
        guard case .request(let length) = item.verdict else { continue }
        #expect(decoder.headers.payloadLength == length, "\(item.name)")
        #expect(HeadStart.verdict(Array(payload).rawSpan) != .none, "\(item.name)")
      default: Issue.record("\(item.name): \(verdict), \(item.verdict)")
      }
    }
  }

  @Test func `a packet cut anywhere is never read beyond its end`() {
    for item in Self.cases.enumerated().filter({ $0.offset % 20 == 0 }).map(\.element) {
      for cut in 0..<min(item.frame.count, 120) {
        var decoder = PacketDecoder()
        let bytes = Array(item.frame[..<cut])
        guard case .tcp = decoder.decode(bytes.rawSpan, wireLength: item.frame.count, link: .ethernet) else {
          continue
        }
        #expect(decoder.headers.payloadStart + decoder.headers.payloadCaptured <= cut, "\(item.name)")
        #expect(decoder.headers.payloadLength >= decoder.headers.payloadCaptured, "\(item.name)")
      }
    }
  }

  @Test func `headers that cannot be are malformed, and what is no IP is another protocol`() {
    func verdict(_ bytes: [UInt8], _ link: LinkLayer) -> String {
      var decoder = PacketDecoder()
      return "\(decoder.decode(bytes.rawSpan, wireLength: bytes.count, link: link))"
    }
    let zeros = [UInt8](repeating: 0, count: 40)
    // Prism's header says a length of its own.
    #expect(verdict([0, 0, 0, 0x44, 0x7f, 0x7f, 0x7f, 0x7f] + zeros, .prism) == "malformed")
    #expect(verdict([1, 2, 9] + zeros, .arcnet) == "other")
    #expect(verdict([1, 2, 212, 7] + zeros, .arcnet) == "fragment")
    #expect(verdict([0x50] + zeros, .raw) == "other")
    #expect(verdict([2, 0, 0, 0, 1, 0, 1, 0] + zeros, .netfilterLog) == "malformed")
    #expect(verdict([2, 0, 0, 0], .netfilterLog) == "other")
    #expect(verdict([8, 0x40] + zeros, .wireless) == "other")
    #expect(verdict([0xff, 3, 0xc0, 0x21] + zeros, .ppp) == "other")
    #expect(verdict([0x23] + zeros, .ppp) == "other")
  }

  @Test(arguments: [Packet(), Packet().ipv6()])
  func `a packet shorter than its IP header says has what is there, where that is allowed`(packet: Packet) {
    let text = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    let frame = Array(packet.payload(text).bytes.dropLast(3))
    var strict = PacketDecoder()
    let refused = strict.decode(frame.rawSpan, wireLength: frame.count, link: .ethernet)
    #expect("\(refused)" == "malformed")
    var lenient = PacketDecoder(allowsShortPackets: true)
    let verdict = lenient.decode(frame.rawSpan, wireLength: frame.count, link: .ethernet)
    #expect("\(verdict)" == "tcp")
    #expect(lenient.headers.payloadLength == text.utf8.count - 3)
    #expect(lenient.headers.payloadCaptured == text.utf8.count - 3)
    #expect(lenient.headers.payloadStart + lenient.headers.payloadCaptured == frame.count)
  }
}
