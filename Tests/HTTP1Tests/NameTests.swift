// SPDX-License-Identifier: Apache-2.0
import System
import HTTP1
import Testing
import Text

@Suite struct NameTests {
  @Test(arguments: [
    ("GET / HTTP/1.1", "a.example", "a.example", "/"),
    ("GET /a HTTP/1.1", "A.EXAMPLE.:8080", "a.example", "/a"),
    ("GET /a/ HTTP/1.1", "[::1]:8080", "[::1]", "/a"),
    ("GET /a HTTP/1.1", "::1", "[::1]", "/a"), ("GET /a HTTP/1.1", "::", "[::]", "/a"),
    ("GET /a HTTP/1.1", "FE80::1%eth0", "[fe80::1%eth0]", "/a"),
    ("GET /a HTTP/1.1", "[fe80::1%25eth0]:80", "[fe80::1%25eth0]", "/a"),
    ("GET /a HTTP/1.1", "2001:db8:0:1:2:3:4:80", "[2001:db8:0:1:2:3:4:80]", "/a"),
    ("GET /a HTTP/1.1", "::ffff:10.0.0.1", "[::ffff:10.0.0.1]", "/a"),
    ("GET http://u@fd77::2/x HTTP/1.1", "h", "[fd77::2]", "/x"),
    ("GET /a HTTP/1.1", "abc:80", "abc", "/a"), ("GET /a HTTP/1.1", "a:b:80", "a:b", "/a"),
    ("GET /a HTTP/1.1", "fade5::1", "fade5:", "/a"), ("GET /a HTTP/1.1", "::g1", "::g1", "/a"),
    ("GET /a?x=/b HTTP/1.1", "[2001:DB8::1]", "[2001:db8::1]", "/a"),
    ("GET /?q HTTP/1.1", "user:secret@h.example:80", "h.example", "/"),
    ("GET //b HTTP/1.1", "10.0.0.1:80", "10.0.0.1", "/"),
    ("GET /a#f HTTP/1.1", "  h \t", "h", "/a"),
    ("GET http://Other.example/p/q HTTP/1.1", "h", "other.example", "/p"),
    ("GET http://other.example HTTP/1.1", "h", "other.example", "/"),
    ("GET cache_object://Cache.example/info HTTP/1.1", "h", "cache.example", "/info"),
    ("GET /shop;jsessionid=1A2B?x HTTP/1.1", "h", "h", "/shop"),
    ("GET /shop;a/b HTTP/1.1", "h", "h", "/shop"),
    ("GET http://other.example/p;q=1 HTTP/1.1", "h", "other.example", "/p"),
    ("GET /;a HTTP/1.1", "h", "h", "/"),
    ("GET /a b/c HTTP/1.1", "h", "h", "/a\\x20b"),
    ("GET http://other.example?q HTTP/1.1", "h", "other.example", "/"),
    ("GET https://u@[::2]:443/s HTTP/1.1", "h", "[::2]", "/s"),
    ("OPTIONS * HTTP/1.1", "h", "h", "*"), ("CONNECT proxy.example:443 HTTP/1.1", "h", "proxy.example", ""),
    ("GET http:///x HTTP/1.1", "h", "h", "/x"), ("GET a:b HTTP/1.1", "h", "h", "a:b"),
    ("GET /a%2Fb/c HTTP/1.1", "h:", "h", "/a%2Fb"), ("GET /. HTTP/1.1", "h:http", "h:http", "/."),
    ("GET /a HTTP/1.1", ".", ".", "/a"), ("GET /x HTTP/1.1", "", "", "/x"),
  ])
  func `site and section`(line: String, host: String, site: String, section: String) {
    let reading = Reading("\(line)\r\nHost: \(host)\r\n\r\n")
    #expect(reading.verdict == .complete)
    #expect(reading.site == site)
    #expect(reading.section == section)
  }

  @Test func `the first of several hosts counts, and a folded one is found`() {
    #expect(Reading("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").site == "a")
    #expect(Reading("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").head.hostFields == 2)
    #expect(Reading("GET / HTTP/1.1\r\nHost:\r\n\tfolded\r\n\r\n").site == "folded")
    #expect(Reading("GET / HTTP/1.1\r\nX-Host: a\r\nHosts: b\r\n\r\n").site == "")
  }

  @Test func `a name that is too long is cut and keeps its difference`() {
    let long = String(repeating: "h", count: 64_000)
    let one = Reading("GET / HTTP/1.1\r\nHost: \(long)1\r\n\r\n").site
    let two = Reading("GET / HTTP/1.1\r\nHost: \(long)2\r\n\r\n").site
    #expect(one.utf8.count == PrintableName.maximumLength)
    #expect(two.utf8.count == PrintableName.maximumLength)
    #expect(one != two)
    let escaped = Reading("GET / HTTP/1.1\r\nHost: \(String(repeating: "\u{1b}", count: 300))\r\n\r\n").site
    #expect(escaped.utf8.count <= PrintableName.maximumLength)
    #expect(escaped.hasPrefix("\\x1b\\x1b"))
  }
}
