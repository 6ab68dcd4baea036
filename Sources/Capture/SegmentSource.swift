// SPDX-License-Identifier: Apache-2.0

/// What a capture copies: the depths of capture.
package enum CaptureDepth: String, Sendable, CaseIterable {
  /// Segments that start a head, and those that continue one.
  case heads
  /// Every segment of the watched ports, so that streams can be reassembled.
  case streams

  package var isStreams: Bool {
    if case .streams = self { true } else { false }
  }
}

/// Which packets of an interface count, in libpcap's words.
package enum CaptureDirection: String, Sendable, CaseIterable {
  case inbound = "in"
  case outbound = "out"
  case both = "inout"
}

/// What became of a wait for segments.
package enum ReceiveOutcome: Equatable, Sendable {
  /// This many segments were delivered; 0 after a wait in vain.
  case delivered(Int)
  /// The source has ended: nothing will come any more.
  case ended
}

/// Where segments come from: one reader, used by one thread.
///
/// A live capture with several workers has one source a worker.
package protocol SegmentSource: AnyObject {
  /// Delivers what is waiting; when nothing is, waits for at most `timeout` milliseconds first.
  ///
  /// The payload passed to `body` is borrowed: it is gone when `body` returns.
  func receive(
    timeout: Int32, _ body: (borrowing Segment, RawSpan) -> Void
  ) throws(CaptureError) -> ReceiveOutcome

  /// The capture clock now, in nanoseconds since 1970, so that an idle worker can advance; nil when
  /// only packets move it (a file).
  var now: UInt64? { get }
}
