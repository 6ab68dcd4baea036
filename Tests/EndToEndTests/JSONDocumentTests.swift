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
    "exchanges", "aborted", "timedOut", "unknown", "inFlight", "oldestInFlight", "unmatchedResponses",
    "methods", "protocols", "statuses", "sites", "other", "clients", "otherClients", "latency", "capture",
    "alert",
  ]
  static let inner: [String: Set<String>] = [
    "other": ["sites", "requests"], "otherClients": ["clients", "requests"],
    "latency": ["count", "p50", "p90", "p99", "max"],
    "capture": [
      "packets", "matched", "delivered", "lost", "headSegments", "pipelinedHeads", "continuations",
      "duplicates",
      "unparseable", "falseHeads", "otherSegments", "truncated",
    ], "alert": ["active", "average", "threshold", "unit", "peak"],
  ]
  static let site: Set<String> = [
    "site", "requests", "successes", "failures", "aborted", "timedOut", "unknown", "overcountMax", "sections",
    "latency",
  ]
  static let client: Set<String> = [
    "client", "requests", "successes", "failures", "aborted", "timedOut", "unknown", "overcountMax",
    "slowest",
  ]
  static let call: Set<String> = ["method", "requests", "successes", "failures", "statuses", "latency"]
  static let alert: Set<String> = [
    "type", "schema", "rule", "state", "at", "started", "hits", "threshold", "lost", "id",
  ]

  static let exchange: Set<String> = [
    "type", "schema", "outcome", "start", "end", "client", "clientPort", "server", "serverPort", "method",
    "site",
    "target", "version", "status", "latency", "bytes", "referer", "userAgent",
  ]

  /// What rules beyond `-t`, deliveries and warnings add.
  static let extras: Set<String> = [
    "alerts", "deliveries", "warnings", "outputDropped", "grpc", "owners", "tls",
  ]
  static let tls: Set<String> = ["ports", "connections", "read", "reasons", "notRead"]
  static let unread: Set<String> = ["sni", "alpn", "process", "reason", "connections", "overcountMax"]
  static let exchangeExtras: Set<String> = ["clientOwner", "serverOwner", "grpcStatus"]
  static let owner: Set<String> = ["process", "pid", "unit", "container", "pod"]
  static let ownerCounts: Set<String> = owner.union(["role", "requests", "failures", "inFlight", "latency"])
  static let siteOwner: Set<String> = owner.union(["requests", "failures"])
  /// What a live watch knows besides, where it may read it.
  static let captureExtras: Set<String> = [
    "backlogDropped", "nicMissed", "failedTailCalls", "evictedFlows", "evictedRequests", "evictedHTTP2",
    "evictedHeads", "skippedBytes", "filteredOut", "uncountedRequests",
    "uncountedResponses", "doubtful",
    "h2DataSkipped", "fragmentsRefused", "restamped",
    "tlsConnections", "tlsUntied", "tlsUnplaced", "tlsUnreadable", "lostHellos",
    "skippedHellos", "skippedInitials",
  ]
  static let alertExtras: Set<String> = ["measure", "unit", "of", "severity"]
  static let ruleMembers: Set<String> = [
    "rule", "measure", "unit", "active", "value", "threshold", "peak", "heldBack",
  ]
  static let deliveryMembers: Set<String> = ["to", "delivered", "failed", "dropped", "pending", "fault"]

  /// Checks each line; returns the types seen.
  static func check(_ output: String) -> Set<String> {
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
      let isOfRule = object["measure"] != nil
      let expected = [
        "alert": alert.union(isOfRule ? alertExtras : []), "exchange": exchange,
        "dropped": ["type", "schema", "count"],
      ][type]
      let optional = type == "exchange" ? exchangeExtras : extras.union(type == "alert" ? ["site"] : [])
      #expect(Set(object.keys).subtracting(optional) == expected ?? members, "\(type)")
      for value in object["alerts"] as? [[String: Any]] ?? [] {
        #expect(Set(value.keys).subtracting(["site", "owner"]) == ruleMembers)
      }
      for value in object["deliveries"] as? [[String: Any]] ?? [] {
        #expect(Set(value.keys) == deliveryMembers)
      }
      for value in object["owners"] as? [[String: Any]] ?? [] { #expect(Set(value.keys) == ownerCounts) }
      for name in exchangeExtras {
        if let value = object[name] as? [String: Any] { #expect(Set(value.keys) == owner) }
      }
      if let value = object["tls"] as? [String: Any] {
        #expect(Set(value.keys).subtracting(["h3"]) == tls)
        for row in value["notRead"] as? [[String: Any]] ?? [] { #expect(Set(row.keys) == unread) }
      }
      for (name, members) in inner {
        // Only a summary tells whether the ledger balances.
        let expected = type == "summary" && name == "capture" ? members.union(["imbalance"]) : members
        if let value = object[name] as? [String: Any] {
          #expect(Set(value.keys).subtracting(name == "capture" ? captureExtras : []) == expected, "\(name)")
        }
      }
      for value in object["sites"] as? [[String: Any]] ?? [] {
        #expect(Set(value.keys).subtracting(["grpc", "owners"]) == site)
        for owner in value["owners"] as? [[String: Any]] ?? [] { #expect(Set(owner.keys) == siteOwner) }
        for call in value["grpc"] as? [[String: Any]] ?? [] { #expect(Set(call.keys) == Self.call) }
      }
      for value in object["clients"] as? [[String: Any]] ?? [] { #expect(Set(value.keys) == client) }
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

  @Test func `rules and deliveries add the documented members, and nothing without them`() {
    let ran = Shell.run(
      "\(Machine.program) read --alert 'requests < 1/s over 10s site=a.example' --on-alert true --alert-log /dev/null "
        + "--format json \(Self.capture)")
    #expect(Self.check(ran.output) == ["interval", "alert", "summary"])
    #expect(ran.output.contains(#""alerts":[{"#) && ran.output.contains(#""deliveries":[{"#))
    let plain = Shell.run("\(Machine.program) read -t 0 --alert-log /dev/null --format json \(Self.capture)")
    #expect(!plain.output.contains(#""alerts""#) && !plain.output.contains(#""deliveries""#))
    #expect(!plain.output.contains(#""measure""#))
  }

  @Test func `gRPC calls add the documented members, and rules watch their statuses`() {
    let capture = "\(Self.root)/Tests/Captures/made/grpc-statuses.pcap"
    let read = "\(Machine.program) read --alert-log /dev/null --format json --port 50051 \(capture)"
    let ran = Shell.run(
      "\(read) --alert 'grpc=UNAVAILABLE > 5% over 10s min 1' --alert 'grpc=OK > 6% over 10s min 1'")
    #expect(Self.check(ran.output) == ["interval", "alert", "summary"])
    #expect(ran.output.contains(#""grpc":{"requests":17,"statuses":{"OK":1,"CANCELLED":1,"UNKNOWN":1,"#))
    // One call of 17 each is 5.88 %.
    #expect(ran.output.contains(#""rule":"high-grpc-unavailable""#))
    #expect(!ran.output.contains(#""rule":"high-grpc-ok","state""#))
    let follow = Shell.run("\(read) --follow")
    #expect(Self.check(follow.output) == ["exchange"])
    #expect(follow.output.contains(#""version":"2","status":200,"grpcStatus":"UNAUTHENTICATED""#))
  }

  @Test func `a file's lines have exactly the documented members`() {
    let ran = Shell.run("\(Machine.program) read -t 0 --alert-log /dev/null --format json \(Self.capture)")
    #expect(Self.check(ran.output) == ["interval", "alert", "summary"])
  }

  @Test func `a followed file's lines have exactly the documented members`() {
    let ran = Shell.run("\(Machine.program) read --follow --format json \(Self.capture)")
    #expect(Self.check(ran.output) == ["exchange"])
  }

  @Test(.enabled(if: Machine.hasServers, "needs root, network namespaces, nginx and curl"))
  func `live lines have exactly the documented members`() {
    let network = Network()
    let (client, name) = network.pair()
    let server = WebServer(in: name)
    let monitor = Monitor(in: name, ["-t", "0", "--format", "json", "--interval", "1s"])
    server.waitForLog(LiveTrafficTests.mixedTraffic(from: client, to: "10.77.0.2"))
    #expect(monitor.waits(for: #""type":"alert""#))
    #expect(Self.check(monitor.end().output) == ["interval", "alert", "summary"])
  }

  @Test func `the document names every member`() {
    let text = Shell.read("\(Self.root)/docs/json.md")
    let sets = [
      Self.members, Self.site, Self.call, Self.alert, Self.exchange, ["count"], Self.extras, Self.alertExtras,
      Self.ruleMembers, Self.deliveryMembers, Self.exchangeExtras, Self.ownerCounts,
    ]
    for name in sets.reduce(Set(["grpcStatus"] + Self.inner.values.flatMap { $0 }), { $0.union($1) }) {
      #expect(text.contains("`\(name)`"), "\(name)")
    }
  }
}
