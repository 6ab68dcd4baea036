// SPDX-License-Identifier: Apache-2.0
import Capture
import Foundation
import Reporting
import Statistics
import Testing

@testable import Exporting

@Suite struct MetricsPageTests {
  private func page(_ published: PublishedState, _ format: MetricsWriter.Format = .text) -> String {
    String(decoding: MetricsPage(published: published).render(format), as: UTF8.self)
  }

  /// The values of a label in all samples of a metric, read as Prometheus reads them.
  private func values(_ label: String, of metric: String, in page: String) -> [String] {
    page.split(separator: "\n").filter { $0.hasPrefix(metric + "{") }.compactMap { line in
      guard let range = line.range(of: label + "=\"") else { return nil }
      var value = ""
      var isEscaped = false
      for character in line[range.upperBound...] {
        if isEscaped {
          value.append(character == "n" ? "\n" : character)
          isEscaped = false
        } else if character == "\\" {
          isEscaped = true
        } else if character == "\"" {
          return value
        } else {
          value.append(character)
        }
      }
      return nil
    }
  }

  @Test(arguments: [(MetricsWriter.Format.text, "metrics.txt"), (.openMetrics, "metrics.openmetrics.txt")])
  func `the whole page, byte for byte`(format: MetricsWriter.Format, name: String) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "Golden/\(name)")
    let text = page(PublishedStates.sample, format)
    if ProcessInfo.processInfo.environment["WIRETALLY_GOLDEN"] == "write" {
      try Data(text.utf8).write(to: file)
    }
    let golden = try String(contentsOf: file, encoding: .utf8)
    for (line, expected) in zip(text.split(separator: "\n"), golden.split(separator: "\n")) {
      #expect(line == expected)
    }
    #expect(text == golden)
  }

  @Test func `every sample follows its family's help and type, once`() {
    for format in [MetricsWriter.Format.text, .openMetrics] {
      let page = page(PublishedStates.sample, format)
      var families: Set<String> = []
      var samples: Set<String> = []
      var family = ""
      for line in page.split(separator: "\n") where line != "# EOF" {
        let words = line.split(separator: " ").map(String.init)
        if line.hasPrefix("# HELP ") {
          family = words[2]
          #expect(families.insert(family).inserted, "\(line)")
        } else if line.hasPrefix("# TYPE ") {
          #expect(words[2] == family)
        } else {
          #expect(words[0].hasPrefix(family), "\(line)")
          let series = String(line.prefix(upTo: line.lastIndex(of: " ") ?? line.endIndex))
          #expect(samples.insert(series).inserted, "\(line)")
          #expect(Double(words.last ?? "") != nil, "\(line)")
        }
      }
      #expect(families.count > 30)
      #expect(page.hasSuffix("# EOF\n") == (format == .openMetrics))
    }
  }

  @Test func `hostile names come back as they were, on one line each`() {
    var names = [
      "\"", "\\", "\n", "a\"} 1\nwiretally_http_requests_total 9", "\\\\\"", "é", "🙂", "\u{202e}x", "}{", "",
      "# HELP x", "\u{0}\u{1b}[2J", "le=\"0.1\"", "\\n",
    ]
    names += (0..<0x100).compactMap { Unicode.Scalar($0).map { "s\(Character($0))" } }
    var published = PublishedStates.sample
    published.sites.sites = names.map { PublishedStates.site($0, 1) }
    published.label = CaptureLabel(backend: "eBPF", source: names[3], ports: "80")
    let page = page(published)
    let read = values("site", of: "wiretally_site_requests_total", in: page)
    #expect(
      Set(read.map { Array($0.unicodeScalars) }) == Set((names + ["_OTHER"]).map { Array($0.unicodeScalars) })
    )
    #expect(values("source", of: "wiretally_build_info", in: page) == [names[3]])
    // Lines end with a newline alone, as Prometheus reads them.
    let lines = page.utf8.split(separator: UInt8(ascii: "\n"))
    #expect(lines.count { $0.starts(with: "wiretally_http_requests_total".utf8) } == 2)
  }

  @Test func `a histogram's buckets grow up to its count`() {
    let page = page(PublishedStates.sample)
    let lines = page.split(separator: "\n").filter { $0.hasPrefix("http_server_request_duration_seconds") }
    let buckets = lines.filter { $0.contains("_bucket") }
    #expect(buckets.count == 15)
    #expect(buckets.first?.hasSuffix("le=\"0.005\"} 39") == true)
    #expect(buckets.last?.hasSuffix("le=\"+Inf\"} 40") == true)
    #expect(lines.contains("http_server_request_duration_seconds_count{url_scheme=\"http\"} 40"))
    #expect(lines.contains("http_server_request_duration_seconds_sum{url_scheme=\"http\"} 12.3456789"))
  }

  @Test func `what the backend cannot tell is left out`() {
    var published = PublishedStates.sample
    published.gauges = CaptureGauges()
    published.alerts = []
    (published.capture.backlogDropped, published.capture.nicMissed) = (nil, nil)
    let page = page(published)
    #expect(
      !page.contains("wiretally_backlog_dropped_packets") && !page.contains("wiretally_nic_missed_packets"))
    #expect(!page.contains("wiretally_filter_runs") && !page.contains("ring_bytes"))
    #expect(!page.contains("wiretally_alert"))
  }

  @Test func `every metric is in the document, and every one there is on the page`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let document = try String(contentsOf: root.appendingPathComponent("docs/metrics.md"), encoding: .utf8)
    let page = page(PublishedStates.sample)
    let families = page.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
      .map { String($0.split(separator: " ")[2]) }
    for family in families { #expect(document.contains("| `\(family)` |"), "\(family)") }
    let documented = document.split(separator: "\n").filter { $0.hasPrefix("| `") }
      .compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
    for name in documented where !name.hasPrefix("/") { #expect(families.contains(name), "\(name)") }
  }

  @Test(arguments: [
    ("", false), ("*/*", false), ("text/plain", false), ("application/openmetrics-text", true),
    (
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true
    ),
    ("application/openmetrics-text;q=0.3, text/plain;q=0.9", false),
    ("application/openmetrics-text;q=0", false),
    ("APPLICATION/OpenMetrics-Text ; Q=0.5", true), ("application/openmetrics-text;q=x", true),
    (",;,;q=", false),
  ])
  func `the Accept header chooses the format`(accept: String, isOpenMetrics: Bool) {
    let format = MetricsWriter.Format(accept: accept)
    #expect((format == .openMetrics) == isOpenMetrics)
  }

  @Test func `a server that answers with every status makes a bounded number of series`() {
    var counters = TrafficCounters()
    for round in 0..<3 {
      var recent = RecentTraffic()
      recent.statuses = (100..<1000).map { PublishedStates.status($0, UInt64(round + 1)) }
      counters.add(recent)
    }
    #expect(counters.statuses.count == TrafficCounters.statusLimit)
    #expect(counters.statuses.map(\.count).reduce(counters.otherStatuses, +) == 900 * 6)
  }
}
