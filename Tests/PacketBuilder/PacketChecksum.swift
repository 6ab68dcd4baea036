// SPDX-License-Identifier: Apache-2.0

/// What a TCP header says for its checksum.
package enum PacketChecksum: Sendable, CaseIterable {
  /// Nothing: zero.
  case none
  case right
  /// The sum of the pseudo-header alone, as a host leaves it to its card to complete.
  case partial
  case wrong

  /// The field's value for a segment whose field is zero.
  func value(of segment: [UInt8], in network: Network) -> UInt16 {
    let ends: [UInt8]
    switch network {
    case .ipv4(let header): ends = big32(header.source) + big32(header.destination)
    case .ipv6(let header): ends = header.source + header.destination
    }
    let pseudo = ends + big32(6) + big32(UInt32(segment.count))
    switch self {
    case .none: return 0
    case .right: return ~Self.sum(pseudo + segment)
    case .partial: return Self.sum(pseudo)
    case .wrong: return ~Self.sum(pseudo + segment) ^ 0x0bad
    }
  }

  /// The sum of 16-bit words (RFC 1071), the plain way.
  static func sum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
      sum += UInt32(bytes[index]) << 8 | (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
      sum = sum & 0xffff + sum >> 16
    }
    return UInt16(sum)
  }
}
