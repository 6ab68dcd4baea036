// SPDX-License-Identifier: Apache-2.0

/// A receiver of families of samples, one after the other: the page at `/metrics`, or a collector's request.
protocol MetricsSink {
  /// A label's value may be anything.
  typealias Labels = KeyValuePairs<String, String>

  /// Begins a family; a counter's name comes without `_total`.
  mutating func family(_ name: String, _ kind: MetricsWriter.Kind, _ help: String)
  /// A sample of the family.
  mutating func sample(_ value: UInt64, labels: [(String, String)])
  mutating func sample(_ value: Double, labels: [(String, String)])
  /// A number of `unit` parts to one, exactly: nanoseconds as seconds with a unit of 1,000,000,000.
  mutating func sample(_ value: UInt64, per unit: UInt64, labels: [(String, String)])
  /// The samples of a histogram of seconds, from buckets in nanoseconds; the last one has no bound.
  mutating func histogram(_ labels: [(String, String)], bounds: [UInt64], counts: [UInt64], sum: UInt64)
}

extension MetricsSink {
  mutating func sample(_ value: UInt64, _ labels: Labels = [:]) {
    sample(value, labels: labels.map { ($0.key, $0.value) })
  }

  mutating func sample(_ value: Double, _ labels: Labels = [:]) {
    sample(value, labels: labels.map { ($0.key, $0.value) })
  }

  mutating func sample(_ value: UInt64, per unit: UInt64, _ labels: Labels = [:]) {
    sample(value, per: unit, labels: labels.map { ($0.key, $0.value) })
  }
}
