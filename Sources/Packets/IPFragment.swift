// SPDX-License-Identifier: Apache-2.0

/// A piece of an IP datagram, as the decoder met it.
package struct IPFragment: Sendable {
  /// The key that the pieces of one datagram have in common (RFC 791, RFC 8200 section 4.5).
  package struct Key: Equatable, Sendable {
    var sourceHigh: UInt64, sourceLow: UInt64, destinationHigh: UInt64, destinationLow: UInt64
    var identification: UInt32
    var type: UInt8
    /// The virtual networks of the packet.
    package var network: UInt32
  }

  package var key: Key
  /// Where the piece lies in the datagram's payload.
  package var offset: Int
  /// Where the piece lies in the packet.
  package var start: Int
  package var count: Int
  package var hasMore: Bool
}

extension PacketDecoder {
  /// Notes a fragment; one that the capture cut is of no use, nor one of a protocol that carries no TCP.
  mutating func noteFragment(
    _ bytes: RawSpan, identification: UInt32, type: UInt8, field: UInt16, hasMore: Bool, start: Int, end: Int
  ) {
    let offset = Int(field) &* 8
    guard !isFragment, field != 0 || hasMore, end <= bytes.byteCount, end > start,
      offset &+ (end &- start) <= 0xffff,
      Self.carriesTCP(type)
    else { return }
    note(
      IPFragment(
        key: IPFragment.Key(
          sourceHigh: headers.sourceHigh, sourceLow: headers.sourceLow,
          destinationHigh: headers.destinationHigh,
          destinationLow: headers.destinationLow, identification: identification, type: type,
          network: headers.network),
        offset: offset, start: start, count: end &- start, hasMore: hasMore))
  }

  /// Whether TCP may be in what this protocol carries; the filter's `httpf_is_joined` is the same.
  static func carriesTCP(_ type: UInt8) -> Bool {
    switch type {
    case IPProtocol.tcp, IPProtocol.ipv4, IPProtocol.ipv6, IPProtocol.udp, IPProtocol.gre, IPProtocol.mpls:
      true
    default: false
    }
  }

  /// Continues with the payload of a datagram that was put together from `fragment` and others.
  package mutating func decode(_ payload: RawSpan, of fragment: IPFragment) -> PacketVerdict {
    forgetFragment()
    wireLength = payload.byteCount
    headers.sourceHigh = fragment.key.sourceHigh
    headers.sourceLow = fragment.key.sourceLow
    headers.destinationHigh = fragment.key.destinationHigh
    headers.destinationLow = fragment.key.destinationLow
    headers.network = fragment.key.network
    return transport(fragment.key.type, payload, 0, payload.byteCount)
  }
}
