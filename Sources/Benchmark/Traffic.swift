// SPDX-License-Identifier: Apache-2.0

import Capture

/// Heads as browsers and servers send them, and segments around them.
enum Traffic {
  static let response =
    "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Tue, 23 Feb 2021 04:06:18 GMT\r\n"
    + "Content-Type: text/html\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"

  /// A request for site `number`, made longer by a header of `padding` bytes.
  static func request(_ number: Int, padding: Int) -> String {
    "GET /section\(number % 5)/page?id=\(number) HTTP/1.1\r\nHost: www.site\(number).example\r\n"
      + "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\n"
      + "Cookie: \(String(repeating: "c", count: padding))\r\n\r\n"
  }

  /// The segment of a head on flow `flow`, `offset` bytes into its stream.
  static func segment(
    flow: Int, isRequest: Bool, sequence: UInt32, acknowledgement: UInt32, length: Int, time: UInt64
  ) -> Segment {
    let client = Endpoint(ipv4: 0x0a00_0000 | UInt32(flow >> 8), port: UInt16(10_000 + flow & 0xff))
    let server = Endpoint(ipv4: 0xc612_0001, port: 80)
    return Segment(
      time: time, source: isRequest ? client : server, destination: isRequest ? server : client,
      sequence: sequence, acknowledgement: acknowledgement, payloadLength: UInt32(length),
      flags: Segment.Flags(rawValue: 24),
      kind: .start)
  }
}
