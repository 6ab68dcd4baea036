// SPDX-License-Identifier: Apache-2.0

import System

/// The versions of QUIC whose first packets anybody can read (RFC 9000 and RFC 9369).
package enum QUICVersion: Sendable {
  case v1, v2

  init?(_ number: UInt32) {
    switch number {
    case QUICVersion.v1.number: self = .v1
    case QUICVersion.v2.number: self = .v2
    default: return nil
    }
  }

  /// The version as the wire has it.
  var number: UInt32 { self == .v1 ? 1 : 0x6b33_43cf }

  /// The two bits of an Initial packet's type.
  var initialType: UInt8 { self == .v1 ? 0 : 1 }
}

/// The header of an Initial packet (RFC 9000, section 17.2.2), as far as it is not protected.
package struct InitialPacket: Equatable, Sendable {
  /// Bytes of a connection's identifier at most (RFC 9000, section 17.2).
  private static let longestIdentifier = 20
  /// From the packet's number on: four bytes that it may have, and those that the mask is made of.
  package static let sampleOffset = 4
  package static let sampleLength = 16

  package var version: QUICVersion
  /// Where the packet begins in the datagram.
  package var start: Int
  /// Which connection it is for, in the datagram.
  package var destination: Range<Int>
  /// It has a token, which a server has sent: in a retry, or earlier.
  package var hasToken: Bool
  /// Where the protected packet number begins.
  package var number: Int
  /// Where the packet ends.
  package var end: Int

  /// The upper half of the first byte, and the version after it, of each version's Initial packets.
  package static var beginnings: [(first: UInt8, version: UInt32)] {
    [QUICVersion.v1, .v2].map { (first: 0xc0 | $0.initialType << 4, version: $0.number) }
  }

  /// Whether a datagram begins with a packet that may be a client's first one.
  @inline(__always)
  package static func begins(_ datagram: RawSpan) -> Bool {
    guard datagram.byteCount >= 7, let version = QUICVersion(datagram.big32(1)) else { return false }
    return datagram.byte(0) & 0xf0 == 0xc0 | version.initialType << 4
  }

  /// Reads the header at `start` of a datagram; nil when it is no Initial packet, or not all of it is there.
  package init?(_ datagram: RawSpan, at start: Int = 0) {
    var reader = ByteReader(start..<max(start, datagram.byteCount))
    guard let first = reader.number(datagram, 1), first & 0xc0 == 0xc0,
      let number = reader.number(datagram, 4), let version = QUICVersion(UInt32(truncatingIfNeeded: number)),
      UInt8(first >> 4 & 3) == version.initialType,
      let destinationLength = reader.number(datagram, 1), destinationLength <= Self.longestIdentifier,
      let destination = reader.skip(destinationLength),
      let sourceLength = reader.number(datagram, 1), sourceLength <= Self.longestIdentifier,
      reader.skip(sourceLength) != nil,
      let tokenLength = reader.variable(datagram), reader.skip(tokenLength) != nil,
      let length = reader.variable(datagram), let body = reader.skip(length),
      body.count >= Self.sampleOffset + Self.sampleLength
    else { return nil }
    (self.version, self.start, self.destination) = (version, start, destination)
    hasToken = tokenLength > 0
    (self.number, end) = (body.lowerBound, body.upperBound)
  }
}

extension ByteReader {
  /// A number whose first two bits tell its length (RFC 9000, section 16).
  mutating func variable(_ bytes: RawSpan) -> Int? {
    guard !isAtEnd else { return nil }
    let width = 1 << Int(bytes.byte(offset) >> 6)
    return number(bytes, width).map { $0 & ((1 << (8 * width - 2)) - 1) }
  }
}
