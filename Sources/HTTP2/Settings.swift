// SPDX-License-Identifier: Apache-2.0

/// The settings that matter to somebody who watches (RFC 9113, section 6.5.2; RFC 8441).
package struct Settings: Equatable, Sendable {
  /// What holds until a peer sets something.
  package static let initialTableSize: UInt32 = 4096
  /// SETTINGS_MAX_FRAME_SIZE until it is set: bytes of the longest payload (RFC 9113, section 6.5.2).
  package static let initialFrameSize: UInt32 = 16_384
  /// The longest payload that a frame can have.
  package static let longestFrame: UInt32 = 1 << 24 - 1

  /// The names of settings on the wire.
  enum Identifier {
    static let tableSize: UInt16 = 1
    static let push: UInt16 = 2
    static let windowSize: UInt16 = 4
    static let frameSize: UInt16 = 5
    static let connectProtocol: UInt16 = 8
  }

  /// The bytes that the sender's decoder has for a dynamic table; nil when the frame has no such setting.
  package var tableSize: UInt32?
  /// The longest payload that the sender accepts; nil without the setting.
  package var frameSize: UInt32?
  /// Whether the sender, a server, accepts extended CONNECT; nil without the setting.
  package var connectProtocol: Bool?
  /// Whether all of the frame was seen; if not, any setting may have changed.
  package var isWhole = true

  package init() {}

  /// The settings of a payload, as `HTTP2-Settings` brings it; nil when they are not well-formed.
  package init?(payload: RawSpan) {
    guard payload.byteCount % 6 == 0 else { return nil }
    var offset = 0
    while offset < payload.byteCount {
      let identifier = UInt16(payload.octet(offset)) << 8 | UInt16(payload.octet(offset + 1))
      guard apply(identifier, payload.number32(offset + 2)) == nil else { return nil }
      offset += 6
    }
  }

  /// Notes one setting; the last of its kind counts.
  /// - Returns: The error that ends the connection, for a value that is not allowed.
  mutating func apply(_ identifier: UInt16, _ value: UInt32) -> ErrorCode? {
    switch identifier {
    case Identifier.tableSize: tableSize = value
    case Identifier.push: if value > 1 { return .protocolError }
    case Identifier.windowSize: if value > 1 << 31 - 1 { return .flowControlError }
    case Identifier.frameSize:
      guard value >= Self.initialFrameSize, value <= Self.longestFrame else { return .protocolError }
      frameSize = value
    case Identifier.connectProtocol:
      guard value <= 1 else { return .protocolError }
      connectProtocol = value == 1
    default: break
    }
    return nil
  }
}

/// The limit that the receiver of a direction sets its sender, as known to somebody between the two.
///
/// A setting holds for the sender once it acknowledges it. Until then its frames may follow the old value or
/// the new one, so the larger of both is allowed; with frames outstanding that were not seen, any.
struct SettingLimit: Equatable, Sendable {
  /// What is acknowledged.
  private(set) var agreed: UInt32
  /// The last value announced, and the largest of those that are not acknowledged.
  private var last: UInt32
  private var largest: UInt32

  init(_ initial: UInt32) {
    agreed = initial
    last = initial
    largest = initial
  }

  /// The most that the sender may use now.
  @inline(__always)
  var most: UInt32 { max(agreed, largest) }

  mutating func announce(_ value: UInt32) {
    last = value
    largest = max(largest, value)
  }

  /// All that was announced is acknowledged.
  mutating func acknowledge() {
    agreed = last
    largest = last
  }
}
