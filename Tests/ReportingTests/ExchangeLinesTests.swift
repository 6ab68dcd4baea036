// SPDX-License-Identifier: Apache-2.0
import System
import Alerting
import Text
import Capture
import Exchanges
import Foundation
import HTTP1
import Reporting
import Testing

@testable import ExchangeStream

@Suite struct ExchangeLinesTests {
  /// A record made by hand.
  static func record(_ change: (inout ExchangeFacts) -> Void = { _ in }, texts: [String] = [])
    -> ExchangeRecord
  {
    var facts = ExchangeFacts()
    facts.method = .get
    (facts.major, facts.minor) = (1, 1)
    facts.status = 200
    (facts.isBodyKnown, facts.bodyBytes) = (true, 153)
    facts.requestTime = Samples.start + 5_000_000
    facts.endTime = Samples.start + 7_500_000
    facts.latency = 2_500_000
    facts.client = Endpoint(ipv4: 0x0a00_0001, port: 40_000)
    facts.server = Endpoint(ipv4: 0x0a00_0002, port: 80)
    change(&facts)
    var bytes: [UInt8] = []
    var ranges: [ExchangeFacts.TextRange] = []
    for text in texts.isEmpty ? ["a.example", "", "/x?y", "http://r/", "curl/8"] : texts {
      ranges.append(ExchangeFacts.TextRange(start: bytes.count, count: text.utf8.count))
      bytes += text.utf8
    }
    (facts.site, facts.methodName, facts.target) = (ranges[0], ranges[1], ranges[2])
    (facts.referer, facts.userAgent) = (ranges[3], ranges[4])
    var record = ExchangeRecord()
    record.set(facts, texts: bytes.rawSpan)
    return record
  }

  static func line(
    _ format: ExchangeLines.Format, _ record: ExchangeRecord, zone: Int = 0, query: QueryPolicy = .keep
  ) -> String? {
    var lines = ExchangeLines(format, query: query, zone: .fixed(zone))
    var text = ByteText()
    return lines.append(record, to: &text) ? text.string : nil
  }

