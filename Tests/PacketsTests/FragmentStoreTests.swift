// SPDX-License-Identifier: Apache-2.0
import Packets
import System
import Testing

/// Datagrams that are put together from any fragments, in bounded memory and time.
@Suite struct FragmentStoreTests {
  private var store = FragmentStore()

  /// An IPv4 packet with eight bytes of a datagram's payload, at a place in units of eight.
  private static func packet(_ place: Int, identification: UInt8 = 1, hasMore: Bool = true) -> [UInt8] {
    let field = place | (hasMore ? 0x2000 : 0)
    let header: [UInt8] = [
      0x45, 0, 0, 28, 0, identification, UInt8(field >> 8), UInt8(field & 255), 64, 6, 0, 0,
      192, 0, 2, 1, 192, 0, 2, 2,
    ]
    return header + [UInt8](repeating: UInt8(place & 255), count: 8)
  }

  /// Adds a fragment as it is decoded; the payload when that makes it whole.
  private mutating func add(_ packet: [UInt8], time: UInt64 = 1) -> [UInt8]? {
    var decoder = PacketDecoder()
    _ = decoder.decode(packet.rawSpan, wireLength: packet.count, link: .raw)
    guard let fragment = decoder.fragment else {
      Issue.record("no fragment: \(packet)")
      return nil
    }
    return store.add(fragment, of: packet.rawSpan, time: time)
  }

  @Test mutating func `fragments of which every second one comes first become a datagram`() {
    let places = Array(stride(from: 0, to: 128, by: 2)) + Array(stride(from: 1, to: 128, by: 2))
    var whole: [[UInt8]] = []
    for place in places {
      if let bytes = add(Self.packet(place, hasMore: place != 127)) { whole.append(bytes) }
    }
    #expect(whole == [(0..<128).flatMap { [UInt8](repeating: $0, count: 8) }])
    #expect(store.refused == 0)
  }

  @Test mutating func `a datagram with holes everywhere stays in a bounded number of parts`() {
    for place in stride(from: 8_000, to: 0, by: -2) { #expect(add(Self.packet(place)) == nil) }
    #expect(store.refused == 4_000 - 64)
    // What touches a part is taken, and others once there is space again.
    #expect(add(Self.packet(7_999)) == nil && add(Self.packet(2)) == nil)
    #expect(store.refused == 4_000 - 64)
    // Other datagrams have parts of their own.
    #expect(add(Self.packet(0, identification: 2)) == nil)
    let whole = add(Self.packet(1, identification: 2, hasMore: false))
    #expect(whole == [UInt8](repeating: 0, count: 8) + [UInt8](repeating: 1, count: 8))
  }
}
