// SPDX-License-Identifier: Apache-2.0

import System

/// Finds the end of a chunked body (RFC 9112, section 7.1) as its bytes come by; keeps none of them.
package struct ChunkedBody: Equatable, BitwiseCopyable, Sendable {
  package enum Progress: Equatable, Sendable {
    /// All bytes belong to the body, and it continues.
    case needsMore
    /// The body ended after this many of the bytes.
    case ended(Int)
    /// These bytes are no chunked body.
    case broken
  }

  private enum State: BitwiseCopyable, Sendable {
    case sizeStart, size, sizeExtension, data, dataEnd, trailerStart, trailerLine, trailerEnd
  }

  private var state = State.sizeStart
  private var remaining: UInt64 = 0

  package init() {}

  /// Continues with the bytes from `start` on.
  package mutating func consume(_ bytes: RawSpan, from start: Int) -> Progress {
    let count = bytes.byteCount
    var offset = start
    while offset < count {
      if state == .data {
        let available = UInt64(count &- offset)
        if remaining > available {
          remaining &-= available
          return .needsMore
        }
        offset &+= Int(remaining)
        remaining = 0
        state = .dataEnd
        continue
      }
      let byte = bytes.byte(offset)
      offset &+= 1
      switch state {
      case .sizeStart:
        guard let digit = Self.hex(byte) else { return .broken }
        remaining = digit
        state = .size
      case .size:
        if let digit = Self.hex(byte) {
          // A larger size is more than anybody can send: the chunk lasts until the connection ends.
          remaining = remaining < 1 << 60 ? remaining << 4 | digit : .max
        } else if byte == UInt8(ascii: "\n") {
          endSize()
        } else {
          guard Self.endsDigits(byte) else { return .broken }
          state = .sizeExtension
        }
      case .sizeExtension:
        if byte == UInt8(ascii: "\n") { endSize() }
      case .data: break
      case .dataEnd:
        if byte == UInt8(ascii: "\n") {
          state = .sizeStart
        } else if byte != UInt8(ascii: "\r") {
          return .broken
        }
      case .trailerStart:
        if byte == UInt8(ascii: "\n") { return .ended(offset) }
        state = byte == UInt8(ascii: "\r") ? .trailerEnd : .trailerLine
      case .trailerLine:
        if byte == UInt8(ascii: "\n") { state = .trailerStart }
      case .trailerEnd:
        if byte == UInt8(ascii: "\n") { return .ended(offset) }
        state = .trailerLine
      }
    }
    return .needsMore
  }

  /// Skips `count` bytes that were not captured; false when they reach past the current chunk's data.
  package mutating func skip(_ count: UInt64) -> Bool {
    guard state == .data, remaining >= count else { return false }
    remaining &-= count
    if remaining == 0 { state = .dataEnd }
    return true
  }

  /// Data bytes of the current chunk still to come; 0 between chunks.
  package var chunkRemaining: UInt64 { state == .data ? remaining : 0 }

  private mutating func endSize() {
    state = remaining == 0 ? .trailerStart : .data
  }

  /// Whether a byte may follow the digits of a size: an extension's semicolon, white space, or the line's end.
  private static func endsDigits(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ";") || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
      || byte == UInt8(ascii: "\r")
  }

  private static func hex(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte &- UInt8(ascii: "0"))
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte &- UInt8(ascii: "A") &+ 10)
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte &- UInt8(ascii: "a") &+ 10)
    default: nil
    }
  }
}
