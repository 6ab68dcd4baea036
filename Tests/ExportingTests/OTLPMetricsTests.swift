// SPDX-License-Identifier: Apache-2.0
import Alerting
import Foundation
import Reporting
import Statistics
import Testing

@testable import Exporting

/// What a collector is sent, read as JSON again.
@Suite struct OTLPMetricsTests {
  typealias Object = [String: Any]

  /// The metrics of requests, in their order.
  private func metrics(_ requests: [[UInt8]]) throws -> [Object] {
    try requests.flatMap { body -> [Object] in
      let request = try #require(try JSONSerialization.jsonObject(with: Data(body)) as? Object)
      let resources = try #require(request["resourceMetrics"] as? [Object])
      let scopes = try #require(resources[0]["scopeMetrics"] as? [Object])
      #expect(resources.count == 1 && scopes.count == 1)
      return try #require(scopes[0]["metrics"] as? [Object])
    }
  }

  private func points(_ metric: Object) throws -> [Object] {
    let kind = try #require(["sum", "gauge", "histogram"].first { metric[$0] != nil })
    return try #require((metric[kind] as? Object)?["dataPoints"] as? [Object])
  }

  private func attributes(_ point: Object) -> [String: String] {
    let list = point["attributes"] as? [Object] ?? []
    return Dictionary(
      uniqueKeysWithValues: list.compactMap { entry in
        guard let key = entry["key"] as? String else { return nil }
        return (key, (entry["value"] as? Object)?["stringValue"] as? String ?? "")
      })
  }

  private func sample(_ name: String) throws -> Object {
    try #require(
      try metrics(PublishedStates.sample.otlpRequests(host: "web1")).first { $0["name"] as? String == name })
  }

  @Test func `requests by method are a sum that only grows, since the start of the watch`() throws {
    let metric = try sample("wiretally.http.requests")
    let sum = try #require(metric["sum"] as? Object)
    #expect(sum["isMonotonic"] as? Bool == true && sum["aggregationTemporality"] as? Int == 2)
    let points = try points(metric)
    #expect(points.map { attributes($0)["http.request.method"] } == ["GET", "_OTHER"])
    #expect(points.map { $0["asInt"] as? String } == ["40", "2"])
    #expect(points[0]["startTimeUnixNano"] as? String == "\(PublishedStates.start)")
    #expect(points[0]["timeUnixNano"] as? String == "\(PublishedStates.start + 60 * PublishedStates.second)")
  }

  @Test func `durations are a histogram with the name and unit of the conventions`() throws {
    let metric = try sample("http.server.request.duration")
    #expect(metric["unit"] as? String == "s")
    let point = try points(metric)[0]
    #expect(point["count"] as? String == "40" && point["sum"] as? Double == 12.3456789)
    let counts = try #require(point["bucketCounts"] as? [String]).compactMap { UInt64($0) }
    let bounds = try #require(point["explicitBounds"] as? [Double])
    #expect(counts.count == bounds.count + 1 && counts.reduce(0, +) == 40)
    #expect(bounds == LatencyDistribution.bounds.map { Double($0) / 1e9 })
  }

  @Test func `a site is the server's address`() throws {
    let points = try points(sample("wiretally.site.requests"))
    #expect(points.map { attributes($0)["server.address"] } == ["a.example", "b.example", "_OTHER"])
    #expect(points.map { $0["asInt"] as? String } == ["10", "30", "2"])
  }

  @Test(arguments: [
    (
      "wiretally.site.method.requests", "http.request.method",
      ["b.example GET 25", "b.example POST 5", "_OTHER _OTHER 2"]
    ),
    (
      "wiretally.site.protocol.requests", "network.protocol.version", ["b.example 1.0 1", "b.example 1.1 29"]
    ),
    (
      "wiretally.site.responses", "http.response.status_class",
      ["b.example 2xx 28", "b.example 4xx 1", "b.example 5xx 1", "_OTHER _OTHER 1"]
    ),
  ])
  func `what a site was asked, and how it answered, has the conventions' attributes`(
    family: String, key: String, expected: [String]
  ) throws {
    let metric = try sample(family)
    #expect((metric["sum"] as? Object)?["isMonotonic"] as? Bool == true)
    let found = try points(metric).map { point in
      let attributes = attributes(point)
      #expect(Set(attributes.keys) == ["server.address", key])
      let count = point["asInt"] as? String ?? ""
      return "\(attributes["server.address"] ?? "") \(attributes[key] ?? "") \(count)"
    }
    #expect(found == expected)
  }

  @Test func `every family of the metrics page with samples is sent, and no other`() throws {
    let page = String(
      decoding: MetricsPage(published: PublishedStates.sample).render(.openMetrics), as: UTF8.self)
    let lines = page.split(separator: "\n")
    let families = lines.filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) }
      .filter { family in lines.contains { $0.hasPrefix(family) } }
    let sent = Set(
      try metrics(PublishedStates.sample.otlpRequests(host: "web1")).compactMap { $0["name"] as? String })
    #expect(sent == Set(families.map { OTLPName($0).name }))
    #expect(sent.count > 40)
  }

  @Test func `many sites come in several requests, each within its size, with no point lost`() throws {
    var published = PublishedStates.sample
    published.sites.sites = (0..<500).map { PublishedStates.site("site-\($0).example", UInt64($0)) }
    let requests = published.otlpRequests(host: "web1")
    #expect(requests.count > 3)
    // A point more than the limit, and the brackets.
    #expect(requests.allSatisfy { $0.count < 28 * 1_024 })
    let sites = try metrics(requests).filter { $0["name"] as? String == "wiretally.site.requests" }
      .flatMap { try points($0) }
    #expect(Set(sites.map { attributes($0)["server.address"] ?? "" }).count == 501)
    #expect(sites.count == 501)
  }

  @Test(arguments: [
    ("http_server_request_duration_seconds", "http.server.request.duration", "s"),
    ("process_resident_memory_bytes", "process.resident.memory", "By"),
    ("process_cpu_seconds", "process.cpu.time", "s"),
    ("wiretally_http_requests", "wiretally.http.requests", "1"),
  ])
  func `names and units are OpenTelemetry's`(family: String, name: String, unit: String) {
    #expect(OTLPName(family).name == name && OTLPName(family).unit == unit)
  }

  @Test(arguments: [
    ("http_response_status_code", "http.response.status_code"),
    ("http_request_method", "http.request.method"),
    ("rpc_response_status_code", "rpc.response.status_code"), ("site", "server.address"),
    ("worker", "worker"),
    ("network_protocol_version", "network.protocol.version"),
  ])
  func `labels are the conventions' attributes`(label: String, key: String) {
    #expect(OTLPName.attribute(label) == key)
  }
}
