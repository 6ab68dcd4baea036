// SPDX-License-Identifier: Apache-2.0

import System

/// The messages of a handshake that matter here (RFC 8446, section 4).
package enum HandshakeType {
  package static var clientHello: UInt8 { 1 }
  package static var serverHello: UInt8 { 2 }
  package static var endOfEarlyData: UInt8 { 5 }
  package static var encryptedExtensions: UInt8 { 8 }
  package static var finished: UInt8 { 20 }
  package static var keyUpdate: UInt8 { 24 }

  /// Whether a message's body is looked at; others are passed over, however long they are.
  static func isRead(_ type: UInt8) -> Bool {
    type == clientHello || type == serverHello || type == encryptedExtensions || type == keyUpdate
  }
}

/// One direction's handshake messages, which records cut anywhere.
package struct HandshakeReader: Sendable {
  /// The longest body that is gathered: hellos with keys against quantum computers have 2,000 bytes.
  private static let longestBody = 1 << 16
  /// Bytes before each body: the type and the length.
  private static let headerLength = 4

  /// The message in the making, from its header on.
  private var gathered: [UInt8] = []
  /// Bytes to come of a body that is passed over.
  private var passing = 0
  private var passedType: UInt8 = 0

  package init() {}

  /// Whether a message has begun and not ended.
  package var isInMessage: Bool { !gathered.isEmpty || passing > 0 }

  /// Reads what a record holds, and hands on each message that ends in it: its type, and its body if that matters.
  package mutating func read(_ bytes: RawSpan, _ body: (UInt8, RawSpan) -> Void) {
    var offset = 0
    while true {
      if passing > 0 {
        let count = min(passing, bytes.byteCount - offset)
        offset += count
        passing -= count
        if passing > 0 { return }
        body(passedType, RawSpan())
      }
      if offset == bytes.byteCount { return }
      gather(bytes, &offset, to: Self.headerLength)
      guard gathered.count >= Self.headerLength else { return }
      let type = gathered[0]
      let count = Int(gathered[1]) << 16 | Int(gathered[2]) << 8 | Int(gathered[3])
      guard HandshakeType.isRead(type), count <= Self.longestBody else {
        gathered.removeAll(keepingCapacity: false)
        (passedType, passing) = (type, count)
        if count == 0 { body(type, RawSpan()) }
        continue
      }
      gather(bytes, &offset, to: Self.headerLength + count)
      guard gathered.count == Self.headerLength + count else { return }
      let message = gathered
      gathered = []
      body(type, message.rawSpan.slice(Self.headerLength, message.count))
    }
  }

  private mutating func gather(_ bytes: RawSpan, _ offset: inout Int, to count: Int) {
    while gathered.count < count, offset < bytes.byteCount {
      gathered.append(bytes.byte(offset))
      offset += 1
    }
  }
}
