// SPDX-License-Identifier: Apache-2.0
import Randomness

/// Heads whose structure is hostile rather than one field, and heads put together at random.
enum HostileStructures {
  static let all: [HostileHead] =
    [
      "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET /a HTTP/1.1\r\n" + String(repeating: "Host: a\r\n", count: 100) + "\r\n",
      "GET /a HTTP/1.1\r\nHost:\r\nHost: \u{1b}[2J\r\n\r\n", "GET /a HTTP/1.1\r\nHost : h\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost\t: h\r\n\r\n", "GET /a HTTP/1.1\r\n Host: h\r\n\r\n",
      "GET /a HTTP/1.1\r\nhOsT: H\r\n\r\n", "GET /a HTTP/1.1\r\nHost:\u{0}h\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: user:pass@h\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a@b@c@d\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: @\r\n\r\n", "GET /a HTTP/1.1\r\nHost: :80\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: :\r\n\r\n", "GET /a HTTP/1.1\r\nHost: .\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: ...\r\n\r\n", "GET /a HTTP/1.1\r\nHost: [\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: []\r\n\r\n", "GET /a HTTP/1.1\r\nHost: [::1\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: [::1]:99999999999\r\n\r\n", "GET /a HTTP/1.1\r\nHost: h:-1\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", "GET /a HTTP/1.1\r\nHost:\r\n\tfolded\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost:\r\n \r\n \r\n h\r\n\r\n", "GET /a HTTP/1.1\r\nHost: \r\n\u{1b}c: x\r\n\r\n",
      "GET /a HTTP/1.1\nHost: h\n\n", "GET /a HTTP/1.1\nHost: h\r\n\n", "GET /a HTTP/1.1\r\nHost: h\n\r\n",
      "\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n", "\n\n\r\n\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n",
      "\r\r\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a HTTP/1.1\r\r\nHost: h\r\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: h\r\r\n\r\n", "GET /a\r HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /a HTTP/1.1\rHost: h\r\n\r\n", "GET /a HTTP/1.1\r\nX: y\rHost: h\r\n\r\n",
      "GET  /a HTTP/1.1\r\n\r\n",
      "GET /a  HTTP/1.1\r\n\r\n", "GET\t/a\tHTTP/1.1\r\n\r\n", " GET /a HTTP/1.1\r\n\r\n",
      "GET /a HTTP/1.1 \r\n\r\n", "GET /a HTTP/9.9\r\nHost: h\r\n\r\n", "GET /a HTTP/11.1\r\n\r\n",
      "GET /a http/1.1\r\n\r\n", "GET /a\r\n\r\n", "GET HTTP/1.1\r\n\r\n",
      "GET * HTTP/1.1\r\nHost: h\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "GET http:// HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET http:///a HTTP/1.1\r\nHost: h\r\n\r\n", "GET http://@/a HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET http://:80/a HTTP/1.1\r\nHost: \r\n\r\n", "GET ://x/a HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET \u{1b}]0;x\u{7}://x/a HTTP/1.1\r\nHost: h\r\n\r\n", "CONNECT : HTTP/1.1\r\nHost: h\r\n\r\n",
      "CONNECT @:443 HTTP/1.1\r\nHost: h\r\n\r\n", "CONNECT /a HTTP/1.1\r\nHost: h\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 /a HTTP/1.1\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551616\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
      "GET /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
      "GET /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \u{1b}, chunked\r\n\r\n0\r\n\r\n",
      "other /a HTTP/1.1\r\nHost: other\r\n\r\n", "get /a HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a HTTP/1.1\r\n",
      "GET",
      "\r\n\r\n\r\n", "\u{0}", "GET /a HTTP/1.1\r\nHost: h",
    ].map { HostileHead(request: HostileHeads.bytes($0)) }
    + [
      "HTTP/1.1 200\r\n\r\n", "HTTP/1.1 200 \r\n\r\n", "HTTP/1.1 099 x\r\n\r\n", "HTTP/1.1 999 x\r\n\r\n",
      "HTTP/1.1 1000 x\r\n\r\n", "HTTP/1.1 2 x\r\n\r\n", "HTTP/1.1 -20 x\r\n\r\n", "HTTP/1.1  200 x\r\n\r\n",
      "HTTP/1.1\t200 x\r\n\r\n", "HTTP/9.9 200 x\r\n\r\n", "HTTP/ 200 x\r\n\r\n", "HTTP/1.1 200 a\rb\r\n\r\n",
      "HTTP/1.1 200 a\nX: b\n\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "HTTP/1.1 204 \u{202e}\r\nContent-Length: 5\r\n\r\n", "ICY 200 OK\r\n\r\n",
    ].map {
      HostileHead(
        request: HostileHeads.bytes("GET /a HTTP/1.1\r\nHost: h\r\n\r\n"), response: HostileHeads.bytes($0))
    }

  /// A head of random bytes in a random place, with random ends of lines.
  static func random(using random: inout SeededGenerator) -> HostileHead {
    func noise(_ limit: Int) -> [UInt8] {
      (0..<Int.random(in: 0...limit, using: &random)).map { _ in
        // Half of it from what heads are made of, so that some of it is read as one.
        let known = Array(" \r\n\t:/?#@.[]\\\"*HTTP/1GEThost\u{1b}\u{7f}".utf8)
        return Bool.random(using: &random)
          ? known[Int.random(in: 0..<known.count, using: &random)] : UInt8.random(in: 0...255, using: &random)
      }
    }
    func end() -> [UInt8] {
      [[0x0d, 0x0a], [0x0a], [0x0d, 0x0d, 0x0a]][Int.random(in: 0..<3, using: &random)]
    }
    let bytes = HostileHeads.bytes
    let line = bytes("GET /") + noise(12) + bytes(" HTTP/1.1") + end()
    let fields = noise(30) + end() + bytes("Host: ") + noise(300) + end() + noise(20) + bytes("\r\n\r\n")
    return HostileHead(
      request: line + fields,
      response: bytes("HTTP/1.1 200 ") + noise(40) + bytes("\r\nContent-Length: 0\r\n\r\n"))
  }
}
