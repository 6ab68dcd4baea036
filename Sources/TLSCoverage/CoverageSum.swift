// SPDX-License-Identifier: Apache-2.0

/// Connections added up over a time: exact totals, and a Space-Saving table of those that were not read.
struct CoverageSum: Sendable {
  /// The key of a row.
  struct Key: Hashable, Sendable {
    var serverName: String?
    var protocols: String?
    var process: String?
    var reason: CoverageReason
  }

  /// The key of a row of QUIC's connections.
  struct Name: Hashable, Sendable {
    var serverName: String?
    var protocols: String?
  }

  /// Rows at most: the least of them gives way.
  static let capacity = 256
  /// Reasons that have counts of their own at most: files bring texts of their own, all of them known.
  private static let mostReasons = 32

  private(set) var connections: UInt64 = 0
  private(set) var read: UInt64 = 0
  private var reasons: [CoverageReason: UInt64] = [:]
  private var unread = FrequentRows<Key>(capacity: Self.capacity)
  /// Connections of QUIC.
  private(set) var http3: UInt64 = 0
  /// Datagrams that may have begun further ones and were not looked into.
  var skippedInitials: UInt64 = 0
  private var http3Names = FrequentRows<Name>(capacity: Self.capacity)

  /// Nothing was counted.
  var isEmpty: Bool { connections == 0 && http3 == 0 && skippedInitials == 0 }

  mutating func addRead() {
    connections &+= 1
    read &+= 1
  }

  mutating func addUnread(_ key: Key) {
    connections &+= 1
    if reasons[key.reason] != nil || reasons.count < Self.mostReasons {
      reasons[key.reason, default: 0] &+= 1
    }
    unread.count(key)
  }

  mutating func addHTTP3(_ name: Name) {
    http3 &+= 1
    http3Names.count(name)
  }

  /// The sum as values, in a fixed order.
  func counts(ports: String, hint: String?) -> CoverageCounts {
    var counts = CoverageCounts(ports: ports)
    (counts.connections, counts.read, counts.hint) = (connections, read, hint)
    counts.reasons = reasons.map { (reason: $0.key.text, connections: $0.value) }
      .sorted { ($1.connections, $0.reason) < ($0.connections, $1.reason) }
    counts.notRead = unread.rows.map { row in
      UnreadConnections(
        serverName: row.key.serverName, protocols: row.key.protocols, process: row.key.process,
        reason: row.key.reason.text, connections: row.count, overcountMax: row.inherited)
    }
    .sorted { ($1.connections, Self.order($0)) < ($0.connections, Self.order($1)) }
    if http3 > 0 || skippedInitials > 0 { counts.http3 = http3Counts }
    return counts
  }

  private var http3Counts: HTTP3Counts {
    var counts = HTTP3Counts(connections: http3, skipped: skippedInitials)
    counts.names = http3Names.rows.map { row in
      HTTP3Counts.Row(
        serverName: row.key.serverName, protocols: row.key.protocols, connections: row.count,
        overcountMax: row.inherited)
    }
    .sorted { ($1.connections, Self.order($0)) < ($0.connections, Self.order($1)) }
    return counts
  }

  private static func order(_ row: HTTP3Counts.Row) -> String {
    [row.serverName ?? "", row.protocols ?? ""].joined(separator: "\u{0}")
  }

  private static func order(_ row: UnreadConnections) -> String {
    [row.serverName ?? "", row.process ?? "", row.reason, row.protocols ?? ""].joined(separator: "\u{0}")
  }
}
