// SPDX-License-Identifier: Apache-2.0

/// What a client sends first (RFC 9113, section 3.4).
package enum ConnectionPreface {
  private static let text = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
  /// Bytes of it.
  package static let length = 24

  static func byte(_ index: Int) -> UInt8 { text[index] }

  /// The number of bytes from `start` on that the preface begins with: 24 for all of it, less where the bytes end; nil
  /// when they differ.
  package static func match(_ bytes: RawSpan, from start: Int) -> Int? {
    var index = 0
    while index < length, start &+ index < bytes.byteCount {
      guard bytes.octet(start &+ index) == byte(index) else { return nil }
      index &+= 1
    }
    return index
  }
}
