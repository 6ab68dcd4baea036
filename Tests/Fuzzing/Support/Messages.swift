// SPDX-License-Identifier: Apache-2.0

package import Randomness

/// HTTP/1 heads and bodies as servers and clients send them, and as they should not.
package enum Messages {
  static let methods = [
    "GET", "POST", "HEAD", "PUT", "OPTIONS", "DELETE", "PATCH", "CONNECT", "TRACE", "PROPFIND", "get", "BREW",
    "VERSION-CONTROL", "UPDATEREDIRECTREF", "G\u{1b}T", "", "M-SEARCH",
  ]
  static let targets = [
    "/", "/a/b?c", "/drive/u/0?x=/y", "*", "http://a.example/p", "http://user:pw@b.example:8080/q?r",
    "a.example:443", "[::1]:80", "https://[2001:db8::1]:443", "/a b", "//x", "/\u{1b}[2J", "?q", "#f",
    "http://", "/%41%2e%2e/", "/" + String(repeating: "x", count: 300), "ftp://c./d",
  ]
  package static let hosts = [
    "a.example", "A.EXAMPLE.", "b.example:8080", "user@c.example", "[::1]:80", "10.0.0.1:80", "", ".", ":",
    "@",
    "xn--bcher-kva.example", "b\u{fc}cher.example", "a\u{202e}b", "h\u{0}", "a,b", "a b", "[fe80::1%eth0]",
    String(repeating: "n", count: 300), "\"", "\\", "a:80:90", "a:x", "-", "...",
  ]
  static let versions = ["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "http/1.1", "HTTP/11.1", "HTTP/1.1 ", "HTTP/1"]
  package static let fields = [
    "Content-Length: 0", "Content-Length: 5", "content-length: 5, 5", "Content-Length: 5, 6",
    "Content-Length: -1",
    "Content-Length: 18446744073709551616", "Content-Length:\t7 ", "Content-Length: 1\r\nContent-Length: 2",
    "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "transfer-encoding: gzip",
    "Transfer-Encoding: xchunked", "Transfer-Encoding: identity", "Upgrade: websocket", "Connection: close",
    "Host", "Host : x.example", "Host:\r\n folded.example", " leading: x",
    "X: " + String(repeating: "y", count: 70),
    "\u{1b}]0;t\u{7}: x", "Cookie: a=b; c=d",
  ]
  static let ends = ["\r\n", "\n", "\r\r\n", "\r\n", "\r\n"]
  static let statuses = [
    "200 OK", "204 No Content", "304 Not Modified", "404 Not Found", "500 Oops", "100 Continue",
    "101 Switching",
    "503", "999 x", "099 x", "20 x", "1000 x", "200\u{1b}", "200  ", "302 Found",
  ]

  package static func pick(_ list: [String], _ random: inout SeededGenerator) -> String {
    list[Int.random(in: 0..<list.count, using: &random)]
  }

  /// A request's head, good mostly.
  package static func request(_ random: inout SeededGenerator) -> [UInt8] {
    let isPlain = Int.random(in: 0..<3, using: &random) > 0
    let end = isPlain ? "\r\n" : pick(ends, &random)
    let method = pick(isPlain ? Array(methods.prefix(10)) : methods, &random)
    let version = pick(isPlain ? Array(versions.prefix(2)) : versions, &random)
    var text = "\(method) \(pick(targets, &random)) \(version)\(end)"
    if Int.random(in: 0..<8, using: &random) > 0 { text += "Host: \(pick(hosts, &random))\(end)" }
    return Array((text + someFields(&random, end)).utf8)
  }

  /// A response's head, good mostly.
  package static func response(_ random: inout SeededGenerator) -> [UInt8] {
    let isPlain = Int.random(in: 0..<3, using: &random) > 0
    let end = isPlain ? "\r\n" : pick(ends, &random)
    let version = pick(isPlain ? Array(versions.prefix(2)) : versions, &random)
    return Array(("\(version) \(pick(statuses, &random))\(end)" + someFields(&random, end)).utf8)
  }

  /// A body in chunks, broken now and then.
  package static func chunks(_ random: inout SeededGenerator) -> [UInt8] {
    var text = ""
    for _ in 0..<Int.random(in: 0..<4, using: &random) {
      let size = Int.random(in: 1..<40, using: &random)
      let extensions = ["", ";x=y", " ", ";q=\"a\\\"b\""]
      text += String(size, radix: 16, uppercase: Bool.random(using: &random)) + pick(extensions, &random)
      text += pick(ends, &random) + String(repeating: "d", count: size) + pick(ends, &random)
    }
    let trailers = [
      "0\r\n\r\n", "0\r\nX: y\r\n\r\n", "0\n\n", "00;e\r\n\r\n", "g\r\n", "fffffffffffffffff\r\n", "0\r\n\r",
    ]
    return Array((text + pick(trailers, &random)).utf8)
  }

  private static func someFields(_ random: inout SeededGenerator, _ end: String) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0..<4, using: &random) { text += pick(fields, &random) + end }
    return Int.random(in: 0..<10, using: &random) > 0 ? text + end : text
  }
}
