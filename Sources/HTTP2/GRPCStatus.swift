// SPDX-License-Identifier: Apache-2.0

/// The status of a gRPC call, from the `grpc-status` field: 0 to 16 have names, other numbers none.
package struct GRPCStatus: Equatable, Hashable, Sendable {
  /// The number, 0 to 16 for those that have a name.
  package let code: UInt32

  package init(code: UInt32) { self.code = code }

  /// The status of a field's value, a decimal number; nil when it is none.
  package init?(_ value: RawSpan) {
    guard value.byteCount > 0, value.byteCount <= 9 else { return nil }
    var code: UInt32 = 0
    for offset in 0..<value.byteCount {
      let digit = value.octet(offset) &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      // Nine digits fit.
      code = code &* 10 &+ UInt32(digit)
    }
    self.code = code
  }

  package static let ok = GRPCStatus(code: 0)

  /// The number of codes that have names.
  package static let named = 17

  private static let names: [StaticString] = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
    "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
  ]

  /// gRPC's name of the code; nil for one that it does not have.
  package var name: StaticString? {
    Int(code) < Self.names.count ? Self.names[Int(code)] : nil
  }

  /// The status of that name, as rules give it; nil for any other text.
  package init?(name: String) {
    guard let code = Self.names.firstIndex(where: { $0.description == name }) else { return nil }
    self.code = UInt32(code)
  }
}

/// The parts of a gRPC call's path, `/package.Service/Method`.
package struct GRPCPath: Equatable, Sendable {
  /// Bytes of `/package.Service`, from the path's first byte on.
  package let service: Int
  /// Where the method begins; it ends where the path does.
  package let method: Int

  /// The parts of `path`; nil when it has not two parts, neither of them empty.
  ///
  /// The last slash divides: a service may be served below a prefix.
  package init?(_ path: RawSpan) {
    guard path.byteCount >= 4, path.octet(0) == UInt8(ascii: "/") else { return nil }
    var slash = path.byteCount - 1
    while slash > 0, path.octet(slash) != UInt8(ascii: "/") { slash -= 1 }
    guard slash > 1, slash < path.byteCount - 1 else { return nil }
    service = slash
    method = slash + 1
  }

  private static let contentType = Array("application/grpc".utf8)

  /// Whether a content type is gRPC's: `application/grpc`, alone or before `+`, `;`; not `application/grpc-web`, which
  /// HTTP/1 carries as well and whose trailers lie in its body.
  package static func isContentType(_ value: RawSpan) -> Bool {
    let length = contentType.count
    guard value.byteCount >= length else { return false }
    for offset in 0..<length {
      // Letters in either case; the slash is the same with bit 5 set.
      guard value.octet(offset) | 0x20 == contentType[offset] else { return false }
    }
    guard value.byteCount > length else { return true }
    return "+; \t".utf8.contains(value.octet(length))
  }
}
