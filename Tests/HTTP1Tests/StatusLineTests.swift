// SPDX-License-Identifier: Apache-2.0
import HTTP1
import Randomness
import System
import Testing

@Suite struct StatusLineTests {
  @Test(arguments: [
    ("helloHTTP/1.1 404 No\r\n", 5), ("HTTP/1.1 200 ", 0), ("HTTP/1.1 200\n", 0), ("xHTTP/1.0 200\r\n", 1),
    ("HTTP/1.1 200\r", 0), ("HTTP/1.1 20HTTP/1.1 204 x", 11), ("HHTTP/HTTP/1.1 999 ", 6),
  ])
  func `the first status line is found wherever it stands`(text: String, offset: Int) {
    let found = StatusLine.first(in: Array(text.utf8).rawSpan, from: 0)
    #expect(found == offset)
  }

  @Test(arguments: [
    "", "HTTP/1.1 200", "HTTP/1.1 099 No\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/x.1 200 OK\r\n",
    "http/1.1 200 OK\r\n",
    "HTTP/1.1 200\rX\r\n", "HTTP/1.1\t200 OK\r\n",
  ])
  func `nothing else is taken for one`(text: String) {
    let found = StatusLine.first(in: Array(text.utf8).rawSpan, from: 0)
    #expect(found == nil)
  }

  @Test func `what is found is never an invalid head, so no byte is searched twice`() {
    var random = SeededGenerator(seed: 5)
    let pieces = ["HTTP/1.1 200", "HTTP/1.1 0", "HTTP", "/1.1 ", " 404", "\r", "\n", " ", "x", "00", "\r\n"]
    var found = 0
    for _ in 0..<20_000 {
      let text = (0..<8).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
      let bytes = Array(text.utf8)
      guard let offset = StatusLine.first(in: bytes.rawSpan, from: 0) else { continue }
      found += 1
      let rest = Array(bytes[offset...])
      var head = MessageHead()
      let verdict = HeadParser.parse(rest.rawSpan, into: &head)
      let mayBegin = StatusLine.mayBegin(rest.rawSpan)
      #expect(verdict != .invalid && mayBegin, "\(text)")
    }
    #expect(found > 1_000)
  }

  @Test(arguments: [
    ("H", true), ("HTTP/", true), ("HTTP/x", true), ("\r\n\nHT", true), ("\r\n", true), ("", true),
    ("h", false),
    ("HTP", false), ("GET / HTTP/1.1", false), ("\r\nx", false),
  ])
  func `the beginning of another line begins no status line`(text: String, mayBegin: Bool) {
    let result = StatusLine.mayBegin(Array(text.utf8).rawSpan)
    #expect(result == mayBegin)
  }
}
