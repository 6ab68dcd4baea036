// SPDX-License-Identifier: Apache-2.0

/// The end of a request that got no final response.
enum RequestEnd: BitwiseCopyable {
  /// Its connection ended first: by a reset of either side, or by the server's FIN.
  case aborted
  /// The same, and its client had closed its side before, or reset it.
  case clientClosed
  /// The time limit ran out.
  case timedOut
  /// Nobody can tell: its response was missed, another connection has the same ports, or its place was needed.
  case unknown
  /// It has not: it still waits when the capture ends.
  case inFlight

  /// The kind of event that tells of it.
  var event: ExchangeEvent.Kind {
    switch self {
    case .aborted, .clientClosed: .aborted
    case .timedOut: .timedOut
    case .unknown: .unknown
    case .inFlight: .inFlight
    }
  }
}
