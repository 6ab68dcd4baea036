// SPDX-License-Identifier: Apache-2.0

public import System

/// The verification of a segment's TCP checksum.
extension Segment {
  /// The verdict on a checksum, as far as the capture can tell.
  @usableFromInline
  package enum Checksum: UInt8, BitwiseCopyable, Sendable {
    /// Not all of the segment is here, or its packet was put together from several.
    case unknown
    /// It is right.
    case right
    /// It is neither right nor partial, or IP's is wrong: the receiver drops the segment.
    case wrong
    /// It is that of the pseudo-header alone, as the sender leaves it to its card to complete.
    case partial
  }

  /// The bytes of a segment, its header included, that Ethernet takes without a larger frame. The checksum of a longer one
  /// is not looked at: a card may have put it together from several, and leaves the first one's, or takes it apart.
  @inlinable package static var longestVerified: Int { 1_480 }

  /// The words of a TCP header that a segment does not have.
  @usableFromInline
  package struct HeaderRest {
    /// Bytes of the header, 20 to 60.
    @usableFromInline let length: Int
    /// The sum of its bytes from the 13th on.
    @usableFromInline let sum: InternetSum
    /// The checksum in memory's order.
    @usableFromInline let checksum: UInt16

    @inlinable @inline(__always)
    package init(length: Int, sum: InternetSum, checksum: UInt16) {
      self.length = length
      self.sum = sum
      self.checksum = checksum
    }
  }

  /// Finds out whether the checksum is right; `payload` is all of the segment's.
  @inlinable @inline(__always)
  package mutating func verify(_ header: HeaderRest, _ payload: RawSpan) {
    let length = UInt16(truncatingIfNeeded: header.length &+ payload.byteCount)
    var sum = InternetSum()
    // The prefix of a mapped IPv4 address adds 0xffff, which is nothing.
    sum.add(source.high.bigEndian)
    sum.add(source.low.bigEndian)
    sum.add(destination.high.bigEndian)
    sum.add(destination.low.bigEndian)
    // TCP's number, and the length.
    sum.add(UInt64((6 &<< 16 | UInt32(length)).bigEndian))
    let isPartial = sum.folded == header.checksum
    // Of what came in, one in 65,536 right ones has that value by chance; nobody asks it of the others.
    if isPartial, !direction.isInbound {
      checksum = .partial
      return
    }
    sum.add(UInt64((UInt32(source.port) &<< 16 | UInt32(destination.port)).bigEndian))
    // A SYN's own number was added.
    sum.add(UInt64((sequence &- (flags.isOpening ? 1 : 0)).bigEndian))
    sum.add(UInt64(acknowledgement.bigEndian))
    sum.add(UInt64(header.sum.folded))
    sum.add(payload)
    checksum = sum.folded == 0xffff ? .right : isPartial ? .partial : .wrong
  }
}
