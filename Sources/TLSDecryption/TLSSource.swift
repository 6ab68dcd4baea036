// SPDX-License-Identifier: Apache-2.0

package import Capture

/// A source of segments whose TLS connections are decrypted: what comes after it reads their text.
package final class TLSSource: BodySource {
  private let source: any SegmentSource
  private let decryptor: TLSDecryptor
  private var isFinished = false
  /// The number of segments that were handed on.
  package private(set) var delivered: UInt64 = 0

  package init(_ source: any SegmentSource, _ decryptor: TLSDecryptor) {
    (self.source, self.decryptor) = (source, decryptor)
  }

  package var now: UInt64? { source.now }
  package var hint: ((borrowing Segment, DepthHint) -> Void)? { source.hint }

  package var bodyAhead: ((borrowing Segment) -> UInt64)? {
    get { decryptor.bodyAhead }
    set { decryptor.bodyAhead = newValue }
  }

  package func receive(
    timeout: Int32, _ body: (borrowing Segment, RawSpan) -> Void
  ) throws(CaptureError) -> ReceiveOutcome {
    let before = delivered
    let outcome = try source.receive(timeout: timeout) { segment, payload in
      guard segment.kind != .initial, decryptor.concerns(segment) else {
        // A datagram is in no accounting of segments.
        if segment.kind != .initial { delivered &+= 1 }
        return body(segment, payload)
      }
      decryptor.read(segment, payload) { segment, text in
        delivered &+= 1
        body(segment, text)
      }
    }
    if outcome == .ended, !isFinished {
      isFinished = true
      decryptor.finish { segment, text in
        delivered &+= 1
        body(segment, text)
      }
      return .delivered(Int(delivered &- before))
    }
    return outcome == .ended ? .ended : .delivered(Int(delivered &- before))
  }
}