  @Test func `the common log format`() {
    #expect(
      Self.line(.common, Self.record())
        == "10.0.0.1 - - [23/Feb/2021:04:06:08 +0000] \"GET /x?y HTTP/1.1\" 200 153\n")
    #expect(
      Self.line(.common, Self.record { $0.isBodyKnown = false }, zone: -12_600)
        == "10.0.0.1 - - [23/Feb/2021:00:36:08 -0330] \"GET /x?y HTTP/1.1\" 200 -\n")
  }

  @Test func `the combined log format, with a dash for what was not sent`() {
    let ipv6 = Self.record(
      {
        $0.client = Endpoint(high: 0x2001_0db8_0000_0000, low: 1, port: 1)
        $0.method = .other
      }, texts: ["a", "BREW", "*", "", ""])
    #expect(
      Self.line(.combined, Self.record())
        == "10.0.0.1 - - [23/Feb/2021:04:06:08 +0000] \"GET /x?y HTTP/1.1\" 200 153 \"http://r/\" \"curl/8\"\n"
    )
    #expect(
      Self.line(.combined, ipv6)
        == "2001:db8::1 - - [23/Feb/2021:04:06:08 +0000] \"BREW * HTTP/1.1\" 200 153 \"-\" \"-\"\n")
  }

  @Test func `the virtual host comes first and the time in microseconds last`() {
    let line =
      "a.example:80 10.0.0.1 - - [23/Feb/2021:04:06:08 +0000] \"GET /x?y HTTP/1.1\" 200 153 \"http://r/\" \"curl/8\" 2500\n"
    #expect(Self.line(.vcombined, Self.record()) == line)
    // Without a Host field, and faster than a microsecond.
    let bare = Self.record(
      {
        $0.latency = 999
        $0.server.port = 8_080
      }, texts: ["", "", "/", "", ""])
    #expect(Self.line(.vcombined, bare)?.hasPrefix("-:8080 10.0.0.1 - - [") == true)
    #expect(Self.line(.vcombined, bare)?.hasSuffix(" 200 153 \"-\" \"-\" 0\n") == true)
  }

  @Test(arguments: [
    ("/a/b", "/a/b", "/a/b"), ("/", "/", "/"), ("*", "*", "*"), ("/?", "/?", "/"), ("/x?token", "/x?*", "/x"),
    ("/x?user=ann&page=2", "/x?user=*&page=*", "/x"), ("/x?a=&b&&c=1;d=2", "/x?a=&*&&c=*;d=*", "/x"),
    ("/x?u=http://h/?v=1&w==", "/x?u=*&w=*", "/x"), ("/x#access_token=1", "/x#access_token=*", "/x"),
    ("/x?a=1#frag", "/x?a=*", "/x"), ("http://h:8/x?a=1", "http://h:8/x?a=*", "http://h:8/x"),
    ("/a;jsessionid=12/b;v=1?c=3", "/a;jsessionid=*/b;v=*?c=*", "/a;jsessionid=*/b;v=*"),
    ("/a;v1/b=c", "/a;v1/b=c", "/a;v1/b=c"),
  ])
  func `query strings are kept, masked or dropped, in every format`(
    target: String, names: String, dropped: String
  ) {
    let wanted: [QueryPolicy: String] = [.keep: target, .names: names, .drop: dropped]
    let record = Self.record(texts: ["a.example", "", target, target, "curl/8"])
    for (policy, text) in wanted {
      #expect(policy.text(Array(target.utf8)[...]) == text)
      for format in [ExchangeLines.Format.common, .combined, .vcombined] {
        let line = Self.line(format, record, query: policy)
        #expect(line?.contains("\"GET \(text) HTTP/1.1\"") == true)
        #expect(format == .common || line?.contains(" \"\(text)\" \"curl/8\"") == true)
      }
      let json = Self.line(.json, record, query: policy)?.replacing("\\/", with: "/")
      #expect(
        json?.contains("\"target\":\"\(text)\"") == true && json?.contains("\"referer\":\"\(text)\"") == true)
      let people = Self.line(.plain, record, query: policy)
      #expect(people?.hasSuffix("\(text)\n") == true)
    }
  }

  @Test func `an access log has no line for what has no answer or no request`() {
    for format in [ExchangeLines.Format.common, .combined, .vcombined] {
      for outcome in [ExchangeFacts.Outcome.aborted, .timedOut, .unknown, .inFlight] {
        #expect(Self.line(format, Self.record { $0.outcome = outcome }) == nil)
      }
      #expect(Self.line(format, Self.record { $0.outcome = .unmatchedResponse }) == nil)
    }
  }

  @Test func `columns for people`() {
    #expect(
      Self.line(.plain, Self.record())
        == "2021-02-23 04:06:08.005 200     2.5ms      153 10.0.0.1 GET a.example/x?y\n")
    let absolute = Self.record(texts: ["b.example", "", "http://b.example/z", "", ""])
    #expect(Self.line(.plain, absolute)?.hasSuffix("10.0.0.1 GET http://b.example/z\n") == true)
    let ends: [(ExchangeFacts.Outcome, String)] = [
      (.aborted, "aborted"), (.timedOut, "timed out"), (.unknown, "unknown"), (.inFlight, "in flight"),
    ]
    for (outcome, words) in ends {
      let record = Self.record {
        ($0.outcome, $0.status, $0.isBodyKnown) = (outcome, 0, false)
      }
      #expect(
        Self.line(.plain, record)
          == "2021-02-23 04:06:08.005 ---         -        - 10.0.0.1 GET a.example/x?y (\(words))\n")
    }
    let closed = Self.record {
      ($0.outcome, $0.isClientClosed, $0.status, $0.isBodyKnown) = (.aborted, true, 0, false)
    }
    #expect(Self.line(.plain, closed)?.hasSuffix(" a.example/x?y (client closed)\n") == true)
    #expect(Self.line(.json, closed)?.contains(#""outcome":"aborted","clientClosed":true,"#) == true)
    let unmatched = Self.record({ $0.outcome = .unmatchedResponse }, texts: ["", "", "", "", ""])
    #expect(
      Self.line(.plain, unmatched)
        == "2021-02-23 04:06:08.007 200         -      153 10.0.0.1 response without request from 10.0.0.2\n")
  }

  @Test func `JSON has null for what there is not`() throws {
    func object(_ record: ExchangeRecord) throws -> [String: Any] {
      let line = try #require(Self.line(.json, record))
      return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    let whole = try object(Self.record(texts: ["a", "", #"/\\x\x22"#, "r", "u"]))
    #expect(whole["target"] as? String == #"/\\x\x22"#)
    #expect(whole["start"] as? String == "2021-02-23T04:06:08.005000Z")
    #expect(whole["latency"] as? Double == 0.0025)
    #expect(whole["version"] as? String == "1.1")
    #expect(whole.values.allSatisfy { !($0 is NSNull) })
    let open = try object(
      Self.record(
        {
          $0.outcome = .aborted
          $0.status = 0
          $0.isBodyKnown = false
        }, texts: ["a", "", "/", "", ""]))
    let nulls = Set(open.filter { $0.value is NSNull }.keys)
    #expect(nulls == ["status", "latency", "bytes", "referer", "userAgent"])
    let unmatched = try object(
      Self.record({ $0.outcome = .unmatchedResponse }, texts: ["", "", "", "", ""]))
    #expect(
      Set(unmatched.filter { $0.value is NSNull }.keys) == [
        "start", "method", "site", "target", "version", "latency", "referer", "userAgent",
      ])
    #expect(Set(unmatched.keys) == Set(whole.keys))
  }

  @Test
  func `statuses have a terminal's colours by their class, where those are wanted, and nothing else has`() {
    func colored(_ format: ExchangeLines.Format, _ change: (inout ExchangeFacts) -> Void) -> String {
      var lines = ExchangeLines(format, query: .keep, zone: .fixed(0), hasColor: true)
      var text = ByteText()
      _ = lines.append(Self.record(change), to: &text)
      return text.string
    }
    for (status, color) in [(UInt16(204), 32), (304, 36), (404, 33), (503, 31)] {
      let line = colored(.plain) { ($0.status, $0.isFailure) = (status, status >= 400) }
      #expect(line.hasPrefix("2021-02-23 04:06:08.005 \u{1b}[\(color)m\(status)\u{1b}[0m  "), "\(line)")
      #expect(line.count { $0 == "\u{1b}" } == 2)
    }
    let aborted = colored(.plain) { ($0.outcome, $0.status) = (.aborted, 0) }
    #expect(aborted.contains(" \u{1b}[31m---\u{1b}[0m ") && aborted.hasSuffix("(aborted)\n"))
    let call = colored(.plain) { ($0.call, $0.isFailure) = (CallMark(code: 14), true) }
    #expect(call.contains("\u{1b}[31m200\u{1b}[0m"))
    for format in [ExchangeLines.Format.common, .combined, .vcombined, .json] {
      #expect(!colored(format) { $0.status = 503 }.contains("\u{1b}"))
    }
    let unknown = colored(.plain) { ($0.outcome, $0.status) = (.unknown, 0) }
    #expect(!unknown.contains("\u{1b}") && Self.line(.plain, Self.record())?.contains("\u{1b}") == false)
  }

  @Test func `HTTP/2 is marked, and the status of a gRPC call is named`() throws {
    let call = Self.record {
      ($0.major, $0.minor) = (2, 0)
      ($0.call, $0.isFailure) = (CallMark(code: 14), true)
    }
    #expect(Self.line(.plain, call)?.hasSuffix("GET a.example/x?y HTTP/2 (gRPC UNAVAILABLE)\n") == true)
    #expect(Self.line(.common, call)?.contains("\"GET /x?y HTTP/2.0\" 200") == true)
    let json = try #require(Self.line(.json, call))
    #expect(json.contains("\"version\":\"2\"") && json.contains("\"grpcStatus\":\"UNAVAILABLE\""))
    #expect(Self.line(.json, Self.record())?.contains("grpcStatus") == false)
  }
}
