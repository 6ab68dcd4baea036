// SPDX-License-Identifier: Apache-2.0

package import Capture

/// Requests and responses as browsers and servers send them, on connections of their own: the traffic that
/// everything is measured on.
package struct HeadTraffic: Sendable {
  /// Connections that take turns.
  package static let connections = 256

  package let requests: [[UInt8]]
  package let response: [UInt8]

  /// - Parameter sites: different hosts that are asked.
  package init(sites: Int = 50) {
    requests = (0..<Self.connections).map { number in
      let site = number % max(sites, 1)
      return Array(
        ("GET /section\(number % 7)/page?id=\(number) HTTP/1.1\r\nHost: www.site\(site).example\r\n"
          + "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
          + "Accept: */*\r\nAccept-Language: en\r\nConnection: keep-alive\r\n"
          + "Cookie: session=\(String(repeating: "c", count: 80))\r\n\r\n").utf8)
    }
    response = Array(
      ("HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Tue, 23 Feb 2021 04:06:18 GMT\r\n"
        + "Content-Type: text/html\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n").utf8)
  }

  /// The client and the server of a connection.
  static func ends(_ connection: Int) -> (client: Endpoint, server: Endpoint) {
    (
      Endpoint(ipv4: 0x0a4d_0000 | UInt32(connection), port: UInt16(20_000 + connection)),
      Endpoint(ipv4: 0x0a4e_0001, port: 80)
    )
  }

  /// An Ethernet frame with a segment in it; its addresses are nobody's.
  package static func frame(
    from source: Endpoint, to destination: Endpoint, sequence: UInt32 = 1, acknowledgement: UInt32 = 1,
    payload: [UInt8]
  ) -> [UInt8] {
    var bytes: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00]
    bytes += [0x45, 0] + big(UInt64(40 + payload.count), 2) + [0, 0, 0x40, 0, 64, 6, 0, 0]
    bytes += big(source.low, 4) + big(destination.low, 4)
    bytes += big(UInt64(source.port), 2) + big(UInt64(destination.port), 2)
    bytes += big(UInt64(sequence), 4) + big(UInt64(acknowledgement), 4)
    bytes += [0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]
    bytes += payload
    bytes.replaceSubrange(checksumAt..<checksumAt + 2, with: big(UInt64(checksum(of: bytes)), 2))
    return bytes
  }

  /// The TCP checksum of a frame whose field for it is 0 (RFC 9293 section 3.1).
  private static func checksum(of frame: [UInt8]) -> UInt16 {
    let segment = frame[34...]
    // The pseudo-header: addresses, protocol and length.
    var sum = UInt32(6 + segment.count)
    for bytes in [frame[26..<34], segment] {
      for index in stride(from: bytes.startIndex, to: bytes.endIndex, by: 2) {
        sum &+= UInt32(bytes[index]) << 8
        if index + 1 < bytes.endIndex { sum &+= UInt32(bytes[index + 1]) }
      }
    }
    return ~folded(sum)
  }

  /// The checksum after a number in the segment was replaced by another (RFC 1624).
  static func checksum(_ checksum: UInt16, replacing old: UInt32, by new: UInt32) -> UInt16 {
    let sum = UInt32(~checksum) &+ (~old >> 16) &+ (~old & 0xffff) &+ (new >> 16) &+ (new & 0xffff)
    return ~folded(sum)
  }

  private static func folded(_ sum: UInt32) -> UInt16 {
    let once = (sum >> 16) &+ (sum & 0xffff)
    return UInt16(truncatingIfNeeded: (once >> 16) &+ once)
  }

  /// Where a frame has its sequence number; the acknowledgement number comes behind.
  static let sequenceAt = 38

  /// Where a frame has its TCP checksum.
  static let checksumAt = 50

  /// The last `count` bytes of a number, the highest one first.
  private static func big(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) }
  }
}
