// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System
import Text

/// The header that a proxy puts before a connection's first bytes to name the client (HAProxy's PROXY protocol,
/// versions 1 and 2).
enum ProxyHeader {
  /// Bytes of the longest header of version 1, with its line end.
  private static let longestLine = 107
  private static let signature: [UInt8] = [
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,
  ]

  /// The number of bytes of the header that bytes begin with; 0 when they begin with none, or when something else than a
  /// request or HTTP/2's preface follows it.
  static func length(_ bytes: RawSpan) -> Int {
    let length = max(firstVersion(bytes), secondVersion(bytes))
    guard length > 0, length <= bytes.byteCount else { return 0 }
    guard length < bytes.byteCount else { return length }
    switch HeadStart.verdict(bytes.slice(length, bytes.byteCount)) {
    case .http2, .request, .requestPrefix: return length
    case .response, .responsePrefix, .none: return 0
    }
  }

  /// `PROXY TCP4 ...` up to its line end.
  private static func firstVersion(_ bytes: RawSpan) -> Int {
    // "PROX", "Y "
    guard bytes.byteCount >= 15, bytes.big32(0) == 0x5052_4f58, bytes.big16(4) == 0x5920 else { return 0 }
    let end = min(bytes.byteCount, longestLine)
    for offset in 6..<end where bytes.byte(offset) == 0x0a {
      return bytes.byte(offset - 1) == 0x0d ? offset + 1 : 0
    }
    return 0
  }

  /// A signature, version and command, family, and the length of what follows.
  private static func secondVersion(_ bytes: RawSpan) -> Int {
    guard bytes.byteCount >= 16 else { return 0 }
    for (offset, byte) in signature.enumerated() where bytes.byte(offset) != byte { return 0 }
    guard bytes.byte(12) >> 4 == 2 else { return 0 }
    return 16 + Int(bytes.big16(14))
  }

  /// Whether bytes may begin such a header, by its first ones.
  @inline(__always)
  static func mayBegin(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= 15 else { return false }
    let word = bytes.big32(0)
    return word == 0x5052_4f58 || word == 0x0d0a_0d0a
  }

  /// The client that a whole header names; nil where it names none: the proxy asks itself then, or does not say for whom.
  static func client(_ header: RawSpan) -> Endpoint? {
    header.byteCount >= 16 && header.byte(0) == 0x0d ? secondClient(header) : firstClient(header)
  }

  /// Of `PROXY TCP4 SOURCE DESTINATION PORT PORT`, the source and the first port.
  private static func firstClient(_ header: RawSpan) -> Endpoint? {
    var fields: (source: (start: Int, end: Int), port: (start: Int, end: Int)) = ((0, 0), (0, 0))
    var start = 6, number = 1
    for offset in 6..<header.byteCount
    where header.byte(offset) == UInt8(ascii: " ") || header.byte(offset) == 0x0d {
      if number == 2 { fields.source = (start, offset) }
      if number == 4 { fields.port = (start, offset) }
      (start, number) = (offset + 1, number + 1)
    }
    // "TCP4", "TCP6": nothing else has addresses.
    guard number == 6, header.byteCount >= 15, header.big32(6) & 0xffff_fffd == 0x5443_5034,
      let (high, low) = AddressName.parse(header, fields.source.start, fields.source.end)
    else { return nil }
    var port = 0
    for offset in fields.port.start..<fields.port.end {
      let digit = header.byte(offset) &- UInt8(ascii: "0")
      guard digit < 10, port <= 6_553 else { return nil }
      port = port * 10 + Int(digit)
    }
    return UInt16(exactly: port).map { Endpoint(high: high, low: low, port: $0) }
  }

  /// The source of a header with command PROXY, of IPv4 or IPv6.
  private static func secondClient(_ header: RawSpan) -> Endpoint? {
    guard header.byte(12) & 0xf == 1 else { return nil }
    switch header.byte(13) >> 4 {
    case 1 where header.byteCount >= 28:
      return Endpoint(ipv4: header.big32(16), port: header.big16(24))
    case 2 where header.byteCount >= 52:
      return Endpoint(high: word(header, 16), low: word(header, 24), port: header.big16(48))
    default: return nil
    }
  }

  private static func word(_ bytes: RawSpan, _ offset: Int) -> UInt64 {
    UInt64(bytes.big32(offset)) << 32 | UInt64(bytes.big32(offset + 4))
  }
}
