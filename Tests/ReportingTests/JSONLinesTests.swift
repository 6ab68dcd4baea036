// SPDX-License-Identifier: Apache-2.0
import Alerting
import Capture
import Exchanges
import Foundation
import Owners
import Reporting
import Statistics
import Testing

@Suite struct JSONLinesTests {
  private func object(_ line: [UInt8]) throws -> [String: Any] {
    #expect(line.last == UInt8(ascii: "\n"))
    #expect(line.count { $0 == UInt8(ascii: "\n") } == 1)
    #expect(line.dropLast().allSatisfy { $0 >= 0x20 })
    return try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
  }

  @Test func `a section that nobody answered yet has no latency, and its outcomes`() throws {
    var interval = Samples.interval
    interval.sites[0].sections = [SectionCounts(name: "/slow", requests: 3)]
    let (alerts, _) = try Samples.alerts()
    var lines = JSONLines(label: Samples.label)
    let text = String(decoding: lines.interval(interval, alerts: alerts), as: UTF8.self)
    #expect(text.contains(#""sections":[{"section":"/slow","requests":3,"successes":0,"failures":0}]"#))
  }

  @Test func `an interval's line, byte for byte`() throws {
    var interval = Samples.interval
    (interval.sites[0].sections[0].successes, interval.sites[0].sections[0].failures) = (17, 2)
    interval.sites[0].sections[0].latency.count = 19
    (interval.sites[0].sections[0].latency.p50, interval.sites[0].sections[0].latency.p99) = (
      2_000_000, 9_000_000
    )
    interval.sites[0].sections[1].isRequestsOnly = true
    interval.methods = [NamedCount(name: "GET", count: 37)]
    interval.statuses = [StatusCount(status: 200, count: 38)]
    interval.latency.count = 2
    interval.latency.p50 = 1_250_000
    interval.latency.p90 = 1_000_000_000
    interval.latency.p99 = 60_000_000_001
    interval.latency.maximum = 1
    interval.capture.packets = 90
    interval.ledger.headSegments = 76
    let (alerts, _) = try Samples.alerts()
    var lines = JSONLines(label: Samples.label)
    let text = String(decoding: lines.interval(interval, alerts: alerts), as: UTF8.self)
    #expect(
      text
        == #"{"type":"interval","schema":1,"start":"2021-02-23T04:06:08.000000Z","#
        + #""end":"2021-02-23T04:06:18.000000Z","backend":"eBPF","source":"eth0","requests":38,"#
        + #""responses":0,"successes":0,"failures":0,"exchanges":0,"aborted":0,"timedOut":0,"#
        + #""unknown":0,"unmatchedResponses":0,"inFlight":0,"oldestInFlight":null,"#
        + #""methods":{"GET":37},"protocols":{"HTTP/1.1":38},"statuses":{"200":38},"sites":[{"site":"google.com","requests":29,"#
        + #""successes":0,"failures":0,"aborted":0,"timedOut":0,"unknown":0,"overcountMax":0,"sections":[{"section":"/search","#
        + #""requests":20,"successes":17,"failures":2,"latency":{"p50":0.002,"p90":0,"p99":0.009,"max":0}},{"section":"/maps","requests":9}],"latency":{"p50":null,"p90":null,"#
        + #""p99":null,"max":null}},{"site":"linkedin.com","requests":6,"successes":0,"failures":0,"#
        + #""aborted":0,"timedOut":0,"unknown":0,"overcountMax":0,"sections":[],"latency":{"p50":null,"p90":null,"p99":null,"#
        + #""max":null}}],"other":{"sites":0,"requests":0},"clients":[],"otherClients":{"clients":0,"requests":0},"latency":{"count":2,"p50":0.00125,"p90":1,"#
        + #""p99":60.000000001,"max":0.000000001},"capture":{"packets":90,"matched":0,"lost":0,"#
        + #""delivered":0,"headSegments":76,"continuations":0,"duplicates":0,"unparseable":0,"#
        + #""falseHeads":0,"otherSegments":0,"pipelinedHeads":0,"truncated":0},"alert":{"active":true,"#
        + #""average":3.1666666666666665,"threshold":3.0,"unit":"interval","peak":3.1666666666666665}}"#
        + "\n")
  }

  @Test func `loss before any capture is reported where it is known, 0 or not`() throws {
    var lines = JSONLines(label: Samples.label)
    var life = Samples.life
    func capture() throws -> [String: Any] {
      try #require(try object(lines.summary(life, alerts: AlertBoard()))["capture"] as? [String: Any])
    }
    #expect(try capture()["backlogDropped"] == nil && capture()["nicMissed"] == nil)
    (life.capture.backlogDropped, life.capture.nicMissed) = (0, 3)
    #expect(try capture()["backlogDropped"] as? Int == 0 && capture()["nicMissed"] as? Int == 3)
  }

  @Test func `an alert's line`() throws {
    let (_, changes) = try Samples.alerts()
    var lines = JSONLines(label: Samples.label)
    let object = try object(lines.alert(try #require(changes.first)))
    #expect(object["type"] as? String == "alert")
    #expect(object["schema"] as? Int == 1)
    #expect(object["rule"] as? String == "high-traffic")
    #expect(object["state"] as? String == "raised")
    #expect(object["at"] as? String == "2021-02-23T04:06:18.000000Z")
    #expect(object["started"] as? String == "2021-02-23T04:06:18.000000Z")
    #expect(object["hits"] as? Double == 38.0 / 12)
    #expect(object["threshold"] as? Double == 3)
    #expect(object["lost"] as? Int == 0)
    #expect(object["site"] == nil)
  }

  @Test func `a summary of nothing has nulls for its times`() throws {
    var lines = JSONLines(label: Samples.label)
    let object = try object(lines.summary(Snapshot(), alerts: AlertBoard()))
    #expect(object["type"] as? String == "summary")
    #expect(object["start"] is NSNull && object["end"] is NSNull && object["alert"] is NSNull)
  }

  @Test func `gRPC calls and their statuses are a member, and not there without any`() throws {
    var lines = JSONLines(label: Samples.label)
    var life = Samples.life
    #expect(try object(lines.summary(life, alerts: AlertBoard()))["grpc"] == nil)
    for mark in [CallMark.begun, .begun, .begun, CallMark(code: 0), CallMark(code: 4), .missing] {
      life.totals.calls.count(mark)
    }
    life.totals.http2 = 3
    let object = try object(lines.summary(life, alerts: AlertBoard()))
    let grpc = try #require(object["grpc"] as? [String: Any])
    #expect(grpc["requests"] as? Int == 3)
    #expect(grpc["statuses"] as? [String: Int] == ["OK": 1, "DEADLINE_EXCEEDED": 1, "(none)": 1])
    #expect((object["protocols"] as? [String: Int])?["HTTP/2"] == 3)
    let none = try #require((object["sites"] as? [[String: Any]])?.first)
    #expect(none["grpc"] == nil)
    var call = CallCounts(name: "/shop.Cart/Add")
    (call.requests, call.successes, call.failures) = (3, 1, 2)
    call.statuses = [NamedCount(name: "OK", count: 1), NamedCount(name: "INTERNAL", count: 2)]
    (call.latency.count, call.latency.p50) = (3, 2_000_000)
    life.sites[0].calls = [call]
    let sites = try self.object(lines.summary(life, alerts: AlertBoard()))["sites"] as? [[String: Any]]
    let method = try #require((sites?.first?["grpc"] as? [[String: Any]])?.first)
    #expect(method["method"] as? String == "/shop.Cart/Add" && method["requests"] as? Int == 3)
    #expect(method["successes"] as? Int == 1 && method["failures"] as? Int == 2)
    #expect(method["statuses"] as? [String: Int] == ["OK": 1, "INTERNAL": 2])
    #expect((method["latency"] as? [String: Any])?["p50"] as? Double == 0.002)
  }

  @Test func `owners have what waits for them, and a site has who served it where that is known`() throws {
    var lines = JSONLines(label: Samples.label)
    var life = Samples.life
    let none = try object(lines.summary(life, alerts: AlertBoard()))
    #expect(none["owners"] == nil)
    #expect((none["sites"] as? [[String: Any]])?.first?["owners"] == nil)
    life.owners = ScreenSamples.owners
    var owner = SiteOwner(
      process: OwnerProcess(owner: Owner(process: "api", unit: "api.service"), process: 7))
    (owner.requests, owner.failures) = (5, 2)
    life.sites[0].owners = [owner, SiteOwner(process: nil)]
    let object = try object(lines.summary(life, alerts: AlertBoard()))
    #expect((object["owners"] as? [[String: Any]])?.prefix(2).map { $0["inFlight"] as? Int } == [9, 20])
    let site = try #require((object["sites"] as? [[String: Any]])?.first)
    let owners = try #require(site["owners"] as? [[String: Any]])
    #expect(owners.map { $0["process"] as? String } == ["api", nil])
    #expect(owners[0]["unit"] as? String == "api.service" && owners[0]["pid"] as? Int == 7)
    #expect(owners.map { $0["requests"] as? Int } == [5, 0] && owners[0]["failures"] as? Int == 2)
  }

  @Test func `warnings are the pages' own, and not there without any`() throws {
    var lines = JSONLines(label: Samples.label)
    #expect(try object(lines.summary(Snapshot(), alerts: AlertBoard()))["warnings"] == nil)
    lines.warnings = ["libpcap is used instead of eBPF: \"no\"", "two"]
    #expect(
      try object(lines.summary(Snapshot(), alerts: AlertBoard()))["warnings"] as? [String] == lines.warnings)
  }

  @Test func `what outputs dropped is a member by what it was, and not there without any`() throws {
    var lines = JSONLines(label: Samples.label)
    #expect(try object(lines.summary(Snapshot(), alerts: AlertBoard()))["outputDropped"] == nil)
    lines.outputs.lines = 3
    lines.outputs.alerts = 1
    #expect(
      try object(lines.summary(Snapshot(), alerts: AlertBoard()))["outputDropped"] as? [String: Int]
        == ["lines": 3, "alerts": 1])
  }

  @Test func `every counter of outputs is declared, by its own name and in its order`() {
    #expect(
      OutputCounters.counters.map(\.name) == Mirror(reflecting: OutputCounters()).children.compactMap(\.label)
    )
    for counter in OutputCounters.counters {
      var one = OutputCounters()
      one[keyPath: counter.field] = 7
      let changed = Mirror(reflecting: one).children.first { $0.label == counter.name }?.value
      #expect(changed as? UInt64 == 7, "\(counter.name) is stored elsewhere")
    }
  }

  @Test func `any text comes back from a JSON string as it was`() throws {
    var texts = (0..<0x300).compactMap { Unicode.Scalar($0).map { "a\(Character($0))b" } }
    texts += ["\u{2028}\u{2029}", "\u{202e}evil", "\"\\/", "\r\n", "é\u{301}", "🙂", "\u{feff}x", ""]
    var lines = JSONLines(label: Samples.label)
    for text in texts {
      var snapshot = Samples.interval
      snapshot.sites = [Samples.site(text, 1, [(text, 1)])]
      snapshot.methods = [NamedCount(name: text, count: 1)]
      let object = try object(lines.interval(snapshot, alerts: AlertBoard()))
      let sites = try #require(object["sites"] as? [[String: Any]])
      #expect((sites[0]["site"] as? String).map { Array($0.unicodeScalars) } == Array(text.unicodeScalars))
      let methods = try #require(object["methods"] as? [String: Int])
      #expect(methods.keys.map { Array($0.unicodeScalars) } == [Array(text.unicodeScalars)])
    }
  }

  @Test func `the largest numbers are written whole`() throws {
    var snapshot = Snapshot()
    snapshot.totals.requests = .max
    snapshot.latency.count = .max
    snapshot.latency.maximum = .max
    snapshot.end = .max
    var lines = JSONLines(label: Samples.label)
    let text = String(decoding: lines.summary(snapshot, alerts: AlertBoard()), as: UTF8.self)
    #expect(text.contains(#""requests":18446744073709551615,"#))
    #expect(text.contains(#""max":18446744073.709551615}"#))
    _ = try object(Array(text.utf8))
  }
}
