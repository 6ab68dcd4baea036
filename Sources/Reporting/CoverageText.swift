// SPDX-License-Identifier: Apache-2.0

package import TLSCoverage

extension CoverageCounts {
  /// Names that a line has at most; the others are added up.
  private static let namesInLine = 3

  /// The coverage in a line: `https 443: 1204 connections, 1131 read (94 %); not read: java 61, envoy 12`. Empty before any
  /// connection is known.
  package var line: String {
    guard connections > 0 else { return "" }
    let noun = connections == 1 ? "connection" : "connections"
    let missing = unread > 0 ? "; not read: \(names)" : ""
    let hint = hint.map { " (\($0) reads them)" } ?? ""
    return "https \(ports): \(connections) \(noun), \(read) read (\(percent) %)\(missing)\(hint)"
  }

  /// The connections of QUIC in a line: `h3: 212 connections, requests not visible`. Empty before there are any.
  package var http3Line: String {
    guard let http3, http3.connections > 0 else { return "" }
    let noun = http3.connections == 1 ? "connection" : "connections"
    return "h3: \(http3.connections) \(noun), requests not visible"
  }

  /// Both lines as far as there are any.
  package var lines: [String] { [line, http3Line].filter { !$0.isEmpty } }

  /// The share that was read; all or nothing only when it is.
  private var percent: UInt64 {
    if read == 0 || read == connections { return read == 0 ? 0 : 100 }
    return min(max(1, (read * 200 / connections + 1) / 2), 99)
  }

  /// Who was not read, by process, or by name where no process is known.
  private var names: String {
    var counts: [(name: String, connections: UInt64)] = []
    for row in notRead {
      let name = row.process ?? row.serverName ?? "?"
      if let index = counts.firstIndex(where: { $0.name == name }) {
        counts[index].connections &+= row.connections &- row.overcountMax
      } else {
        counts.append((name, row.connections &- row.overcountMax))
      }
    }
    counts.sort { ($1.connections, $0.name) < ($0.connections, $1.name) }
    let shown = counts.prefix(Self.namesInLine)
    let others = unread &- shown.reduce(0) { $0 &+ $1.connections }
    return (shown.map { "\($0.name) \($0.connections)" } + (others > 0 ? ["others \(others)"] : []))
      .joined(separator: ", ")
  }
}
