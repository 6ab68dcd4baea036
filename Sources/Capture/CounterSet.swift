// SPDX-License-Identifier: Apache-2.0

/// A set of counters that declares them once; sums, differences, JSON, metrics and pages loop over the declaration.
///
/// Counting itself goes to the stored properties: a loop is for what happens once a second.
package protocol CounterSet: Sendable {
  /// All counters at 0.
  init()
  /// The counters, in the order in which they are shown.
  static var counters: [Counter<Self, UInt64>] { get }
}

/// One counter of a set: where it is stored, and under which names it is shown.
package struct Counter<Root, Value>: Sendable {
  /// The form in which a counter is exported: the name and the help of metrics are in OpenMetrics' style.
  package enum Metric: Equatable, Sendable {
    /// A family of its own, `wiretally_NAME_total`.
    case family(String, help: String)
    /// The class of a delivered segment: `wiretally_capture_segments_total{class="NAME"}`.
    case segments(String)
    /// What else was among the packets: `wiretally_capture_seen_total{reason="NAME"}`. What two sets declare under one
    /// name is the same thing, seen by both: the larger number counts.
    case seen(String)
    /// What had to make room in a bounded table: `wiretally_capture_evicted_total{reason="NAME"}`.
    case evicted(String)
    /// What outputs dropped: `wiretally_output_dropped_total{unit="NAME"}`.
    case dropped(String)
  }

  /// The rule for whether JSON lines have a counter, under its name.
  package enum JSONPresence: Sendable { case never, aboveZero, always }

  package let field: any WritableKeyPath<Root, Value> & Sendable
  /// The property's name.
  package let name: String
  package let json: JSONPresence
  package let metric: Metric?
  /// What pages call it while it is above 0; nil when they leave it out.
  package let pageName: String?

  package init(
    _ field: any WritableKeyPath<Root, Value> & Sendable, _ name: String, json: JSONPresence = .never,
    _ metric: Metric? = nil,
    page: String? = nil
  ) {
    self.field = field
    self.name = name
    self.json = json
    self.metric = metric
    pageName = page
  }
}

extension CounterSet {
  /// Every counter combined with the other's by `operation`.
  private func combined(_ other: Self, _ operation: (UInt64, UInt64) -> UInt64) -> Self {
    var result = Self()
    for counter in Self.counters {
      result[keyPath: counter.field] = operation(self[keyPath: counter.field], other[keyPath: counter.field])
    }
    return result
  }

  /// The sum over several readers, interfaces or workers.
  package static func + (a: Self, b: Self) -> Self { a.combined(b, &+) }

  /// What was counted since `earlier`.
  package static func - (a: Self, earlier: Self) -> Self { a.combined(earlier, &-) }
}
