// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System

/// The look of a chunk's first bytes, where a head is looked for or a body goes by.
enum HeadLooks {
  /// Whether a chunk that begins inside a body begins like a head.
  static func isFalseHead(_ chunk: Chunk, _ payload: RawSpan) -> Bool {
    // An empty line may precede a head, but in the midst of a body it is a body's.
    let isLine =
      payload.byteCount > 0
      && (payload.byte(0) == UInt8(ascii: "\r") || payload.byte(0) == UInt8(ascii: "\n"))
    return chunk.kind == .start || (chunk.kind == .stream && !isLine && beginsLikeHead(payload))
  }

  /// Whether bytes may begin a head by the first one of them: a capital letter, or an empty line before it.
  @inline(__always)
  static func mayBeHead(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount > 0 else { return false }
    let byte = bytes.byte(0)
    return byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") || isLineEnd(byte)
  }

  /// Whether bytes begin with a registered method and a space, or with `HTTP/`.
  static func beginsLikeHead(_ bytes: RawSpan) -> Bool {
    switch HeadStart.verdict(bytes) {
    case .request, .response, .http2: true
    case .requestPrefix, .responsePrefix, .none: false
    }
  }

  /// The same, or bytes are so few that they may be the beginning of that.
  static func mayBeginHead(_ bytes: RawSpan) -> Bool {
    switch HeadStart.verdict(bytes) {
    case .request, .response, .http2, .requestPrefix, .responsePrefix: true
    case .none: false
    }
  }

  /// Whether bytes begin with a status line, as far as they reach.
  static func beginsLikeStatus(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= 12, bytes.big32(0) == WireWord.http else { return false }
    var head = MessageHead()
    return HeadParser.parse(bytes, into: &head) != .invalid && !head.kind.isRequest && head.status != 0
  }

  /// Whether bytes begin with a whole request line.
  static func beginsLikeRequest(_ bytes: RawSpan) -> Bool {
    var head = MessageHead()
    return beginsLikeHead(bytes) && HeadParser.parse(bytes, into: &head) != .invalid && head.kind.isRequest
      && HeadParser.hasStartLine(head)
  }

  private static func isLineEnd(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
  }

  /// Whether bytes are ends of lines alone, as may come before a head.
  static func isEmptyLines(_ bytes: RawSpan) -> Bool {
    for offset in 0..<bytes.byteCount {
      if !isLineEnd(bytes.byte(offset)) { return false }
    }
    return true
  }
}
