// SPDX-License-Identifier: Apache-2.0

/// The preface that a client sends first (RFC 9113, section 3.4).
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

  /// Whether bytes that may be from the midst of a connection are a client's preface: alone, or with the SETTINGS
  /// frame that follows it.
  package static func isClients(_ bytes: RawSpan) -> Bool {
    guard match(bytes, from: 0) == length else { return false }
    guard bytes.byteCount >= length &+ FrameHeader.length else { return true }
    let header = FrameHeader(bytes, at: length)
    return header.type == FrameHeader.Kind.settings
      && header.isOrdinary(from: .client, longest: Int(Settings.initialFrameSize))
  }

  /// Whether bytes are what a server sends first, a SETTINGS frame of a usual size.
  package static func isServers(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= FrameHeader.length else { return false }
    let header = FrameHeader(bytes, at: 0)
    return header.type == FrameHeader.Kind.settings && header.flags == 0
      && header.isOrdinary(from: .server, longest: 6 * 64)
  }
}
