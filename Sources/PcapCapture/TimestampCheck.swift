// SPDX-License-Identifier: Apache-2.0

import System

/// Finds single packets whose times are absurd: far from those of the packets on both sides.
///
/// The time of a capture follows its packets, so that one of them, stamped 2106, would end everything that waits. A
/// packet far from the one before it is kept until the one after it has come: a clock that was set, or a silence,
/// moves both.
struct TimestampCheck {
  /// Nanoseconds between two packets that nobody has to explain.
  static var near: UInt64 { 3_600_000_000_000 }

  /// A packet that waits for its successor.
  struct HeldPacket {
    var packet: FilePacket
    var bytes: [UInt8]
  }

  /// The number of packets that were given the time of the one before them.
  private(set) var absurd: UInt64 = 0
  /// The time of the last packet that was handed on, nanoseconds since 1970; 0 before the first.
  private var last: UInt64 = 0
  private var held: HeldPacket?

  /// Whether a packet is handed on at once, as almost all are: none waits, and its time is near the one before.
  @inline(__always)
  mutating func passes(_ time: UInt64) -> Bool {
    // Both sides of the last time in one comparison: what is earlier than `near` before it wraps to a large number.
    guard held == nil, time != 0, time &- last &+ Self.near <= 2 * Self.near else { return false }
    last = time
    return true
  }

  /// Whether a packet has to wait for its successor; keeps it then.
  mutating func holds(_ packet: FilePacket, _ bytes: RawSpan) -> Bool {
    if packet.time == 0 { return false }
    if last == 0 || Self.areNear(packet.time, last) {
      last = packet.time
      return false
    }
    held = HeldPacket(packet: packet, bytes: (0..<bytes.byteCount).map { bytes.byte($0) })
    return true
  }

  /// The packet that waits, with the time to be believed, now that its successor's is known.
  @inline(__always)
  mutating func release(before time: UInt64) -> HeldPacket? {
    held == nil
      ? nil : decide { last, own in time == 0 || Self.areNear(own, time) || !Self.areNear(last, time) }
  }

  /// The packet that waits at the end of a file: a silence of a day is believed without a successor.
  mutating func flush() -> HeldPacket? {
    held == nil ? nil : decide { last, own in own > last && own - last < 24 * Self.near }
  }

  private mutating func decide(_ isBelievable: (_ last: UInt64, _ own: UInt64) -> Bool) -> HeldPacket? {
    guard var packet = held else { return nil }
    held = nil
    if isBelievable(last, packet.packet.time) {
      last = packet.packet.time
    } else {
      absurd += 1
      packet.packet.time = last
    }
    return packet
  }

  private static func areNear(_ a: UInt64, _ b: UInt64) -> Bool { (a > b ? a - b : b - a) <= near }
}
