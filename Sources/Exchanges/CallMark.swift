// SPDX-License-Identifier: Apache-2.0

import HTTP2

/// The mark of a gRPC call in an event: that its request is one, or the status that it ended with.
@usableFromInline
package struct CallMark: Equatable, BitwiseCopyable, Sendable {
  /// Below `count`.
  package let rawValue: UInt8

  /// The event is of no call, or of one whose end is not seen.
  @inlinable package static var none: CallMark { CallMark(rawValue: 0) }
  /// A request is a call.
  @inlinable package static var begun: CallMark { CallMark(rawValue: 1) }
  /// A call's response ended without a status.
  @inlinable package static var missing: CallMark { CallMark(rawValue: 2) }
  /// A call ended with a status that has no name.
  @inlinable package static var other: CallMark { CallMark(rawValue: 3) }
  /// The statuses with names, 0 to 16, follow.
  private static var firstCode: UInt8 { 4 }
  private static var codes: UInt32 { UInt32(GRPCStatus.named) }

  /// The number of marks.
  package static var count: Int { Int(firstCode) + Int(codes) }

  @usableFromInline init(rawValue: UInt8) { self.rawValue = rawValue }

  /// A call ended with a status.
  package init(code: UInt32) {
    self = code < Self.codes ? CallMark(rawValue: Self.firstCode &+ UInt8(code)) : .other
  }

  /// The status; nil when there is none with a name.
  package var code: UInt32? { rawValue < Self.firstCode ? nil : UInt32(rawValue &- Self.firstCode) }

  /// All that a call can end with: the statuses by number, one without a name, none.
  package static let ends = (0..<codes).map { CallMark(code: $0) } + [.other, .missing]
}

extension CallMark {
  /// gRPC's name of the status, as `UNAVAILABLE`.
  package var name: String {
    if let name = code.flatMap({ GRPCStatus(code: $0).name }) { return name.description }
    return self == .missing ? "(none)" : "(other)"
  }

  /// The mark of the status of that name; nil for any other text.
  package init?(named name: String) {
    guard let status = GRPCStatus(name: name) else { return nil }
    self.init(code: status.code)
  }
}
