// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Statistics

/// The answer to a request, before it is written.
struct Answer {
  var status: HTTPResponseStatus
  var headers: [(String, String)]
  var body: ByteBuffer
  /// The answer does not end: events follow.
  var isStream = false
  /// Which numbers the tables of the events have.
  var window = StatisticsWindow.all

  init(_ status: HTTPResponseStatus, _ type: String, _ body: ByteBuffer) {
    self.status = status
    headers = [("Content-Type", type)]
    self.body = body
  }

  /// A line of text that says what is wrong and what would be right.
  init(_ status: HTTPResponseStatus, _ text: String) {
    self.init(status, "text/plain; charset=utf-8", ByteBuffer(string: text + "\n"))
  }

  /// Everything comes from here and goes nowhere else: no frame, no other source, no guessing of types,
  /// no copy kept.
  static let security: [(String, String)] = [
    (
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
  ]

  /// The head as it is sent.
  func head(isKeptAlive: Bool) -> HTTPResponseHead {
    var fields = HTTPHeaders(headers + Self.security)
    if !isStream { fields.add(name: "Content-Length", value: "\(body.readableBytes)") }
    fields.add(name: "Connection", value: isKeptAlive ? "keep-alive" : "close")
    return HTTPResponseHead(version: .http1_1, status: status, headers: fields)
  }
}
