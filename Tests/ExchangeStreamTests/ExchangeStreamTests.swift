// SPDX-License-Identifier: Apache-2.0
import Capture
import Exchanges
import ExchangeStream
import HTTP1
import System
import Testing

/// Exchanges come out of the exchange stream one by one, as they were on the wire.
@Suite struct ExchangeStreamTests {
  @Test func `an answered request is one record with both sides' facts`() throws {
    var traffic = Followed()
    traffic.ask(
      "GET /a/b?q=1 HTTP/1.1\r\nHost: Shop.example:80\r\nReferer: http://x.example/ \r\n"
        + "User-Agent: curl/8 (a \"b\" \\c)\r\n\r\n")
    traffic.answer("HTTP/1.1 404 Not Found\r\nContent-Length: 153\r\n\r\n")
    let records = traffic.taken()
    let record = try #require(records.first)
    #expect(records.count == 1)
    #expect(record.facts.outcome == .answered)
    #expect(record.method == "GET")
    #expect(record.site == "shop.example")
    #expect(record.target == "/a/b?q=1")
    #expect(record.referer == "http://x.example/")
    #expect(record.userAgent == #"curl/8 (a \x22b\x22 \\c)"#)
    #expect(record.facts.major == 1 && record.facts.minor == 1)
    #expect(record.facts.status == 404 && record.isFailure)
    #expect(record.facts.isBodyKnown && record.facts.bodyBytes == 153)
    #expect(record.facts.client == Followed.client && record.facts.server == Followed.server)
    #expect(record.facts.requestTime == Followed.start)
    #expect(record.facts.endTime == Followed.start + Followed.step)
    #expect(record.facts.latency == Followed.step)
  }

