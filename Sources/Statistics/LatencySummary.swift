// SPDX-License-Identifier: Apache-2.0

/// The summary of a latency histogram: request head seen to response head seen, nanoseconds.
package struct LatencySummary: Equatable, Sendable {
  /// The number of exchanges that were answered. With 0 the other members mean nothing.
  package var count: UInt64 = 0
  /// Quantiles; see `LatencyBuckets` for their precision (1.6 % for totals, 6.3 % for a site).
  package var p50: UInt64 = 0
  package var p90: UInt64 = 0
  package var p99: UInt64 = 0
  /// The longest one, exactly.
  package var maximum: UInt64 = 0

  package init() {}
}
