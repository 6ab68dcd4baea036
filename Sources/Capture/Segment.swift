// SPDX-License-Identifier: Apache-2.0

/// One TCP segment as every capture backend delivers it: who, where in the stream, when.
///
/// The payload travels beside it as a borrowed `RawSpan` and is only valid during the delivery. It
/// may be shorter than `payloadLength` when the capture cut it.
@usableFromInline
package struct Segment: BitwiseCopyable, Sendable {
  /// Why the backend delivered the segment.
  @usableFromInline
  package enum Kind: UInt8, BitwiseCopyable, Sendable {
    /// The payload starts with a method or `HTTP/`, or with a proper prefix of one.
    case start = 0
    /// The payload continues a head that an earlier segment began.
    case continuation = 1
    /// The backend delivers everything (depth `streams`): the payload may be anything, or empty.
    case stream = 2
    /// The payload is a part of a client's hello on a port of TLS: for the coverage report alone.
    case hello = 4
    /// No segment but a datagram to a port of TLS that begins like a connection of QUIC: for the coverage report alone.
    case initial = 5

    // The comparison that comes with raw values is a generic call on the pipeline of every segment.
    @inlinable @inline(__always)
    package static func == (a: Kind, b: Kind) -> Bool {
      switch (a, b) {
      case (.start, .start), (.continuation, .continuation), (.stream, .stream), (.hello, .hello),
        (.initial, .initial):
        true
      default: false
      }
    }
  }

  /// The direction in which the packet crossed the interface, as far as the backend knows.
  @usableFromInline
  package enum Direction: UInt8, BitwiseCopyable, Sendable {
    case unknown = 0
    case inbound = 1
    case outbound = 2

    // A plain comparison on the pipeline of every segment, as above.
    /// It came in.
    @inlinable package var isInbound: Bool {
      switch self {
      case .inbound: true
      default: false
      }
    }
  }

  /// The TCP flags that matter here, as on the wire.
  @usableFromInline
  package struct Flags: OptionSet, BitwiseCopyable, Sendable {
    @usableFromInline package let rawValue: UInt8
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }
    @inlinable package static var fin: Flags { Flags(rawValue: 1) }
    @inlinable package static var syn: Flags { Flags(rawValue: 2) }
    @inlinable package static var rst: Flags { Flags(rawValue: 4) }
    @inlinable package static var psh: Flags { Flags(rawValue: 8) }
    @inlinable package static var ack: Flags { Flags(rawValue: 16) }

    // Plain bit tests for the pipeline of every segment: the set's own are generic calls there.
    /// A SYN: the connection opens.
    @inlinable package var isOpening: Bool { rawValue & 2 != 0 }
    /// A FIN or RST: the sender, or both, send no more.
    @inlinable package var isClosing: Bool { rawValue & 5 != 0 }
    /// A RST: the connection is over.
    @inlinable package var isReset: Bool { rawValue & 4 != 0 }
    /// An ACK: the acknowledgement number means something.
    @inlinable package var isAcknowledging: Bool { rawValue & 16 != 0 }
    /// Neither ACK nor SYN nor RST: no receiver takes the segment (RFC 9293, section 3.10.7.4).
    @inlinable package var lacksAcknowledgement: Bool { rawValue & 22 == 0 }
    /// A SYN, FIN or RST: the connection's state changes.
    @inlinable package var isControl: Bool { rawValue & 7 != 0 }
  }

  /// Capture time in nanoseconds since 1970 (UTC). Live, it runs with the monotonic clock from the
  /// wall time at start, so that a clock that is set never moves a statistic.
  @usableFromInline package var time: UInt64
  @usableFromInline package var source: Endpoint
  @usableFromInline package var destination: Endpoint
  /// Sequence number of the first payload byte. The backend has already added 1 for a SYN.
  @usableFromInline package var sequence: UInt32
  /// Acknowledgement number; meaningless without the `ack` flag.
  @usableFromInline package var acknowledgement: UInt32
  /// Payload bytes on the wire, 0 to 2^24.
  @usableFromInline package var payloadLength: UInt32
  /// The kernel's index of the interface, 0 when there is none.
  @usableFromInline package var interface: UInt32
  @usableFromInline package var flags: Flags
  @usableFromInline package var kind: Kind
  @usableFromInline package var direction: Direction
  /// The number of the filter's question where the direction's next frame of HTTP/2 begins; 0 when it asks nothing.
  @usableFromInline package var question: UInt8
  /// The virtual networks that the packet was seen in, VLANs and VNIs, as one number; 0 for none.
  @usableFromInline package var network: UInt32 = 0
  /// Whether the capture saw the other direction's FIN before this one, and did not deliver it, since no request waited.
  @usableFromInline package var endsBoth = false
  /// Whether the checksum is right, as far as the backend knows.
  @usableFromInline package var checksum = Checksum.unknown

  @inlinable
  package init(
    time: UInt64, source: Endpoint, destination: Endpoint, sequence: UInt32,
    acknowledgement: UInt32, payloadLength: UInt32, flags: Flags, kind: Kind,
    direction: Direction = .unknown, interface: UInt32 = 0, question: UInt8 = 0
  ) {
    self.time = time
    self.source = source
    self.destination = destination
    self.sequence = sequence
    self.acknowledgement = acknowledgement
    self.payloadLength = payloadLength
    self.interface = interface
    self.flags = flags
    self.kind = kind
    self.direction = direction
    self.question = question
  }
}
