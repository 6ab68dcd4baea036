// SPDX-License-Identifier: Apache-2.0
import Capture
import System
import TLSCoverage

/// Hellos as clients send them, and the segments that they travel in.
enum Hellos {
  static let second: UInt64 = 1_000_000_000
  static let server = Endpoint(ipv4: 0x0a00_0002, port: 443)

  static func client(_ port: UInt16) -> Endpoint { Endpoint(ipv4: 0x0a00_0001, port: port) }

  private static func vector(_ width: Int, _ bytes: [UInt8]) -> [UInt8] {
    (0..<width).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
  }

  /// The records of a hello whose random is made of a number.
  static func record(
    _ number: UInt32, name: String? = "shop.example", protocols: [String] = ["h2", "http/1.1"],
    filler: Int = 0
  ) -> [UInt8] {
    var extensions: [UInt8] = []
    if filler > 0 { extensions += [0, 51] + vector(2, [UInt8](repeating: 7, count: filler)) }
    if let name { extensions += [0, 0] + vector(2, vector(2, [0] + vector(2, Array(name.utf8)))) }
    if !protocols.isEmpty {
      extensions += [0, 16] + vector(2, vector(2, protocols.flatMap { vector(1, Array($0.utf8)) }))
    }
    let random = (0..<32).map { UInt8(truncatingIfNeeded: number >> UInt32(8 * ($0 % 4))) }
    let body =
      [3, 3] + random + vector(1, []) + vector(2, [0x13, 1]) + vector(1, [0]) + vector(2, extensions)
    return [22, 3, 1] + vector(2, [1] + vector(3, body))
  }

  /// A segment of a client to a server.
  static func segment(
    _ payload: [UInt8], from client: Endpoint, to server: Endpoint = Hellos.server, sequence: UInt32 = 1_000,
    at time: UInt64
  ) -> Segment {
    Segment(
      time: time, source: client, destination: server, sequence: sequence, acknowledgement: 1,
      payloadLength: UInt32(payload.count), flags: [.ack, .psh], kind: .hello)
  }
}

extension TLSCoverage {
  /// A hello in one segment.
  func see(
    _ hello: [UInt8], from client: Endpoint, to server: Endpoint = Hellos.server, sequence: UInt32 = 1_000,
    at time: UInt64 = Hellos.second
  ) {
    note(
      Hellos.segment(hello, from: client, to: server, sequence: sequence, at: time), hello.rawSpan)
  }
}
