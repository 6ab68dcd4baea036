// SPDX-License-Identifier: Apache-2.0

/// The numbers that come with a segment's bytes.
struct Arrival {
  /// Capture time, nanoseconds since 1970.
  var time: UInt64
  var acknowledgement: UInt32
  var hasAcknowledgement: Bool
  /// The bytes end with the sender's FIN.
  var isFinal: Bool
  /// It is the sender's RST.
  var isReset: Bool

  /// Whether it means something without bytes.
  var ends: Bool { isFinal || isReset }
}

/// A segment that waits: for bytes before it, for the other direction, or for a part of the handshake.
struct HeldSegment {
  var sequence: UInt32
  /// Bytes on the wire; `bytes` has those that were captured.
  var length: Int
  var arrival: Arrival
  var bytes: [UInt8]

  var end: UInt32 { sequence &+ UInt32(truncatingIfNeeded: length) }
}

/// The segments of one direction that wait, by sequence number.
struct HeldSegments {
  /// Segments, and bytes of them, that one direction may hold.
  private static let longest = 4_096
  private static let largest = 4 << 20

  private var segments: [HeldSegment] = []
  private(set) var bytes = 0

  var first: HeldSegment? { segments.first }
  var isEmpty: Bool { segments.isEmpty }

  /// Whether there is room for another one.
  func hasRoom(for count: Int) -> Bool { segments.count < Self.longest && bytes + count <= Self.largest }

  mutating func insert(_ segment: HeldSegment) {
    var index = segments.count
    while index > 0,
      SequenceArithmetic.distance(segments[index - 1].sequence, from: segment.sequence) > 0
    {
      index -= 1
    }
    bytes += segment.bytes.count
    segments.insert(segment, at: index)
  }

  mutating func removeFirst() -> HeldSegment? {
    guard !segments.isEmpty else { return nil }
    let first = segments.removeFirst()
    bytes -= first.bytes.count
    return first
  }

  mutating func removeAll() {
    segments = []
    bytes = 0
  }
}
