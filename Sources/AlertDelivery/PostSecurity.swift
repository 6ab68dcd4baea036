// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOSSL
import System

/// Whom a post trusts, and as whom it goes: the authorities of a server's certificate, and credentials. Both are
/// files, which are read once, before privileges are given up.
package struct PostSecurity: Sendable {
  /// The fault of a file, in words, and what to do about it.
  package struct Fault: Error, Equatable {
    package var description: String
    package var hint: String
  }

  /// The most bytes of a file of certificates: those of a system are 220 kB.
  private static let authoritiesLimit = 4 << 20
  /// The most bytes of a file of credentials.
  private static let credentialsLimit = 64 * 1_024
  private static let credentialsForm = "a line of the form 'Bearer TOKEN' or 'Basic USER:PASSWORD'"

  /// The client's side of TLS; nil for the system's authorities.
  let configuration: TLSConfiguration?
  /// The Authorization field; nil without credentials.
  let authorization: String?

  /// The system's authorities, and no credentials.
  package init() { (configuration, authorization) = (nil, nil) }

  /// - Parameters:
  ///   - authorities: a file of certificates (PEM) of which one must have signed the server's; nil for the system's.
  ///   - credentials: a file of one line: `Bearer TOKEN` or `Basic USER:PASSWORD`; nil for none.
  package init(authorities: String?, credentials: String?) throws(Fault) {
    configuration = try authorities.map { path throws(Fault) in try Self.configuration(path) }
    authorization = try credentials.map { path throws(Fault) in try Self.authorization(path) }
  }

  private static func configuration(_ path: String) throws(Fault) -> TLSConfiguration {
    let text = try read(path, limit: authoritiesLimit)
    guard let certificates = try? NIOSSLCertificate.fromPEMBytes(text), !certificates.isEmpty else {
      throw Fault(
        description: "\(path) has no certificate in PEM form",
        hint: "the text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----")
    }
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates(certificates)
    return configuration
  }

  private static func authorization(_ path: String) throws(Fault) -> String {
    let text = String(decoding: try read(path, limit: credentialsLimit), as: UTF8.self)
    let words = text.split(separator: "\n", omittingEmptySubsequences: false).first.map {
      $0.drop(while: \.isWhitespace).split(separator: " ", maxSplits: 1)
    }
    // The secret itself is in no message.
    guard let words, words.count == 2, words[1].utf8.allSatisfy({ $0 >= UInt8(ascii: " ") && $0 != 0x7f })
    else {
      throw Fault(description: "\(path) has no credentials in its first line", hint: credentialsForm)
    }
    let secret = String(words[1])
    switch words[0].lowercased() {
    case "bearer": return HTTPClient.Authorization.bearer(tokens: secret).headerValue
    case "basic":
      guard let colon = secret.firstIndex(of: ":") else { break }
      return HTTPClient.Authorization.basic(
        username: String(secret[..<colon]), password: String(secret[secret.index(after: colon)...])
      ).headerValue
    default: break
    }
    throw Fault(description: "\(path) has credentials of another form", hint: credentialsForm)
  }

  private static func read(_ path: String, limit: Int) throws(Fault) -> [UInt8] {
    do throws(SystemError) {
      return try SmallFile.contents(of: path, limit: limit)
    } catch {
      throw Fault(description: "cannot read \(path): \(error.reason)", hint: "ls -l \(path)")
    }
  }
}
