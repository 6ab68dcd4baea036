// SPDX-License-Identifier: Apache-2.0

import Reporting
import Statistics
import Text

/// The families of `/metrics` as requests of OTLP in JSON (`ExportMetricsServiceRequest`), each within a size.
///
/// Names and keys have dots where Prometheus has underscores, as the semantic conventions write them, and a collector that
/// serves them to Prometheus makes the names of `/metrics` of them again.
struct OTLPMetrics: MetricsSink {
  /// The origin of the numbers, and their time.
  struct Origin {
    var version: String
    var host: String
    /// Nanoseconds since 1970.
    var started: UInt64
    var at: UInt64
  }

  /// Bytes of a request's points after which the next one begins.
  let limit: Int
  private let origin: Origin
  private var requests: [[UInt8]] = []
  /// The request that is being written; nil between two.
  private var json: JSONWriter?
  private var name = ""
  private var kind = MetricsWriter.Kind.gauge
  private var help = ""
  /// Whether the family has been begun in this request.
  private var isOpen = false

  init(_ origin: Origin, limit: Int = 24 * 1024) { (self.origin, self.limit) = (origin, limit) }

  /// The requests; nothing comes after it.
  mutating func end() -> [[UInt8]] {
    close()
    finish()
    return requests
  }

  mutating func family(_ name: String, _ kind: MetricsWriter.Kind, _ help: String) {
    close()
    (self.name, self.kind, self.help) = (name, kind, help)
  }

  mutating func sample(_ value: UInt64, labels: [(String, String)]) {
    point(labels) { $0.integer("asInt", value) }
  }

  mutating func sample(_ value: Double, labels: [(String, String)]) {
    guard value.isFinite else { return }
    point(labels) {
      $0.key("asDouble")
      $0.number(value)
    }
  }

  mutating func sample(_ value: UInt64, per unit: UInt64, labels: [(String, String)]) {
    sample(Double(value) / Double(unit), labels: labels)
  }

  mutating func histogram(_ labels: [(String, String)], bounds: [UInt64], counts: [UInt64], sum: UInt64) {
    point(labels) { json in
      json.integer("count", counts.reduce(0, &+))
      json.key("sum")
      json.seconds(sum)
      json.key("bucketCounts")
      json.beginArray()
      for count in counts { json.string("\(count)") }
      json.endArray()
      json.key("explicitBounds")
      json.beginArray()
      for bound in bounds { json.seconds(bound) }
      json.endArray()
    }
  }

  /// A point of the family, in a new request where this one is full.
  private mutating func point(_ labels: [(String, String)], _ write: (inout JSONWriter) -> Void) {
    if let json, json.text.bytes.count > limit {
      close()
      finish()
    }
    var json = self.json ?? OTLPEnvelope.begun("resourceMetrics", "scopeMetrics", "metrics", origin)
    if !isOpen { open(&json) }
    json.beginObject()
    json.key("attributes")
    OTLPEnvelope.attributes(labels.map { (OTLPName.attribute($0.0), $0.1) }, to: &json)
    if kind != .gauge { json.integer("startTimeUnixNano", origin.started) }
    json.integer("timeUnixNano", origin.at)
    write(&json)
    json.endObject()
    self.json = json
  }

  /// Begins the family.
  private mutating func open(_ json: inout JSONWriter) {
    let metric = OTLPName(name)
    json.beginObject()
    json.member("name", metric.name)
    json.member("description", help)
    json.member("unit", metric.unit)
    json.key(kind == .counter ? "sum" : kind == .gauge ? "gauge" : "histogram")
    json.beginObject()
    if kind != .gauge { json.member("aggregationTemporality", 2) }
    if kind == .counter {
      json.key("isMonotonic")
      json.bool(true)
    }
    json.key("dataPoints")
    json.beginArray()
    isOpen = true
  }

  /// Ends the family in this request.
  private mutating func close() {
    guard isOpen else { return }
    json?.endArray()
    json?.endObject()
    json?.endObject()
    isOpen = false
  }

  private mutating func finish() {
    guard var json = self.json else { return }
    requests.append(OTLPEnvelope.ended(&json))
    self.json = nil
  }
}

extension PublishedState {
  /// The state's metrics as requests to a collector.
  func otlpRequests(host: String) -> [[UInt8]] {
    let origin = OTLPMetrics.Origin(version: version, host: host, started: started, at: at)
    var metrics = OTLPMetrics(origin)
    MetricsPage(published: self).add(to: &metrics)
    return metrics.end()
  }
}
