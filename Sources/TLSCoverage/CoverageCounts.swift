// SPDX-License-Identifier: Apache-2.0

/// The numbers of TLS connections that were seen on the ports of TLS, and which of them were not read.
package struct CoverageCounts: Equatable, Sendable {
  /// The ports, as `--tls-port` takes them.
  package var ports: String
  /// Connections whose hello was seen and of which it is known whether they were read: exact.
  package var connections: UInt64 = 0
  /// Of those, the connections whose text was read: exact.
  package var read: UInt64 = 0
  /// Those that were not read by reason, the most frequent one first: exact.
  package var reasons: [(reason: String, connections: UInt64)] = []
  /// Those that were not read, the most frequent rows first.
  package var notRead: [UnreadConnections] = []
  /// How text could be read, where nobody asked for it: an option.
  package var hint: String?
  /// Connections of QUIC; nil before there were any.
  package var http3: HTTP3Counts?

  package init(ports: String) { self.ports = ports }

  /// Connections that were not read.
  package var unread: UInt64 { connections &- read }

  package static func == (a: CoverageCounts, b: CoverageCounts) -> Bool {
    a.ports == b.ports && a.connections == b.connections && a.read == b.read && a.notRead == b.notRead
      && a.hint == b.hint && a.http3 == b.http3 && a.reasons.elementsEqual(b.reasons) { $0 == $1 }
  }
}

/// The numbers of QUIC connections that were seen: their requests are not visible.
package struct HTTP3Counts: Equatable, Sendable {
  package struct Row: Equatable, Sendable {
    /// The name of the server that was asked for; nil where none was.
    package var serverName: String?
    /// The protocols that were offered, as `h3`; nil where none were.
    package var protocols: String?
    package var connections: UInt64
    /// What `connections` may include that was of other rows.
    package var overcountMax: UInt64
  }

  /// Connections whose first packet was read: exact.
  package var connections: UInt64
  /// Datagrams that may have begun further ones and were not looked into, since there were too many.
  package var skipped: UInt64
  /// By name and protocol, the most frequent rows first.
  package var names: [Row] = []

  package init(connections: UInt64, skipped: UInt64 = 0) {
    (self.connections, self.skipped) = (connections, skipped)
  }
}

/// Connections that were not read and have the same name, process and reason.
package struct UnreadConnections: Equatable, Sendable {
  /// The name of the server that was asked for (SNI); nil where none was.
  package var serverName: String?
  /// The protocols that were offered (ALPN), as `h2,http/1.1`; nil where none were.
  package var protocols: String?
  /// The process of this machine, the server where both are; nil where none is known.
  package var process: String?
  package var reason: String
  package var connections: UInt64
  /// What `connections` may include that was of other rows.
  package var overcountMax: UInt64

  package init(
    serverName: String?, protocols: String? = nil, process: String?, reason: String, connections: UInt64,
    overcountMax: UInt64 = 0
  ) {
    (self.serverName, self.protocols, self.process) = (serverName, protocols, process)
    (self.reason, self.connections, self.overcountMax) = (reason, connections, overcountMax)
  }
}
