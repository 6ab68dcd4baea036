// SPDX-License-Identifier: Apache-2.0

package import HTTP1

/// One thing that happened to an exchange, as the pairing hands it to the tallies.
///
/// Events are plain values in an `EventBatch` that the tracker refills for each segment; the names
/// they refer to lie in the batch's `NameBuffer` and live as long.
@usableFromInline
package struct ExchangeEvent: BitwiseCopyable, Sendable {
  package enum Kind: BitwiseCopyable, Sendable {
    /// A request's head was seen. `exchange`, `method`, `site`, `section`, `client`.
    case request
    /// A final response was tied to its request. `exchange`, `status`, `latency`.
    case answered
    /// A final response came that nobody here asked for. `status`.
    case unmatchedResponse
    /// An interim response (1xx, 101 apart). `status`, and `exchange` when it has one.
    case interim
    /// A request's connection or stream ended before its final response; `outcome` is a failure when the server reset the
    /// stream. `exchange`, and `status` when `hasResponse`: a call's, whose own status did not come.
    case aborted
    /// A request waited for as long as the time limit allows; `time` is when that ran out. `exchange`.
    case timedOut
    /// Nobody can know how a request ended: its response was missed, or its place was needed. `exchange`, and `status`
    /// when `hasResponse`.
    case unknown
    /// A request still waits when the capture ends. `exchange`, and `status` when `hasResponse`.
    case inFlight
  }

  package var kind: Kind
  /// The request's method.
  package var method: Method = .other
  /// The version of HTTP, of requests and of how they end.
  package var version = ProtocolVersion.http11
  /// Whether the exchange failed, of final responses and of `.aborted`.
  package var outcome = ExchangeOutcome.success
  /// A response's head was seen, of what ended or waits without an outcome.
  package var hasResponse = false
  /// The client had closed its side before, or reset it: of `.aborted`.
  package var isClientClosed = false
  /// What the event says of a gRPC call.
  package var call = CallMark.none
  /// 100 to 999; 0 when there is none.
  package var status: UInt16 = 0
  /// `exchange` in four bytes, one higher; 0 when there is none.
  @usableFromInline
  package var exchangeAndOne: UInt32 = 0
  /// Capture time of the head, nanoseconds since 1970.
  package var time: UInt64 = 0
  /// Request head seen to response head seen, nanoseconds; never negative.
  package var latency: UInt64 = 0
  /// Where the printable site name lies in the tracker's names; empty when there is none.
  package var site = NameRange()
  /// Where the printable section lies; empty when there is none (CONNECT).
  package var section = NameRange()
  /// Where the sixteen bytes of the client's address lie, of `.request`.
  package var client = NameRange()
  /// Where the method's own name lies when `method` is `.other`, and that of a gRPC call (`/package.Service/Method`).
  package var methodName = NameRange()

  package init(kind: Kind) { self.kind = kind }

  /// The pending exchange that this is about: its `offset` is below `ExchangeLimits.pendingRequests`, and free for
  /// another request once the exchange has ended; nil when there is none.
  @inlinable
  package var exchange: RequestIndex? {
    @inline(__always) get {
      exchangeAndOne == 0 ? nil : RequestIndex(offset: Int(exchangeAndOne &- 1))
    }
    @inline(__always) set {
      exchangeAndOne = newValue.map { UInt32(truncatingIfNeeded: $0.offset &+ 1) } ?? 0
    }
  }
}

/// A name's place in a `NameBuffer`, with its hash.
package struct NameRange: Equatable, BitwiseCopyable, Sendable {
  package var start: UInt16 = 0
  package var count: UInt16 = 0
  /// Hash of the bytes under the tracker's seed; equal names have equal hashes.
  package var hash: UInt64 = 0
  package init() {}
  package init(start: UInt16, count: UInt16, hash: UInt64) {
    self.start = start
    self.count = count
    self.hash = hash
  }
}
