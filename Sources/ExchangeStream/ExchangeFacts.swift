// SPDX-License-Identifier: Apache-2.0

package import Capture
package import Exchanges
package import HTTP1

/// The part of an exchange's record that has a fixed size: everything but the texts.
package struct ExchangeFacts: BitwiseCopyable, Sendable {
  /// How the exchange ended.
  package enum Outcome: UInt8, BitwiseCopyable, Sendable {
    /// By its final response.
    case answered
    /// The connection ended before a final response.
    case aborted
    /// No final response came within the time limit.
    case timedOut
    /// The exchange is over, and nobody can know how it ended; `status` is 0 when no response's was seen.
    case unknown
    /// The request still waited when the capture ended.
    case inFlight
    /// A final response that nobody here asked for: there is no request, and no text.
    case unmatchedResponse
  }

  /// How the exchange ended.
  package var outcome = Outcome.answered

  /// Whether there was a final response.
  package var hasResponse: Bool { outcome == .answered || outcome == .unmatchedResponse }
  /// The request's method; its name is a text of the record when it is `.other`.
  package var method = Method.other
  /// The digits of the request's HTTP version.
  package var major: UInt8 = 0
  package var minor: UInt8 = 0
  /// 100 to 999; 0 when there was no response.
  package var status: UInt16 = 0
  /// The exchange failed: by its status, or by what followed it.
  package var isFailure = false
  /// The status of a gRPC call, when it was answered.
  package var call = CallMark.none
  /// The client had closed its side before, or reset it: of `.aborted`.
  package var isClientClosed = false
  /// Whether the size of the body is known from the head: not of chunked bodies and those that end with the connection.
  package var isBodyKnown = false
  /// Bytes of the response's body, when `isBodyKnown`.
  package var bodyBytes: UInt64 = 0
  /// Capture time of the request's head, nanoseconds since 1970; 0 for an unmatched response.
  package var requestTime: UInt64 = 0
  /// Capture time of the response's head, or when the request ended without one.
  package var endTime: UInt64 = 0
  /// Request head seen to response head seen, nanoseconds.
  package var latency: UInt64 = 0
  /// The ends of the connection; the client is whom a trusted proxy names, where one does.
  package var client = Endpoint(high: 0, low: 0, port: 0)
  package var server = Endpoint(high: 0, low: 0, port: 0)
  /// Whose connection it was when `client` asked a trusted proxy, and the port is this one's; else port 0.
  package var proxy = Endpoint(high: 0, low: 0, port: 0)
  /// Who asked and who served, where that is known.
  package var clientOwner = OwnerReference.unknown
  package var serverOwner = OwnerReference.unknown
  /// Where the texts lie among the record's bytes.
  package var site = TextRange()
  package var methodName = TextRange()
  package var target = TextRange()
  package var referer = TextRange()
  package var userAgent = TextRange()

  package init() {}

  /// A text's place in its record.
  package struct TextRange: Equatable, BitwiseCopyable, Sendable {
    package var start: UInt16 = 0
    package var count: UInt16 = 0
    package init() {}
    init(start: Int, count: Int) {
      self.start = UInt16(truncatingIfNeeded: start)
      self.count = UInt16(truncatingIfNeeded: count)
    }
  }

  /// Bytes of all texts.
  var textCount: Int { Int(userAgent.start) + Int(userAgent.count) }
}
