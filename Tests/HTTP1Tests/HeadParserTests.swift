// SPDX-License-Identifier: Apache-2.0
import System
import HTTP1
import Testing
import Text

@Suite struct HeadParserTests {
  @Test func `a request is read`() {
    let reading = Reading("GET /drive/u/x?y HTTP/1.1\r\nAccept: */*\r\nHost: Google.com:80\r\n\r\nrest")
    #expect(reading.verdict == .complete)
    #expect(reading.head.method == .get)
    #expect(reading.site == "google.com")
    #expect(reading.section == "/drive")
    #expect(reading.head.framing == .unspecified)
    #expect(reading.head.length == 63)
  }

  @Test func `a response is read`() {
    let reading = Reading("HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\n\r\n")
    #expect(reading.verdict == .complete)
    #expect(reading.head.kind == .response)
    #expect(reading.head.status == 404)
    #expect(reading.head.framing == .length)
    #expect(reading.head.contentLength == 12)
  }

  @Test(arguments: [
    "GET / HTTP/1.1", "GET   HTTP/1.1\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n", "GET /a b HTTP/1.1 c\r\n\r\n",
    "GET /\r\n\r\n", "GET / HTTP/11\r\n\r\n", "GET / http/1.1\r\n\r\n", "G@T / HTTP/1.1\r\n\r\n",
    " GET / HTTP/1.1\r\n\r\n", "GET\t/\tHTTP/1.1\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 099 No\r\n\r\n", "HTTP/1.1200 OK\r\n\r\n", "HTTP/x.1 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
    "RTSP/1.0 200 OK\r\n\r\n", "\u{16}\u{3}\u{1}\n", "GET HTTP/1.1\r\n\r\n", "hello\r\n",
  ])
  func `what is no start line is never a message`(text: String) {
    #expect(Reading(text).verdict != .complete)
  }

  @Test(arguments: [
    ("GET /a b HTTP/1.1", "/a b"), ("GET /a b c  d HTTP/1.0", "/a b c  d"), ("GET  / HTTP/1.1", "/"),
    ("GET /long-enough-for-words  HTTP/1.1", "/long-enough-for-words"), ("BREW  a b HTTP/1.1", "a b"),
  ])
  func `spaces inside a target belong to it, and the request is malformed`(line: String, target: String) {
    let reading = Reading("\(line)\r\nHost: h.example\r\n\r\n")
    #expect(reading.verdict == .complete)
    #expect(reading.head.isMalformed)
    let range = reading.head.target
    #expect(String(decoding: Array(line.utf8)[Int(range.start)..<range.end], as: UTF8.self) == target)
    #expect(Reading("GET \(target.prefix { $0 != " " }) HTTP/1.1\r\n\r\n").head.isMalformed == false)
  }

  @Test(arguments: [
    ("HTTP/1.1 200\r\n\r\n", 200), ("HTTP/1.0 301 \r\n\r\n", 301), ("HTTP/1.1 999 x\n\n", 999),
    ("HTTP/1.1 100 Continue\r\n\r\n", 100), ("HTTP/3.0 503 \u{ff}\r\n\r\n", 503),
  ])
  func `status lines of all kinds are read`(text: String, status: UInt16) {
    #expect(Reading(text).verdict == .complete)
    #expect(Reading(text).head.status == status)
  }

  @Test(arguments: ["HTTP/x", "HTTP/1x", "HTTP/1.x", "HTTP/1.1x", "HTTP/1.1 2x", "G@", "GET\t"])
  func `a beginning that no start line has is invalid before its line ends`(text: String) {
    #expect(Reading(text).verdict == .invalid)
  }

  @Test(arguments: [
    ("HTTP/1.1 204", 0), ("HTTP/1.1 204 ", 204), ("HTTP/1.1 204\r", 204), ("HTTP/1.1 204 No Con", 204),
    ("HTTP/1.1 204 No Content\r", 204), ("HTTP/1.1 2040", 0), ("HTTP/1.1 20", 0), ("HTTP/1.1 099 ", 0),
    ("GET / HTTP/1.1\r", 0),
  ])
  func `a status is read as soon as it is over, a request line once it is whole`(text: String, status: UInt16)
  {
    let reading = Reading(text)
    #expect(reading.verdict == .incomplete && reading.head.status == status)
    #expect(HeadParser.hasStartLine(reading.head) == (status != 0))
  }

  @Test func `a head cut anywhere is incomplete, never invalid`() {
    for text in [
      "POST /a/b HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "VERSION-CONTROL http://h/x HTTP/1.1\nHost: y\n\n", "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    ] {
      let bytes = Array(text.utf8)
      for cut in 0..<bytes.count {
        #expect(Reading(Array(bytes[..<cut])).verdict == .incomplete, "\(text) cut at \(cut)")
      }
      #expect(Reading(bytes).verdict == .complete)
      #expect(Reading(bytes).head.length == bytes.count)
    }
  }

