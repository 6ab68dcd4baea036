// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
import System

/// The reason why there is no answer, in words.
package struct PostFailure: Error, Equatable {
  package let reason: String

  init(_ error: any Error, from address: PostAddress) {
    reason =
      switch error {
      case let error as HTTPClientError: Self.words(error)
      case let error as NIOConnectionError: Self.words(error, address)
      case let error as ChannelError: Self.words(error)
      case let error as IOError: SystemError(error.errnoCode).reason
      case let error as NIOSSLError: Self.words(error)
      case is HTTPParserError: "not an HTTP response"
      case let error as NIOSSLExtraError where error == .failedToValidateHostname:
        "its certificate is not for \(address.host)"
      case is BoringSSLError: "TLS failed: \(error)"
      default: "\(error)"
      }
  }

  private static func words(_ error: HTTPClientError) -> String {
    switch error {
    case .deadlineExceeded, .connectTimeout, .readTimeout, .writeTimeout, .tlsHandshakeTimeout,
      .getConnectionFromPoolTimeout:
      "no answer in time"
    case .remoteConnectionClosed: "connection closed without an answer"
    default: error.shortDescription
    }
  }

  private static func words(_ error: ChannelError) -> String {
    switch error {
    case .connectTimeout: "no answer in time"
    case .ioOnClosedChannel, .alreadyClosed, .eof, .inputClosed, .outputClosed:
      "connection closed without an answer"
    default: "\(error)"
    }
  }

  private static func words(_ error: NIOConnectionError, _ address: PostAddress) -> String {
    if let last = error.connectionErrors.last {
      return PostFailure(last.error, from: address).reason
    }
    return "cannot look up \(address.host)"
  }

  private static func words(_ error: NIOSSLError) -> String {
    switch error {
    case .handshakeFailed(let cause):
      // BoringSSL's list of errors has no other form.
      "\(cause)".contains("CERTIFICATE_VERIFY_FAILED")
        ? "its certificate is not of a trusted authority" : "TLS failed: \(cause)"
    case .uncleanShutdown: "connection closed without an answer"
    default: "TLS failed: \(error)"
    }
  }
}
