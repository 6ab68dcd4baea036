// SPDX-License-Identifier: Apache-2.0

import System

/// A connection's first bytes, as far as they have been seen: its ClientHello.
package struct OpeningHello: Sendable, Equatable {
  /// Bytes that are read at most: hellos with keys against quantum computers have 2,000.
  package static var longest: Int { 8_192 }
  /// Bytes with which the random is there: headers of a record and of the message, a version, 32 bytes.
  package static var least: Int { RecordHeader.length + 4 + 2 + HelloRandom.length }

  package var hello: ClientHello
  /// Nothing of it is missing.
  package var isWhole: Bool

  /// Whether a segment's payload begins with a ClientHello: a record of the handshake, and the message's type.
  @inline(__always)
  package static func begins(_ payload: RawSpan) -> Bool {
    payload.byteCount > RecordHeader.length && payload.byte(0) == ContentType.handshake
      && payload.byte(1) == 3
      && payload.byte(RecordHeader.length) == HandshakeType.clientHello
  }

  /// Whether a payload may continue a ClientHello, and is not plainly another record.
  @inline(__always)
  package static func mayContinue(_ payload: RawSpan) -> Bool {
    guard payload.byteCount >= 2, payload.byte(1) == 3 else { return !payload.isEmpty }
    return payload.byte(0) < ContentType.changeCipherSpec || payload.byte(0) > ContentType.applicationData
  }

  /// Reads records from the connection's first byte on; nil when they are not such a message.
  package init?(_ records: RawSpan) {
    let bytes = records.byteCount > Self.longest ? records.slice(0, Self.longest) : records
    guard Self.begins(bytes) else { return nil }
    var message: [UInt8] = [], offset = 0
    // A message may lie in several records; whatever is another one ends it.
    while bytes.byteCount - offset > RecordHeader.length, let header = RecordHeader(bytes, at: offset),
      header.type == ContentType.handshake, header.count > 0
    {
      let end = min(offset + header.total, bytes.byteCount)
      for place in offset + RecordHeader.length..<end { message.append(bytes.byte(place)) }
      offset = end
    }
    self.init(message: message.rawSpan)
  }

  /// Reads the message, as QUIC carries it without records; nil when it is no such message.
  package init?(message: RawSpan) {
    guard message.byteCount > 4, message.byte(0) == HandshakeType.clientHello else { return nil }
    let length = Int(message.big16(1)) << 8 | Int(message.byte(3))
    isWhole = message.byteCount >= 4 + length
    let body = message.slice(4, min(message.byteCount, 4 + length))
    guard let hello = ClientHello(body, isCut: !isWhole) else { return nil }
    self.hello = hello
  }
}
