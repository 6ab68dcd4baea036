// SPDX-License-Identifier: Apache-2.0

/// The watched TCP ports: a list of ports and ranges, as `--port` takes it.
package struct PortSet: Equatable, Sendable, CustomStringConvertible {
  /// Ascending, not overlapping, not adjacent; never empty.
  package private(set) var ranges: [ClosedRange<UInt16>]

  /// A set of single ports and ranges, in any order; nil when `ranges` is empty.
  package init?(_ ranges: [ClosedRange<UInt16>]) {
    var merged: [ClosedRange<UInt16>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, UInt32(range.lowerBound) <= UInt32(last.upperBound) + 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    if merged.isEmpty { return nil }
    self.ranges = merged
  }

  /// Reads `80`, `80,8080` or `80,8000-8099`; nil for anything else. Ports are 1 to 65535.
  package init?(parsing text: String) {
    var ranges: [ClosedRange<UInt16>] = []
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = item.split(separator: "-", omittingEmptySubsequences: false)
      guard ends.count == 1 || ends.count == 2,
        let first = ends.first.flatMap(Self.port), let last = ends.last.flatMap(Self.port),
        first <= last
      else { return nil }
      ranges.append(first...last)
    }
    self.init(ranges)
  }

  /// Port 80, the default.
  package static var http: PortSet { PortSet(unchecked: [80...80]) }

  /// The ports of HTTPS, and what often takes its place.
  package static var https: PortSet { PortSet(unchecked: [443...443, 8443...8443]) }

  /// The ports of both sets.
  package func union(_ other: PortSet) -> PortSet { PortSet(ranges + other.ranges) ?? self }

  /// The ports that both sets have; nil when there are none.
  package func common(with other: PortSet) -> PortSet? {
    PortSet(
      ranges.flatMap { range in
        other.ranges.filter { $0.overlaps(range) }.map {
          max($0.lowerBound, range.lowerBound)...min($0.upperBound, range.upperBound)
        }
      })
  }

  package func contains(_ port: UInt16) -> Bool {
    ranges.contains { $0.contains(port) }
  }

  package var description: String {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }

  private init(unchecked ranges: [ClosedRange<UInt16>]) { self.ranges = ranges }

  private static func port(_ text: Substring) -> UInt16? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(text),
      port > 0
    else { return nil }
    return port
  }
}
