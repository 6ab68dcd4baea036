// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// An address to listen on: `127.0.0.1:9180`, `[::1]:9180`, `localhost:9180`, a port alone (loopback), `unix:PATH`.
package enum ListenAddress: Equatable, Sendable, CustomStringConvertible {
  case ip(host: String, port: Int)
  case unix(path: String)

  /// Nil when the text is none of that. Names other than `localhost` are not looked up.
  package init?(_ text: String) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      // sockaddr_un has 108 bytes with the zero at the end.
      guard !path.isEmpty, path.utf8.count < 108 else { return nil }
      self = .unix(path: path)
      return
    }
    var host = "127.0.0.1"
    var port = text[...]
    if let colon = text.lastIndex(of: ":") {
      host = String(text[..<colon])
      port = text[text.index(after: colon)...]
      if host.hasPrefix("["), host.hasSuffix("]") {
        host = String(host.dropFirst().dropLast())
        guard host.contains(":") else { return nil }
      } else if host.contains(":") {
        return nil
      }
      if host == "localhost" { host = "127.0.0.1" }
    }
    guard !port.isEmpty, port.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
      let number = Int(port),
      number <= 65_535, (try? SocketAddress(ipAddress: host, port: number)) != nil
    else { return nil }
    self = .ip(host: host, port: number)
  }

  package var description: String {
    switch self {
    case .ip(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// The TCP port; nil for a path.
  package var port: Int? {
    if case .ip(_, let port) = self { port } else { nil }
  }

  /// Whether only this machine can reach it by IP: then a page of another site that a browser here has
  /// open must not read it under that site's name.
  package var isLoopback: Bool {
    guard case .ip(let host, _) = self else { return false }
    return host.hasPrefix("127.") || HostName.isLoopback(six: host)
  }
}
