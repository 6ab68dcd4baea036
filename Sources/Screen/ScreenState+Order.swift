// SPDX-License-Identifier: Apache-2.0

import Statistics

/// A row of one of the screen's tables, with what its columns can order it by.
protocol OrderedRow {
  associatedtype Name: Comparable
  var requests: UInt64 { get }
  var successes: UInt64 { get }
  var failures: UInt64 { get }
  var unanswered: UnansweredRequests { get }
  /// What stands for each of the columns of latency; the requests where a table has no such column.
  var latencies: (p50: UInt64, p99: UInt64, maximum: UInt64) { get }
  /// What the column of names is in order of.
  var orderName: Name { get }
}

extension ScreenState {
  /// Rows that come in order of requests, in the order of the chosen column; that decides between equals.
  func ordered<Row: OrderedRow>(_ rows: [Row]) -> [Row] {
    if sort == .requests, !isReversed { return rows }
    let ordered = rows.enumerated().sorted { a, b in
      let (before, after) = isReversed ? (b, a) : (a, b)
      return precedes(before.element, after.element) ?? (a.offset < b.offset)
    }
    return ordered.map(\.element)
  }

  /// Whether a stands before b; nil when they are equal in the chosen column.
  private func precedes<Row: OrderedRow>(_ a: Row, _ b: Row) -> Bool? {
    func order<Value: Comparable>(_ first: Value, _ second: Value) -> Bool? {
      first == second ? nil : first > second
    }
    return switch sort {
    case .requests: order(a.requests, b.requests)
    case .successes: order(a.successes, b.successes)
    case .failures: order(a.failures, b.failures)
    case .unanswered: order(a.unanswered.count, b.unanswered.count)
    case .maximum: order(a.latencies.maximum, b.latencies.maximum)
    case .p50: order(a.latencies.p50, b.latencies.p50)
    case .p99: order(a.latencies.p99, b.latencies.p99)
    // Names begin with a, addresses with the lowest.
    case .name: order(b.orderName, a.orderName)
    }
  }
}

extension SiteCounts: OrderedRow {
  var latencies: (p50: UInt64, p99: UInt64, maximum: UInt64) { (latency.p50, latency.p99, latency.maximum) }
  var orderName: String { name }
}

extension OwnerCounts: OrderedRow {
  var latencies: (p50: UInt64, p99: UInt64, maximum: UInt64) { (latency.p50, latency.p99, latency.maximum) }
  var orderName: String { label }
}

extension ClientCounts: OrderedRow {
  var latencies: (p50: UInt64, p99: UInt64, maximum: UInt64) { (requests, requests, slowest) }
  var orderName: UInt128 { UInt128(high) << 64 | UInt128(low) }
}
