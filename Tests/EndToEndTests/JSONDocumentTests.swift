// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// docs/json.md holds: its examples run, and the lines have exactly its members.
@Suite(.serialized) struct JSONDocumentTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
  static let capture = "\(root)/Tests/Captures/pcapplusplus-keepalive.pcap"

  /// The commands between the document's fences.
  static var examples: [String] {
    let parts = Shell.read("\(root)/docs/json.md").components(separatedBy: "```")
    return parts.filter { $0.hasPrefix("sh\n") }.map { String($0.dropFirst(3)) }
  }

  static let members: Set<String> = [
    "type", "schema", "start", "end", "backend", "source", "requests", "responses", "successes", "failures",
    "exchanges", "unanswered", "orphans", "methods", "statuses", "sites", "other", "latency", "capture",
    "alert",
  ]
  static let inner: [String: Set<String>] = [
    "other": ["sites", "requests"], "latency": ["count", "p50", "p90", "p99", "max"],
    "capture": [
      "packets", "matched", "delivered", "lost", "starts", "further", "continuations", "duplicates",
      "unparseable", "lookalikes", "body", "truncated",
    ], "alert": ["active", "average", "threshold"],
  ]
  static let site: Set<String> = [
    "site", "requests", "successes", "failures", "unanswered", "error", "sections", "latency",
  ]
  static let alert: Set<String> = [
    "type", "schema", "rule", "state", "at", "started", "hits", "threshold", "lost", "id",
  ]

  static let exchange: Set<String> = [
    "type", "schema", "outcome", "start", "end", "client", "clientPort", "server", "serverPort", "method",
    "site",
    "target", "version", "status", "latency", "bytes", "referer", "userAgent",
  ]

  /// Judges each line; returns the types seen.
  static func judge(_ output: String) -> Set<String> {
    var types: Set<String> = []
    for line in output.split(separator: "\n") {
      guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
        let type = object["type"] as? String
      else {
        Issue.record("no object of a type: \(line)")
        continue
      }
      types.insert(type)
      #expect(object["schema"] as? Int == 1)
      let expected = ["alert": alert, "exchange": exchange, "dropped": ["type", "schema", "count"]][type]
      #expect(Set(object.keys) == expected ?? members, "\(type)")
      for (name, members) in inner {
        if let value = object[name] as? [String: Any] { #expect(Set(value.keys) == members, "\(name)") }
      }
      for value in object["sites"] as? [[String: Any]] ?? [] { #expect(Set(value.keys) == site) }
    }
    return types
  }

  @Test(.enabled(if: Shell.has("jq"), "needs jq"))
  func `every example of the document works`() {
    #expect(Self.examples.count >= 6)
    for example in Self.examples {
      let follow = example.contains("exchange") ? "--follow" : ""
      let ran = Shell.run("\(Machine.program) read -t 5 \(follow) --format json \(Self.capture) | \(example)")
      #expect(ran.status == 0, "\(example): \(ran.errors)")
      #expect(!ran.output.isEmpty, "\(example)")
    }
  }

  @Test func `a file's lines have exactly the documented members`() {
    let ran = Shell.run("\(Machine.program) read -t 0 --alert-log /dev/null --format json \(Self.capture)")
    #expect(Self.judge(ran.output) == ["interval", "alert", "summary"])
  }

  @Test func `a followed file's lines have exactly the documented members`() {
    let ran = Shell.run("\(Machine.program) read --follow --format json \(Self.capture)")
    #expect(Self.judge(ran.output) == ["exchange"])
  }

  @Test(.enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
  func `live lines have exactly the documented members`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["-t", "0", "--format", "json", "--interval", "1s"])
    server.waitForLog(LiveTrafficTests.mixedTraffic(from: client, to: "10.77.0.2"))
    #expect(monitor.waits(for: #""type":"alert""#))
    #expect(Self.judge(monitor.end().output) == ["interval", "alert", "summary"])
  }

  @Test func `the document names every member`() {
    let text = Shell.read("\(Self.root)/docs/json.md")
    for name in Self.members.union(Self.site).union(Self.alert).union(Self.exchange).union(["count"]).union(
      Self.inner.values.flatMap { $0 })
    {
      #expect(text.contains("`\(name)`"), "\(name)")
    }
  }
}
