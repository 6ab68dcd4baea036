// SPDX-License-Identifier: Apache-2.0

import Capture

/// A segment in a queue: its numbers, and where its captured bytes are.
struct QueuedSegment: BitwiseCopyable {
  var time: UInt64
  var sourceHigh: UInt64
  var sourceLow: UInt64
  var destinationHigh: UInt64
  var destinationLow: UInt64
  var sequence: UInt32
  var acknowledgement: UInt32
  var payloadLength: UInt32
  var interface: UInt32
  var network: UInt32
  /// Where the captured bytes begin in the queue's bytes, and how many they are.
  var start: UInt32
  var captured: UInt32
  var sourcePort: UInt16
  var destinationPort: UInt16
  var flags: UInt8
  var kind: UInt8
  var direction: UInt8
  var checksum: UInt8

  @inline(__always)
  init(_ segment: borrowing Segment, start: Int, captured: Int) {
    time = segment.time
    (sourceHigh, sourceLow) = (segment.source.high, segment.source.low)
    (destinationHigh, destinationLow) = (segment.destination.high, segment.destination.low)
    (sequence, acknowledgement) = (segment.sequence, segment.acknowledgement)
    (payloadLength, interface, network) = (segment.payloadLength, segment.interface, segment.network)
    self.start = UInt32(truncatingIfNeeded: start)
    self.captured = UInt32(truncatingIfNeeded: captured)
    (sourcePort, destinationPort) = (segment.source.port, segment.destination.port)
    (flags, kind) = (segment.flags.rawValue, segment.kind.rawValue)
    (direction, checksum) = (segment.direction.rawValue, segment.checksum.rawValue)
  }

  var isIPv4: Bool { sourceHigh == 0 && sourceLow >> 32 == 0xffff }
}
