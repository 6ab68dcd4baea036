// SPDX-License-Identifier: Apache-2.0

/// The packets that had come when a capture was stopped: it is over after them, whatever else keeps coming.
struct CaptureRemainder {
  /// Capture time, nanoseconds since 1970.
  private let end: UInt64
  /// Bytes that the kernel's buffer may still hold; stamps may be wrong.
  private var bytes: Int
  /// A packet has come that is none of them.
  private(set) var isOver = false

  init(stoppedAt time: UInt64, bufferBytes: Int) {
    end = time
    bytes = bufferBytes
  }

  /// Whether a packet is one of them; after the first one that is not, none is.
  mutating func contains(packetOf captured: Int, at time: UInt64) -> Bool {
    bytes -= captured
    if time > end || bytes < 0 { isOver = true }
    return !isOver
  }
}
