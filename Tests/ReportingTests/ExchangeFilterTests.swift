// SPDX-License-Identifier: Apache-2.0
import Alerting
import Capture
import HTTP1
import Reporting
import Testing

@testable import ExchangeStream

/// Conditions of `--where`: what they choose, and what is reported of those that are wrong.
@Suite struct ExchangeFilterTests {
  /// A slow 503 to POST of shop.example/cart?user=1 with 153 bytes, from 10.0.0.1.
  static let failed = ExchangeLinesTests.record(
    {
      ($0.status, $0.latency) = (503, 250_000_000)
      $0.method = .post
    }, texts: ["shop.example", "", "/cart/add?user=1", "", "curl/8"])
  static let silent = ExchangeLinesTests.record(
    {
      ($0.outcome, $0.status, $0.isBodyKnown) = (.aborted, 0, false)
    }, texts: ["api.example", "", "/", "", ""])
  static let unmatched = ExchangeLinesTests.record(
    {
      $0.outcome = .unmatchedResponse
      $0.client = Endpoint(high: 0x2001_0db8_0000_0000, low: 1, port: 1)
    }, texts: ["", "", "", "", ""])

  @Test(arguments: [
    // The condition, and whether it chooses the failed, the silent and the unmatched exchange.
    ("status=503", "+--"), ("status>=500", "+--"), ("status!=503", "-++"), ("not status=503", "-++"),
    ("status<300", "--+"), ("status=5xx", "+--"), ("status!=5xx", "-++"), ("status>100", "+-+"),
    ("latency>200ms", "+--"), ("latency > 250ms", "---"), ("latency<=250ms", "+--"), ("latency!=1s", "+++"),
    ("site=shop.example", "+--"), ("site=SHOP.example", "+--"), ("site=*.example", "++-"), ("site=*", "+++"),
    ("site!=*.example", "--+"), ("path=/cart/add", "+--"), ("path=/cart/*", "+--"), ("path=/", "-+-"),
    ("path=*add", "+--"), ("path=/c*t/a*d", "+--"), ("path=/c*x*d", "---"), ("method=POST", "+--"),
    ("method=G*", "-+-"), ("client=10.0.0.1", "++-"), ("client=2001:db8::1", "--+"), ("client=10.*", "++-"),
    ("bytes=153", "+-+"), ("bytes>1000", "---"), ("bytes<1000", "+-+"),
    ("status>=500 and latency>200ms", "+--"), ("status>=500 and latency>1s", "---"),
    ("status=200 or path=/", "-++"), ("path=/ or status=503 and latency>1s", "-+-"),
    ("(path=/ or status=503) and site=*.example", "++-"), ("not (path=/ or status=503)", "--+"),
    ("path~^/cart/", "+--"), ("path ~ /", "++-"), ("path!~^/cart/", "-++"), ("site~(SHOP|api)", "++-"),
    ("path~add$", "+--"), ("path~user", "---"), ("method~^(POST|PUT)$ or client~^2001:", "+-+"),
    ("(path~^/c(a|b)rt)", "+--"), ("site~\"shop|b c\" and path~\"\\)|add\"", "+--"),
    ("path~\"a\\\"b|/$\"", "-+-"),
    ("not not status=503", "+--"), ("( status = 503 )", "+--"),
    ("status>=500 and site=shop.example and latency>200ms and not path=/healthz", "+--"),
  ])
  func `a condition chooses the exchanges that it says`(text: String, chosen: String) throws {
    let filter = try ExchangeFilter(text)
    let found = [Self.failed, Self.silent, Self.unmatched].map { filter.passes($0) ? "+" : "-" }
    #expect(found.joined() == chosen)
  }

  @Test(arguments: [
    ("", "expected one of site, path, client, method, status, latency, bytes", 0, 1),
    ("sites=a", "unknown 'sites' (expected one of site, path, client, method, status, latency, bytes)", 0, 5),
    ("status", "expected =, !=, ~, !~, <, <=, > or >= after 'status'", 6, 1),
    ("status==500", "expected =, !=, ~, !~, <, <=, > or >= after 'status'", 6, 2),
    ("status=", "a value is missing after 'status='", 7, 1),
    ("status=99", "invalid status '99' (expected 503, or 5xx after = or !=)", 7, 2),
    ("status>5xx", "invalid status '5xx' (expected 503, or 5xx after = or !=)", 7, 3),
    ("latency>200", "invalid duration '200' (expected 200ms, 1.5s)", 8, 3),
    ("bytes>1k", "invalid number '1k'", 6, 2), ("site>a", "'site' is compared by = or != alone", 4, 1),
    ("path~(a", "no regular expression: missing ): (a", 5, 2),
    ("path~", "an expression is missing after 'path~'", 5, 1),
    ("path~\"a", "the closing quote is missing", 5, 1),
    ("path!~\"\"", "an expression is missing after 'path!~'", 6, 1),
    ("status~5", "'status' is a number: ~ is for site, path, client and method", 6, 1),
    ("status=500 path=/", "expected 'and', 'or' or the end, not 'path'", 11, 4),
    ("status=500 and", "expected one of site, path, client, method, status, latency, bytes", 14, 1),
    ("(status=500", "')' is missing", 11, 1),
    ("status=500)", "expected 'and', 'or' or the end, not ')'", 10, 1),
  ])
  func `a wrong condition is answered with the reason and the place`(
    text: String, message: String, column: Int, length: Int
  ) throws {
    let error = try #require(#expect(throws: ExchangeFilterError.self) { try ExchangeFilter(text) })
    #expect(error.message == message)
    let marks = String(repeating: " ", count: column) + String(repeating: "^", count: length)
    #expect(error.details == [text, marks])
  }

  @Test func `conditions within each other have an end`() {
    for opening in ["(", "not "] {
      let text = String(repeating: opening, count: 100_000)
      let error = #expect(throws: ExchangeFilterError.self) { try ExchangeFilter(text) }
      #expect(error?.message == "more than 64 conditions within each other")
    }
    let hostile = ExchangeLinesTests.record(
      { $0.status = 200 }, texts: ["a", "", String(repeating: "/", count: 1_000), "", ""])
    #expect((try? ExchangeFilter("path~(/*)*(/|//)*b"))?.passes(hostile) == false)
    let stars = String(repeating: "*a", count: 200)
    #expect((try? ExchangeFilter("path=\(stars)"))?.passes(Self.failed) == false)
  }
}