  @Test(arguments: [
    ("Content-Length: 5", MessageHead.Framing.length, 5), ("content-LENGTH:5", .length, 5),
    ("Content-Length : 5", .length, 5), ("Content-Length: 5, 5", .length, 5),
    ("Content-Length: 5\r\nContent-Length: 5", .length, 5),
    ("Content-Length: 5\r\nContent-Length: 6", .unknown, 5), ("Content-Length: 5, 6", .unknown, 5),
    ("Content-Length: -5", .unknown, 0), ("Content-Length: 5x", .unknown, 0),
    ("Content-Length:", .unknown, 0),
    ("Content-Length: 99999999999999999999", .length, .max),
    ("Content-Length: 18446744073709551616", .length, .max),
    ("Content-Length: 99999999999999999999, 5", .unknown, 0),
    ("Content-Length: 18446744073709551615", .length, .max),
    ("Transfer-Encoding: chunked", .chunked, 0), ("transfer-encoding: GZIP, Chunked ", .chunked, 0),
    ("Transfer-Encoding: gzip", .untilClose, 0), ("Transfer-Encoding: chunked, gzip", .untilClose, 0),
    ("Transfer-Encoding: xchunked", .untilClose, 0), ("Transfer-Encoding: identity", .unspecified, 0),
    ("Content-Length: 5\r\nTransfer-Encoding: chunked", .chunked, 5),
    ("Transfer-Encoding: chunked\r\nContent-Length: 5", .chunked, 0), ("Content-Lengthy: 5", .unspecified, 0),
    ("X-Content-Length: 5", .unspecified, 0),
  ])
  func `the framing follows RFC 9112 section 6`(fields: String, framing: MessageHead.Framing, length: UInt64)
  {
    let reading = Reading("POST / HTTP/1.1\r\n\(fields)\r\n\r\n")
    #expect(reading.verdict == .complete)
    #expect(reading.head.framing == framing)
    if framing == .length { #expect(reading.head.contentLength == length) }
  }

  @Test func `a folded line continues the field before it, and with no other`() {
    let head = "GET / HTTP/1.1\r\nHost:\r\n"
    #expect(Reading(head + " folded.example\r\n\r\n").site == "folded.example")
    #expect(Reading(head + " \r\n\tfolded.example\r\n\r\n").site == "folded.example")
    #expect(Reading(head + "X: y\r\n folded.example\r\n\r\n").site.isEmpty)
    #expect(Reading(head + "HX: y\r\n folded.example\r\n\r\n").site.isEmpty)
  }

  @Test func `a control byte in a field's name does not make it another name`() {
    #expect(Reading("POST / HTTP/1.1\r\nContent\rLength: 5\r\n\r\n").head.framing == .unspecified)
    #expect(Reading("POST / HTTP/1.1\r\nTransfer\rEncoding: gzip\r\n\r\n").head.framing == .unspecified)
  }

  @Test func `every registered method is known by its name, in this case only`() {
    for method in Method.allCases where method != .other {
      #expect(Reading("\(method.name) / HTTP/1.1\r\n\r\n").head.method == method)
      #expect(Reading("\(method.name.lowercased()) / HTTP/1.1\r\n\r\n").head.method == .other)
      #expect(Reading("\(method.name)X / HTTP/1.1\r\n\r\n").head.method == .other)
    }
    #expect(Reading("BREW / HTTP/1.1\r\n\r\n").head.method == .other)
  }

  @Test(arguments: ["Content-Length", "Transfer-Encoding", "Host", "Upgrade"])
  func `a field is known by its name in any case, and by no other byte at any place`(name: String) {
    let value = name == "Content-Length" ? "7" : name == "Transfer-Encoding" ? "chunked" : "value"
    let plain = Reading("GET / HTTP/1.1\r\n\(name): \(value)\r\n\r\n").head
    let without = Reading("GET / HTTP/1.1\r\nX: y\r\n\r\n").head
    func isTaken(_ head: MessageHead) -> Bool {
      head.framing == plain.framing && head.host.isEmpty == plain.host.isEmpty
        && head.upgrade == plain.upgrade
    }
    #expect(!isTaken(without))
    for place in 0..<name.utf8.count {
      for byte in UInt8.min...UInt8.max where byte != 0x0a {
        var bytes = Array(name.utf8)
        let isSame = bytes[place] == byte || (bytes[place] | 0x20 == byte | 0x20 && byte | 0x20 >= 0x61)
        bytes[place] = byte
        let text = Array("GET / HTTP/1.1\r\n".utf8) + bytes + Array(": \(value)\r\n\r\n".utf8)
        if isTaken(Reading(text).head) != isSame { Issue.record("byte \(byte) at \(place) of \(name)") }
      }
    }
  }
}
