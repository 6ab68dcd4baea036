// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Capture
import Exchanges
import HTTP1
import Text

/// The options about clients that ask through proxies.
struct ClientOptions: ParsableArguments {
  @Option(
    name: .customLong("client-header"),
    help: ArgumentHelp(
      "The header field in which proxies name their clients, such as X-Forwarded-For or Forwarded; proxy_protocol for a PROXY header; needs --trust-proxy.",
      valueName: "name"))
  var name: String?

  @Option(
    name: .customLong("trust-proxy"),
    help: ArgumentHelp(
      "Whose --client-header is believed: addresses and networks, e.g. 10.0.0.0/8,fd00::/8.",
      valueName: "networks"))
  var networks: String?

  /// Where clients are looked for; nil where connections tell. Not in `validate`: an option that is given twice is to be
  /// named first.
  func header() throws -> ClientHeader? {
    guard let name else {
      if let networks {
        throw ValidationError(
          "--trust-proxy says whose header is believed, and --client-header which one",
          hint: "--client-header X-Forwarded-For --trust-proxy \(networks)")
      }
      return nil
    }
    let isOtherSpelling = ["proxy", "proxyprotocol"].contains(Self.letters(name))
    if isOtherSpelling, name.lowercased() != ClientHeader.proxyProtocol {
      throw ValidationError(
        "--client-header: '\(name)' is no field that names clients; the PROXY header is called "
          + ClientHeader.proxyProtocol,
        hint: "--client-header \(ClientHeader.proxyProtocol)")
    }
    guard ClientHeader.isName(name) else {
      throw ValidationError(
        "--client-header: '\(name)' names no client (expected a field's name of at most \(ClientHeader.longestName) "
          + "characters, such as X-Forwarded-For, X-Real-IP or Forwarded)",
        hint: "--client-header X-Forwarded-For")
    }
    guard let networks else {
      throw ValidationError(
        "--client-header believes nobody without --trust-proxy: anybody can send a header",
        hint: "--client-header \(name) --trust-proxy 10.0.0.0/8")
    }
    return ClientHeader(name: name, proxies: try Self.proxies(networks))
  }

  /// Throws where clients would be looked for in what does not pass at this depth.
  func check(_ depth: CaptureDepth) throws {
    guard try header()?.isField == false, depth == .heads else { return }
    throw ValidationError(
      "--client-header proxy_protocol and --depth heads exclude each other: a PROXY header is none of a message's",
      hint: "--depth auto")
  }

  /// The letters of a name, in lower case.
  private static func letters(_ name: String) -> String { name.lowercased().filter(\.isLetter) }

  private static func proxies(_ text: String) throws -> [AddressNetwork] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count <= ClientHeader.mostProxies else {
      throw ValidationError("--trust-proxy: \(parts.count) networks, of at most \(ClientHeader.mostProxies)")
    }
    return try parts.map { part in
      do throws(AddressNetwork.Fault) {
        return try AddressNetwork(part)
      } catch {
        switch error {
        case .malformed:
          throw ValidationError(
            "--trust-proxy: '\(part)' is no network (expected an address or a network such as 10.0.0.0/8)",
            hint: "--trust-proxy 10.0.0.0/8,fd00::/8")
        case .hostBits(let network):
          throw ValidationError(
            "--trust-proxy: '\(part)' is an address in a network (expected \(network), or the address alone)",
            hint: "--trust-proxy \(network)")
        }
      }
    }
  }
}
