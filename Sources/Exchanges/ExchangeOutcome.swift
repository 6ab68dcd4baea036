// SPDX-License-Identifier: Apache-2.0

/// The outcome of an exchange: the one place that decides it, for all protocols.
package enum ExchangeOutcome: UInt8, BitwiseCopyable, Sendable {
  case success, failure
  /// What decides it was not seen, or refers to what was sent before the watch.
  case unknown

  /// The status of a gRPC call as seen at the end of its response.
  enum CallStatus: BitwiseCopyable {
    /// The exchange is no gRPC call.
    case none
    /// The value of `grpc-status`.
    case code(UInt32)
    /// A gRPC call's response ended without `grpc-status`: clients take that for a failure.
    case missing
    /// `grpc-message` alone is known, which accompanies failures.
    case message
    /// Nobody can know whether it is a gRPC call, or how it ended.
    case unknown

    /// What an event says of it.
    var mark: CallMark {
      switch self {
      case .none, .message, .unknown: .none
      case .code(let code): CallMark(code: code)
      case .missing: .missing
      }
    }
  }

  /// The outcome of a final status; 0 is one that nobody can know.
  @inline(__always)
  package static func of(status: UInt16) -> ExchangeOutcome {
    if status == 0 { return .unknown }
    return status >= 400 && status < 600 ? .failure : .success
  }

  /// The outcome of a final status with what followed it.
  /// - Parameter isReset: the server has reset the stream, by anything but NO_ERROR.
  static func of(status: UInt16, call: CallStatus, isReset: Bool) -> ExchangeOutcome {
    let byStatus = of(status: status)
    if byStatus == .failure || isReset { return .failure }
    switch call {
    case .none: return byStatus
    case .code(let code): return code == 0 ? .success : .failure
    case .missing, .message: return .failure
    case .unknown: return .unknown
    }
  }
}

/// The version of HTTP that an exchange was made in.
package enum ProtocolVersion: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case http10, http11, http2

  /// The number, as OpenTelemetry's `network.protocol.version`.
  package var number: String {
    switch self {
    case .http10: "1.0"
    case .http11: "1.1"
    case .http2: "2"
    }
  }

  /// The name with it, as `HTTP/1.1`.
  package var name: String { "HTTP/\(number)" }
}
