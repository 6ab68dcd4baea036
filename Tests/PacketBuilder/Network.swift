// SPDX-License-Identifier: Apache-2.0

/// The IP part of a packet.
package enum Network: Sendable {
  case ipv4(IPv4)
  case ipv6(IPv6)

  var etherType: UInt16 {
    switch self {
    case .ipv4: 0x0800
    case .ipv6: 0x86dd
    }
  }

  /// Whether a TCP header comes next: later fragments have none.
  var carriesSegment: Bool {
    switch self {
    case .ipv4(let header): header.fragmentOffset == 0
    case .ipv6(let header):
      !header.extensions.contains { if case .fragment(let offset, _) = $0 { offset != 0 } else { false } }
    }
  }

  func bytes(transport: UInt8, body: [UInt8]) -> [UInt8] {
    switch self {
    case .ipv4(let header): header.bytes(transport: transport, body: body)
    case .ipv6(let header): header.bytes(transport: transport, body: body)
    }
  }
}

/// An IPv4 header; what is nil is computed.
package struct IPv4: Sendable {
  package var source: UInt32 = 0x0a00_0001
  package var destination: UInt32 = 0x0a00_0002
  package var version: UInt8 = 4
  /// The header's length in words, whatever its options really take.
  package var headerWords: UInt8?
  /// Padded to whole words.
  package var options: [UInt8] = []
  package var totalLength: UInt16?
  package var identification: UInt16 = 1
  package var dontFragment = true
  package var moreFragments = false
  /// In units of eight bytes.
  package var fragmentOffset: UInt16 = 0
  package var isChecksumRight = true

  package init() {}

  func bytes(transport: UInt8, body: [UInt8]) -> [UInt8] {
    var options = options
    while options.count % 4 != 0 { options.append(0) }
    let length = 20 + options.count + body.count
    let fragment = fragmentOffset | (dontFragment ? 0x4000 : 0) | (moreFragments ? 0x2000 : 0)
    var bytes: [UInt8] = [version << 4 | (headerWords ?? UInt8(5 + options.count / 4)) & 15, 0]
    bytes += big16(totalLength ?? UInt16(truncatingIfNeeded: length)) + big16(identification)
    bytes += big16(fragment) + [64, transport, 0, 0]
    bytes += big32(source) + big32(destination) + options
    let sum = ~PacketChecksum.sum(bytes) ^ (isChecksumRight ? 0 : 0x0bad)
    bytes[10...11] = big16(sum)[...]
    return bytes + body
  }
}

/// An IPv6 header and the extension headers after it; what is nil is computed.
package struct IPv6: Sendable {
  package enum Extension: Sendable, Equatable {
    /// Hop-by-hop (0), routing (43), destination options (60): of `8 + 8 * more` bytes.
    case options(UInt8, more: UInt8)
    case fragment(offset: UInt16, more: Bool)
    /// Authentication, of `12 + 4 * more` bytes.
    case authentication(more: UInt8)
    /// Destination options that claim this many more units of eight bytes, and have none.
    case claiming(UInt8)

    var number: UInt8 {
      switch self {
      case .options(let number, _): number
      case .fragment: 44
      case .authentication: 51
      case .claiming: 60
      }
    }

    func bytes(next: UInt8) -> [UInt8] {
      switch self {
      case .options(_, let more):
        // A PadN option fills what one byte of length can say; the rest is Pad1.
        [next, more, 1, 4, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 8 * Int(more))
      case .fragment(let offset, let more):
        [next, 0] + big16(offset << 3 | (more ? 1 : 0)) + [0, 0, 0, 1]
      case .authentication(let more):
        [next, 1 + more, 0, 0] + [UInt8](repeating: 7, count: 8 + 4 * Int(more))
      case .claiming(let units):
        [next, units, 1, 4, 0, 0, 0, 0]
      }
    }
  }

  package var source: [UInt8] = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
  package var destination: [UInt8] = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]
  package var version: UInt8 = 6
  package var extensions: [Extension] = []
  package var payloadLength: UInt16?
  package var flowLabel: UInt32 = 0

  package init() {}

  func bytes(transport: UInt8, body: [UInt8]) -> [UInt8] {
    var behind: [UInt8] = []
    for (index, header) in extensions.enumerated() {
      behind += header.bytes(next: index + 1 < extensions.count ? extensions[index + 1].number : transport)
    }
    behind += body
    var bytes = big32(UInt32(version) << 28 | flowLabel & 0xfffff)
    bytes += big16(payloadLength ?? UInt16(truncatingIfNeeded: behind.count))
    bytes += [extensions.first?.number ?? transport, 64]
    return bytes + source + destination + behind
  }
}
