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
        } else if byte == 0x0a {
          endSize()
        } else if byte == 0x3b || byte == 0x20 || byte == 0x09 || byte == 0x0d {
          state = .sizeExtension
        } else {
          return .broken
        }
      case .sizeExtension:
        if byte == 0x0a { endSize() }
      case .data: break
      case .dataEnd:
        if byte == 0x0a {
          state = .sizeStart
        } else if byte != 0x0d {
          return .broken
        }
      case .trailerStart:
        if byte == 0x0a { return .ended(offset) }
        state = byte == 0x0d ? .trailerEnd : .trailerLine
      case .trailerLine:
        if byte == 0x0a { state = .trailerStart }
      case .trailerEnd:
        if byte == 0x0a { return .ended(offset) }
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

  private static func hex(_ byte: UInt8) -> UInt64? {
    switch byte {
    case 0x30...0x39: UInt64(byte &- 0x30)
    case 0x41...0x46: UInt64(byte &- 0x37)
    case 0x61...0x66: UInt64(byte &- 0x57)
    default: nil
    }
  }
}
