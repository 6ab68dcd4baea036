// SPDX-License-Identifier: Apache-2.0

import HTTP1
import System

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
}
