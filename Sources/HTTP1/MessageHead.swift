// SPDX-License-Identifier: Apache-2.0

/// The fields of the head of an HTTP/1 message: places in the bytes, not copies of them.
@usableFromInline
package struct MessageHead: Equatable, Sendable {
  @usableFromInline
  package enum Kind: Sendable {
    case request, response

    @inlinable @inline(__always)
    package var isRequest: Bool {
      if case .request = self { true } else { false }
    }
  }

  /// The framing of a body (RFC 9112, section 6.3), before the request's method and the
  /// response's status have their say.
  @usableFromInline
  package enum Framing: Sendable {
    /// No field says anything.
    case unspecified
    /// `Content-Length`, in `contentLength`.
    case length
    /// `Transfer-Encoding` that ends in `chunked`; it wins over any `Content-Length`.
    case chunked
    /// `Transfer-Encoding` without a final `chunked`.
    case untilClose
    /// Contradicting or malformed fields: nobody can tell.
    case unknown
  }

  package var kind: Kind = .request
  package var method: Method = .other
  /// The method's token, of a request.
  package var methodBytes = ByteRange()
  /// The request target as sent, without spaces around it.
  package var target = ByteRange()
  /// The request line holds more spaces than the grammar has.
  package var isMalformed = false
  /// 100 to 999, of a response.
  package var status: UInt16 = 0
  /// The first `Host` field's value, without surrounding white space.
  package var host = ByteRange()
  /// Number of `Host` fields.
  package var hostFields = 0
  @usableFromInline package var framing: Framing = .unspecified
  @usableFromInline package var contentLength: UInt64 = 0
  /// `Upgrade` is among the fields.
  package var upgrade = false
  /// Bytes of the head, empty line and leading empty lines included; 0 when its end was not seen.
  package var length = 0

  package init() {}

  /// The body's length where a field gives it, else 0.
  @inlinable package var bodyLength: UInt64 {
    if case .length = framing { contentLength } else { 0 }
  }
}

/// A place in the bytes of a head.
@usableFromInline
package struct ByteRange: Equatable, Sendable {
  @usableFromInline package var start: Int32 = 0
  @usableFromInline package var count: Int32 = 0

  @inlinable package init() {}

  @inlinable
  package init(_ start: Int, _ end: Int) {
    self.start = Int32(truncatingIfNeeded: start)
    self.count = Int32(truncatingIfNeeded: end &- start)
  }

  @inlinable package var isEmpty: Bool { count == 0 }
  @inlinable package var end: Int { Int(start) &+ Int(count) }
}
