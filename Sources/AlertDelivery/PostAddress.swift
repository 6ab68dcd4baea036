// SPDX-License-Identifier: Apache-2.0

/// The address of a receiver of posts, out of its URL: `http://HOST[:PORT][/PREFIX]`, or `https://`.
package struct PostAddress: Equatable, Sendable {
  /// The fault of a URL that is no such address, in words.
  package struct Fault: Error, Equatable, CustomStringConvertible {
    package var description: String
  }

  /// A name, or an address without brackets.
  package let host: String
  package let port: UInt16
  /// Whether it is spoken to in TLS.
  package let isSecure: Bool
  /// The path that is posted to.
  package private(set) var path: String
  /// What the Host field says.
  package let authority: String

  /// What is posted to, whole.
  var url: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }

  /// The API for alerts of an Alertmanager, version 2.
  package static func alertmanager(_ url: String) throws(Fault) -> PostAddress {
    var address = try PostAddress(url, of: "Alertmanager", example: "http://127.0.0.1:9093")
    address.path += "/api/v2/alerts"
    return address
  }

  /// A collector's address for OTLP over HTTP.
  package static func collector(_ url: String) throws(Fault) -> PostAddress {
    try PostAddress(url, of: "collector", example: "http://127.0.0.1:4318")
  }

  /// The same server's address for one of OTLP's signals.
  func posting(_ signal: OTLPSignal) -> PostAddress {
    var address = self
    address.path += "/v1/" + signal.rawValue
    return address
  }

  private init(_ url: String, of receiver: String, example: String) throws(Fault) {
    func fault(_ reason: String) -> Fault {
      Fault(description: "invalid \(receiver) URL '\(url)': \(reason)")
    }
    let schemes = ["http://", "https://"]
    guard let scheme = schemes.first(where: url.hasPrefix) else {
      throw fault("expected a URL such as \(example)")
    }
    isSecure = scheme == "https://"
    guard url.utf8.allSatisfy({ $0 > UInt8(ascii: " ") && $0 <= UInt8(ascii: "~") }) else {
      throw fault("a URL is ASCII without spaces")
    }
    let rest = url.dropFirst(scheme.utf8.count)
    let authority = rest.prefix { $0 != "/" }
    var prefix = String(rest[authority.endIndex...])
    if prefix.contains(where: { $0 == "?" || $0 == "#" })
      || authority.contains(where: { $0 == "?" || $0 == "#" })
    {
      throw fault("a query is not supported")
    }
    if authority.contains("@") { throw fault("a user and a password belong in a file of credentials") }
    while prefix.hasSuffix("/") { prefix.removeLast() }
    var host = authority
    var port: UInt16 = isSecure ? 443 : 80
    if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
      guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else {
        throw fault("the port must be 1 to 65535")
      }
      port = number
      host = authority[..<colon]
    }
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw fault("an IPv6 address needs brackets, as in http://[::1]:9093")
    }
    if host.isEmpty { throw fault("no host") }
    self.host = String(host)
    self.port = port
    self.authority = String(authority)
    path = prefix
  }
}