  @Test func `a record has the times of the wall clock as it is set`() throws {
    let labels = LabelClock(wallOffset: 0)
    var traffic = Followed(labels: labels)
    traffic.exchange("/before")
    let before = try #require(traffic.taken().first)
    labels.follow(wallOffset: 60_000_000_000)
    traffic.exchange("/after")
    let after = try #require(traffic.taken().first)
    #expect(before.facts.requestTime == Followed.start)
    #expect(after.facts.requestTime == Followed.start + 2 * Followed.step + 60_000_000_000)
    #expect(
      after.facts.endTime == after.facts.requestTime + Followed.step && after.facts.latency == Followed.step)
  }

  @Test func `pipelined requests keep their own answers`() {
    var traffic = Followed()
    traffic.ask("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nBREW /2 HTTP/1.0\r\nHost: b\r\n\r\n")
    traffic.answer(
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
    let records = traffic.taken()
    #expect(records.map(\.target) == ["/1", "/2"])
    #expect(records.map(\.method) == ["GET", "BREW"])
    #expect(records.map(\.site) == ["a", "b"])
    #expect(records.map(\.facts.status) == [200, 500])
    #expect(records.map(\.facts.minor) == [1, 0])
  }

  @Test(arguments: [
    ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n", 0 as UInt64?),
    ("GET", "HTTP/1.1 204 No Content\r\n\r\n", 0), ("GET", "HTTP/1.1 304 Not Modified\r\n\r\n", 0),
    ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n", .max),
    ("CONNECT", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", nil),
    ("GET", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", nil),
  ])
  func `the size of a body is reported when it is known`(method: String, response: String, size: UInt64?) {
    var traffic = Followed()
    traffic.ask("\(method) a:1 HTTP/1.1\r\nHost: a\r\n\r\n")
    traffic.answer(response)
    #expect(traffic.taken().map { $0.facts.isBodyKnown ? $0.facts.bodyBytes : nil } == [size])
  }

  @Test func `requests in flight and answers nobody asked for are records too`() {
    var traffic = Followed()
    traffic.answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")
    traffic.ask("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    traffic.finish()
    let records = traffic.taken()
    #expect(records.map(\.facts.outcome) == [.unmatchedResponse, .inFlight])
    #expect(records.map(\.facts.client) == [Followed.client, Followed.client])
    #expect(records.map(\.target) == ["", "/slow"])
    #expect(records.map(\.facts.status) == [200, 0])
    #expect(records.map(\.isFailure) == [false, false])
  }

  @Test func `texts are cut and escaped so that a line stays a line`() throws {
    var traffic = Followed()
    let long = String(repeating: "ä\"", count: 600)
    traffic.ask("GET /\(long) HTTP/1.1\r\nHost: a\r\nUser-Agent: \u{1b}[31m\(long)\r\nReferer: \r\n\r\n")
    traffic.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    let record = try #require(traffic.taken().first)
    #expect(record.target.utf8.count <= ExchangeDetail.longestTarget)
    #expect(record.userAgent.utf8.count <= ExchangeDetail.longestField)
    #expect(record.target.hasPrefix(#"/\xc3\xa4\x22"#) && record.target.contains(#"\~"#))
    #expect(record.userAgent.hasPrefix(#"\x1b[31m\xc3\xa4\x22"#) && record.userAgent.contains(#"\~"#))
    #expect(record.referer == "")
    let texts = record.target + record.userAgent
    #expect(texts.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f && $0 != 0x22 })
  }

  @Test func `a full queue drops and counts, and continues when there is space`() {
    var traffic = Followed(queueCapacity: 2)
    for number in 0..<5 { traffic.exchange("/\(number)") }
    #expect(traffic.taken().map(\.target) == ["/0", "/1"])
    #expect(traffic.dropped == 3)
    traffic.exchange("/5")
    #expect(traffic.taken().map(\.target) == ["/5"])
    #expect(traffic.dropped == 3)
  }

  @Test func `a reader on the same thread takes records before any is dropped`() {
    var traffic = Followed(queueCapacity: 2)
    var seen: [String] = []
    let stream = traffic.stream
    stream.writers[0].whenFull = {
      var record = ExchangeRecord()
      while stream.next(into: &record) { seen.append(record.target) }
    }
    for number in 0..<5 { traffic.exchange("/\(number)") }
    seen += traffic.taken().map(\.target)
    #expect(seen == (0..<5).map { "/\($0)" })
    #expect(traffic.dropped == 0)
  }

  @Test func `more exchanges under way than there is room for are dropped and counted`() {
    var traffic = Followed(underWay: 2)
    for number in 0..<4 { traffic.ask("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n") }
    for _ in 0..<4 { traffic.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
    #expect(traffic.taken().map(\.target) == ["/0", "/1"])
    #expect(traffic.dropped == 2)
    // The places are free again.
    traffic.exchange("/5")
    traffic.exchange("/6")
    #expect(traffic.taken().map(\.target) == ["/5", "/6"])
  }

  @Test
  func `a reader of notable exchanges gets those that failed, and the slowest of each second`() {
    var traffic = Followed()
    traffic.stream.listen(.notable)
    for number in 0..<50 { traffic.exchange("/\(number)") }
    #expect(traffic.taken().count == 50)
    // As quick as those, or a failure.
    traffic.exchange("/quick")
    traffic.ask("GET /failed HTTP/1.1\r\nHost: a\r\n\r\n")
    traffic.answer("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
    // An answer each, after twice the time.
    traffic.ask("GET /slow/1 HTTP/1.1\r\nHost: a\r\n\r\n")
    traffic.ask("GET /slow/2 HTTP/1.1\r\nHost: a\r\n\r\n")
    for _ in 0..<2 { traffic.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
    traffic.exchange("/quick")
    #expect(traffic.taken().map(\.target) == ["/failed", "/slow/1", "/slow/2"])
    // Two milliseconds each: the next second begins.
    for _ in 0..<500 { traffic.exchange("/later") }
    #expect(traffic.taken().count == 50)
    traffic.ask("GET /waits HTTP/1.1\r\nHost: a\r\n\r\n")
    traffic.finish()
    #expect(traffic.taken().isEmpty && traffic.dropped == 0)
  }

  @Test func `nothing is recorded of requests that came while nobody listened`() {
    var traffic = Followed()
    traffic.ask("GET /before HTTP/1.1\r\nHost: a\r\n\r\n")
    traffic.listen(false)
    traffic.ask("GET /meanwhile HTTP/1.1\r\nHost: a\r\n\r\n")
    traffic.listen(true)
    traffic.ask("GET /after HTTP/1.1\r\nHost: a\r\n\r\n")
    for _ in 0..<3 { traffic.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
    #expect(traffic.taken().map(\.target) == ["/after"])
    #expect(traffic.dropped == 0)
  }
}
