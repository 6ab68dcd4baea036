// SPDX-License-Identifier: Apache-2.0

import Capture
import HTTP1
import System

/// How the first bytes of a chunk look, where a head is looked for or a body goes by.
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

  /// Whether bytes are a status line, or may become one, after any empty lines.
  static func mayBecomeStatus(_ bytes: RawSpan) -> Bool {
    var start = 0
    while start < bytes.byteCount, isLineEnd(bytes.byte(start)) { start &+= 1 }
    for index in 0..<min(bytes.byteCount &- start, 5) where bytes.byte(start &+ index) != versionByte(index) {
      return false
    }
    return true
  }

  /// The bytes of `HTTP/`.
  private static func versionByte(_ index: Int) -> UInt8 {
    switch index {
    case 0: UInt8(ascii: "H")
    case 1, 2: UInt8(ascii: "T")
    case 3: UInt8(ascii: "P")
    default: UInt8(ascii: "/")
    }
  }

  /// The offset of the first status line from `start` on, wherever in a line it stands; nil when there is none.
  static func statusLine(in bytes: RawSpan, from start: Int) -> Int? {
    var offset = start
    // "HTTP/1.1 200" and the byte after it.
    while offset &+ 13 <= bytes.byteCount {
      if bytes.byte(offset) == UInt8(ascii: "H"), isStatusLine(bytes, offset) { return offset }
      offset &+= 1
    }
    return nil
  }

  /// Whether `HTTP/d.d ddd` and the end of that word stand at `offset`; 13 bytes must be there.
  private static func isStatusLine(_ bytes: RawSpan, _ offset: Int) -> Bool {
    func isDigit(_ index: Int) -> Bool { bytes.byte(offset &+ index) &- UInt8(ascii: "0") < 10 }
    let last = bytes.byte(offset &+ 12)
    return mayBecomeStatus(bytes.slice(offset, offset &+ 5)) && isDigit(5)
      && bytes.byte(offset &+ 6) == UInt8(ascii: ".") && isDigit(7)
      && bytes.byte(offset &+ 8) == UInt8(ascii: " ")
      && isDigit(9) && isDigit(10) && isDigit(11) && (last == UInt8(ascii: " ") || isLineEnd(last))
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
