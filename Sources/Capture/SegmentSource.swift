// SPDX-License-Identifier: Apache-2.0

/// The depth of a capture: how much of each connection it copies.
package enum CaptureDepth: String, Sendable, CaseIterable {
  /// The same as `heads` for most connections, and everything of those whose heads are not enough.
  case auto
  /// Segments that start a head, and those that continue one.
  case heads
  /// Every segment of the watched ports, so that streams can be reassembled.
  case streams

  package var isStreams: Bool {
    if case .streams = self { true } else { false }
  }
}

/// The wish of a worker to the kernel about one connection at depth `auto`.
package enum DepthHint: UInt8, Sendable {
  /// Everything of it is to pass.
  case mark = 1
  /// Its heads are enough again, until the kernel finds otherwise.
  case clear = 2
  /// It has left HTTP: nothing more is to be marked of it.
  case leave = 3
}

/// The direction of the packets that count, in libpcap's words.
package enum CaptureDirection: String, Sendable, CaseIterable {
  case inbound = "in"
  case outbound = "out"
  case both = "inout"
}

/// The result of a wait for segments.
package enum ReceiveOutcome: Equatable, Sendable {
  /// This many segments were delivered; 0 after a wait in vain.
  case delivered(Int)
  /// The source has ended: nothing will come any more.
  case ended
}

/// A source of segments: one reader, used by one thread.
///
/// A live capture with several workers has one source a worker.
package protocol SegmentSource: AnyObject {
  /// Delivers what is waiting; when nothing is, waits for at most `timeout` milliseconds first.
  ///
  /// The payload passed to `body` is borrowed: it is gone when `body` returns.
  func receive(
    timeout: Int32, _ body: (borrowing Segment, RawSpan) -> Void
  ) throws(CaptureError) -> ReceiveOutcome

  /// The same. `ahead` is called for segments that come soon, most of them before `body` is for the one before them; not
  /// every segment is announced, and what is announced need not come.
  func receive(
    timeout: Int32, ahead: (UpcomingSegment) -> Void, _ body: (borrowing Segment, RawSpan) -> Void
  ) throws(CaptureError) -> ReceiveOutcome

  /// The capture clock now, in nanoseconds since 1970, so that an idle worker can advance; nil when
  /// only packets move it (a file).
  var now: UInt64? { get }

  /// The depth of its segments, whatever depth the capture was asked for; nil when it is that one.
  var depth: CaptureDepth? { get }

  /// Whether segments were packets: text of TLS libraries was none.
  var hasPackets: Bool { get }

  /// Tells the kernel what is wished for a segment's connection at depth `auto`; nil where nothing can be wished.
  var hint: ((borrowing Segment, DepthHint) -> Void)? { get }

  /// Answers a segment's question: the sequence number at which a frame of HTTP/2 begins in its direction, the next
  /// one after what was read. Nil where nothing asks.
  var answer: ((borrowing Segment, UInt32) -> Void)? { get }
}

extension SegmentSource {
  package func receive(
    timeout: Int32, ahead: (UpcomingSegment) -> Void, _ body: (borrowing Segment, RawSpan) -> Void
  ) throws(CaptureError) -> ReceiveOutcome {
    try receive(timeout: timeout, body)
  }

  package var depth: CaptureDepth? { nil }
  package var hasPackets: Bool { true }
  package var hint: ((borrowing Segment, DepthHint) -> Void)? { nil }
  package var answer: ((borrowing Segment, UInt32) -> Void)? { nil }
}
