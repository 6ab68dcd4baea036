// SPDX-License-Identifier: Apache-2.0

/// A head with something hostile in one field, and the response that answers it.
struct HostileHead: Sendable {
  var request: [UInt8]
  var response = HostileHeads.answer
}

/// The families of hostile heads: each puts given bytes at one place of a message.
enum HostileHeads {
  static let answer = bytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

  /// A place for hostile bytes: what stands before and behind them.
  struct Place: Sendable, CustomStringConvertible {
    var description: String
    var before: String
    var behind: String
    /// The place is in the response.
    var isResponse = false

    /// The texts to try here: all of them where the place becomes a name, or a reason, that could be shown.
    var texts: [[UInt8]] {
      let shown = ["Host", "path", "method", "target", "reason"]
      return description.hasPrefix("in ") && shown.contains { description.hasSuffix($0) }
        ? HostileTexts.all : HostileTexts.invalidUTF8 + HostileTexts.sequences
    }

    func head(_ hostile: [UInt8]) -> HostileHead {
      let message = bytes(before) + hostile + bytes(behind)
      if isResponse {
        return HostileHead(request: bytes("GET /a HTTP/1.1\r\nHost: h\r\n\r\n"), response: message)
      }
      return HostileHead(request: message)
    }
  }

  static let places: [Place] = [
    Place(description: "first in Host", before: "GET /a HTTP/1.1\r\nHost: ", behind: "b.example\r\n\r\n"),
    Place(description: "in Host", before: "GET /a HTTP/1.1\r\nHost: a", behind: "b.example\r\n\r\n"),
    Place(description: "last in Host", before: "GET /a HTTP/1.1\r\nHost: a.example", behind: "\r\n\r\n"),
    Place(description: "first in the path", before: "GET ", behind: "b/c HTTP/1.1\r\nHost: h\r\n\r\n"),
    Place(description: "in the path", before: "GET /a", behind: "b/c HTTP/1.1\r\nHost: h\r\n\r\n"),
    Place(description: "last in the path", before: "GET /a", behind: " HTTP/1.1\r\nHost: h\r\n\r\n"),
    Place(description: "in the query", before: "GET /a?q=", behind: "b HTTP/1.1\r\nHost: h\r\n\r\n"),
    Place(description: "first in the method", before: "", behind: "X /a HTTP/1.1\r\nHost: h\r\n\r\n"),
    Place(description: "in the method", before: "XA", behind: "B /a HTTP/1.1\r\nHost: h\r\n\r\n"),
    Place(description: "last in the method", before: "GET", behind: " /a HTTP/1.1\r\nHost: h\r\n\r\n"),
    Place(
      description: "in an absolute target", before: "GET http://a", behind: "b/c HTTP/1.1\r\nHost: h\r\n\r\n"),
    Place(
      description: "in a CONNECT target", before: "CONNECT a", behind: "b:443 HTTP/1.1\r\nHost: h\r\n\r\n"),
    Place(description: "in the version", before: "GET /a HTTP/1", behind: ".1\r\nHost: h\r\n\r\n"),
    Place(
      description: "in a field's name", before: "GET /a HTTP/1.1\r\nX", behind: "Y: z\r\nHost: h\r\n\r\n"),
    Place(description: "behind Host's name", before: "GET /a HTTP/1.1\r\nHost", behind: ": h\r\n\r\n"),
    Place(
      description: "in a field's value", before: "GET /a HTTP/1.1\r\nX: ", behind: "y\r\nHost: h\r\n\r\n"),
    Place(
      description: "in Content-Length", before: "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: ",
      behind: "0\r\n\r\n"),
    Place(description: "before the request", before: "", behind: "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"),
    Place(
      description: "first in the reason", before: "HTTP/1.1 200 ", behind: "OK\r\nContent-Length: 0\r\n\r\n",
      isResponse: true),
    Place(
      description: "in the reason", before: "HTTP/1.1 200 O", behind: "K\r\nContent-Length: 0\r\n\r\n",
      isResponse: true),
    Place(
      description: "last in the reason", before: "HTTP/1.1 200 OK", behind: "\r\nContent-Length: 0\r\n\r\n",
      isResponse: true),
    Place(
      description: "in the status", before: "HTTP/1.1 2", behind: "00 OK\r\nContent-Length: 0\r\n\r\n",
      isResponse: true),
    Place(
      description: "in a response's field", before: "HTTP/1.1 200 OK\r\nServer: a",
      behind: "b\r\nContent-Length: 0\r\n\r\n", isResponse: true),
  ]

  /// Each of the 256 bytes at each place.
  static let singleBytes = (UInt8.min...UInt8.max).map { [$0] }

  /// A very long name at each place, of different kinds of bytes.
  static let long: [[UInt8]] = [0x61, 0x2e, 0x5c, 0x1b, 0xff, 0x41].flatMap { byte in
    [234, 237, 238, 239, 250, 254, 255, 256, 257, 1_000, 8_192, 65_536].map {
      [UInt8](repeating: byte, count: $0)
    }
  }

  static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
}
