// SPDX-License-Identifier: Apache-2.0

/// Connections added up over a time: exact totals, and a Space-Saving table of those that were not read.
struct CoverageSum: Sendable {
  /// What a row is of.
  struct Key: Hashable, Sendable {
    var serverName: String?
    var protocols: String?
    var process: String?
    var reason: CoverageReason
  }

  private struct Row: Sendable {
    var key: Key
    var count: UInt64
    /// What the key's row had when the key took it.
    var inherited: UInt64
  }

  /// Rows at most: the least of them gives way.
  static let capacity = 256
  /// Reasons that have counts of their own at most: files bring texts of their own, all of them known.
  private static let mostReasons = 32

  private(set) var connections: UInt64 = 0
  private(set) var read: UInt64 = 0
  private var reasons: [CoverageReason: UInt64] = [:]
  private var rows: [Row] = []
  private var places: [Key: Int] = [:]

  mutating func addRead() {
    connections &+= 1
    read &+= 1
  }

  mutating func addUnread(_ key: Key) {
    connections &+= 1
    if reasons[key.reason] != nil || reasons.count < Self.mostReasons {
      reasons[key.reason, default: 0] &+= 1
    }
    if let place = places[key] {
      rows[place].count &+= 1
    } else if rows.count < Self.capacity {
      places[key] = rows.count
      rows.append(Row(key: key, count: 1, inherited: 0))
    } else {
      // The first of the least, so that the same connections give the same rows.
      var least = 0
      for place in rows.indices where rows[place].count < rows[least].count { least = place }
      places[rows[least].key] = nil
      places[key] = least
      rows[least] = Row(key: key, count: rows[least].count &+ 1, inherited: rows[least].count)
    }
  }

  /// The sum as values, in a fixed order.
  func counts(ports: String, hint: String?) -> CoverageCounts {
    var counts = CoverageCounts(ports: ports)
    (counts.connections, counts.read, counts.hint) = (connections, read, hint)
    counts.reasons = reasons.map { (reason: $0.key.text, connections: $0.value) }
      .sorted { ($1.connections, $0.reason) < ($0.connections, $1.reason) }
    counts.notRead = rows.map { row in
      UnreadConnections(
        serverName: row.key.serverName, protocols: row.key.protocols, process: row.key.process,
        reason: row.key.reason.text, connections: row.count, overcountMax: row.inherited)
    }
    .sorted { ($1.connections, Self.order($0)) < ($0.connections, Self.order($1)) }
    return counts
  }

  private static func order(_ row: UnreadConnections) -> String {
    [row.serverName ?? "", row.process ?? "", row.reason, row.protocols ?? ""].joined(separator: "\u{0}")
  }
}
