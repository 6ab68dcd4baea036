// SPDX-License-Identifier: Apache-2.0

import System

/// The note of a packet, beside its bytes, in a capture file of the program's own: what the worker was given with it, so that
/// reading the file counts what the worker counted.
///
/// It stands in options for local use (draft-ietf-opsawg-pcapng, section 3.5.1), which other programs pass over: the section has the
/// depth of the watch, each packet eight bytes.
///
///     kind │ direction │ checksum │ 0 │ virtual networks, 32 bits
package struct RecordingMark: Equatable, Sendable {
  /// The option of a section whose packets have marks; its value is the depth in ASCII.
  package static let sectionOption: UInt16 = 0x8a01
  /// The option of a packet.
  package static let packetOption: UInt16 = 0x8a02
  /// Bytes of a packet's option.
  package static let size = 8

  package var kind: Segment.Kind
  package var direction: Segment.Direction
  package var checksum: Segment.Checksum
  package var network: UInt32

  package init(
    kind: Segment.Kind, direction: Segment.Direction, checksum: Segment.Checksum, network: UInt32
  ) {
    (self.kind, self.direction) = (kind, direction)
    (self.checksum, self.network) = (checksum, network)
  }

  /// Reads an option's value; nil when it is none.
  package init?(_ value: RawSpan, isLittle: Bool) {
    guard value.byteCount == Self.size, let kind = Segment.Kind(rawValue: value.byte(0)), kind != .hello,
      kind != .initial,
      let direction = Segment.Direction(rawValue: value.byte(1)),
      let checksum = Segment.Checksum(rawValue: value.byte(2))
    else { return nil }
    let network = value.big32(4)
    self.init(
      kind: kind, direction: direction, checksum: checksum,
      network: isLittle ? network.byteSwapped : network)
  }
}
