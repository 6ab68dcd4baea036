// SPDX-License-Identifier: Apache-2.0

/// The nine bytes that begin a frame (RFC 9113, section 4.1).
package struct FrameHeader: BitwiseCopyable, Equatable, Sendable {
  /// Bytes of a frame header.
  package static let length = 9

  /// The types of frames on the wire (RFC 9113, section 6).
  package enum Kind {
    package static let data: UInt8 = 0
    package static let headers: UInt8 = 1
    package static let priority: UInt8 = 2
    package static let reset: UInt8 = 3
    package static let settings: UInt8 = 4
    package static let pushPromise: UInt8 = 5
    package static let ping: UInt8 = 6
    package static let goAway: UInt8 = 7
    package static let windowUpdate: UInt8 = 8
    package static let continuation: UInt8 = 9
    /// The last one that is known here: ALTSVC (10), ORIGIN (12), PRIORITY_UPDATE (16).
    package static let priorityUpdate: UInt8 = 16
  }

  /// The flags; which of them a frame can have depends on its type.
  package enum Flags {
    package static let endStream: UInt8 = 0x01
    package static let acknowledgement: UInt8 = 0x01
    package static let endHeaders: UInt8 = 0x04
    package static let padded: UInt8 = 0x08
    package static let priority: UInt8 = 0x20
  }

  /// Bytes of the payload, 0 to 2²⁴ - 1.
  package var payload: Int
  /// The type, of `Kind` or an unknown one.
  package var type: UInt8
  /// Bits of `Flags`, or ones without a meaning.
  package var flags: UInt8
  /// The stream, 0 to 2³¹ - 1; 0: the connection.
  package var stream: UInt32
  /// Whether the reserved bit before the stream is set: receivers ignore it, senders leave it unset.
  package var hasReservedBit: Bool

  package init() {
    self.init(high: 0, low: 0)
  }

  /// The header at `offset`, from which on nine bytes are there.
  package init(_ bytes: RawSpan, at offset: Int) {
    self.init(high: bytes.number64(offset), low: bytes.octet(offset &+ 8))
  }

  /// The header whose first eight bytes are one number, and whose last byte is another.
  @inline(__always)
  init(high: UInt64, low: UInt8) {
    payload = Int(high &>> 40)
    type = UInt8(truncatingIfNeeded: high &>> 32)
    flags = UInt8(truncatingIfNeeded: high &>> 24)
    let word = UInt32(truncatingIfNeeded: high) &<< 8 | UInt32(low)
    stream = word & 0x7fff_ffff
    hasReservedBit = word &>> 31 == 1
  }

  @inline(__always)
  /// Whether a flag is set.
  package func has(_ flag: UInt8) -> Bool { flags & flag != 0 }

  /// The error with which the receiver ends the connection, from the header alone; nil for a frame that it reads
  /// or ignores. What only ends a stream is none.
  package func fault(from sender: FrameSender) -> ErrorCode? {
    switch type {
    case Kind.data: return stream == 0 || isForeign(sender) ? .protocolError : nil
    case Kind.headers:
      if stream == 0 || isForeign(sender) { return .protocolError }
      let least = (has(Flags.padded) ? 1 : 0) + (has(Flags.priority) ? 5 : 0)
      return payload < least ? .frameSizeError : nil
    case Kind.priority: return stream == 0 ? .protocolError : nil
    case Kind.reset: return stream == 0 ? .protocolError : payload == 4 ? nil : .frameSizeError
    case Kind.settings:
      if stream != 0 { return .protocolError }
      if has(Flags.acknowledgement) { return payload == 0 ? nil : .frameSizeError }
      return payload % 6 == 0 ? nil : .frameSizeError
    case Kind.pushPromise:
      if stream == 0 || sender == .client { return .protocolError }
      return payload < (has(Flags.padded) ? 5 : 4) ? .frameSizeError : nil
    case Kind.ping: return stream != 0 ? .protocolError : payload == 8 ? nil : .frameSizeError
    case Kind.goAway: return stream != 0 ? .protocolError : payload >= 8 ? nil : .frameSizeError
    case Kind.windowUpdate: return payload == 4 ? nil : .frameSizeError
    case Kind.continuation: return stream == 0 ? .protocolError : nil
    default: return nil
    }
  }

  /// A client's frame on a stream of even number: only servers begin those, and answer on them alone.
  private func isForeign(_ sender: FrameSender) -> Bool { sender == .client && stream & 1 == 0 }

  /// Whether an ordinary sender sends such a header: no fault, a known type, no flag or bit without a meaning, no
  /// length beyond `longest`. For finding frames in bytes that may be anything, where one header proves little.
  package func isOrdinary(from sender: FrameSender, longest: Int) -> Bool {
    guard !hasReservedBit, payload <= longest, fault(from: sender) == nil else { return false }
    let allowed: UInt8
    switch type {
    case Kind.data: allowed = Flags.endStream | Flags.padded
    case Kind.headers: allowed = Flags.endStream | Flags.endHeaders | Flags.padded | Flags.priority
    case Kind.settings, Kind.ping: allowed = Flags.acknowledgement
    case Kind.pushPromise: allowed = Flags.endHeaders | Flags.padded
    case Kind.continuation: allowed = Flags.endHeaders
    case Kind.priority: return flags == 0 && payload == 5
    case Kind.reset, Kind.goAway, Kind.windowUpdate: allowed = 0
    case Kind.priorityUpdate: return flags == 0 && stream == 0 && payload >= 4 && sender == .client
    case 10, 12: return flags == 0 && sender == .server
    default: return false
    }
    return flags & ~allowed == 0
  }
}

/// The sender of a direction's frames.
package enum FrameSender: UInt8, Sendable {
  case client, server
}
