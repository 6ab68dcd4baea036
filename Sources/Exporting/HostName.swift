// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The name by which a client asked, against DNS rebinding: a hostile page may give its own name the
/// address 127.0.0.1, and a browser would then let it read what listens there. Its requests still carry
/// that name.
enum HostName {
  /// Whether a Host header's value names this machine's loopback: `localhost`, a name below it, 127.x.x.x,
  /// `[::1]`, with any port (a forwarded one differs).
  static func isLocal(_ value: String) -> Bool {
    var host = value[...]
    if host.hasPrefix("[") {
      guard let end = host.firstIndex(of: "]") else { return false }
      let rest = host[host.index(after: end)...]
      guard rest.isEmpty || isPort(rest) else { return false }
      return isLoopback(six: String(host[host.index(after: host.startIndex)..<end]))
    }
    if let colon = host.firstIndex(of: ":") {
      guard isPort(host[colon...]) else { return false }
      host = host[..<colon]
    }
    if host.hasSuffix(".") { host = host.dropLast() }
    let name = host.lowercased()
    if name == "localhost" || name.hasSuffix(".localhost") { return true }
    // Four numbers and nothing else: 127.0.0.1.example.org is a name.
    return name.hasPrefix("127.") && (try? SocketAddress(ipAddress: name, port: 0)) != nil
  }

  /// Whether an IPv6 address is the loopback's, however it is written.
  static func isLoopback(six text: String) -> Bool {
    guard text.contains(":"), let address = try? SocketAddress(ipAddress: text, port: 0) else { return false }
    return address == (try? SocketAddress(ipAddress: "::1", port: 0))
  }

  private static func isPort(_ text: Substring) -> Bool {
    text.first == ":"
      && text.dropFirst().utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
  }
}
