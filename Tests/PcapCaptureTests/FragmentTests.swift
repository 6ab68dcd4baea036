// SPDX-License-Identifier: Apache-2.0
import Capture
import Foundation
import HTTP1
import PcapCapture
import Testing

/// Fragments in files; whole captures of them are in `Tests/Captures/made`.
@Suite struct FragmentTests {
  /// A raw IPv4 packet with a part of a datagram that carries TCP.
  private func fragment(_ payload: ArraySlice<UInt8>, at offset: Int, hasMore: Bool, of number: UInt8 = 1)
    -> [UInt8]
  {
    let total = 20 + payload.count, field = offset / 8 | (hasMore ? 0x2000 : 0)
    return [
      0x45, 0, UInt8(total >> 8), UInt8(total & 255), 0, number, UInt8(field >> 8), UInt8(field & 255), 64, 6,
      0, 0,
      10, 0, 0, 1, 10, 0, 0, 2,
    ] + payload
  }

  private func segment(_ text: String) -> [UInt8] {
    [0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 1, 0, 0, 0, 0, 0] + Array(text.utf8)
  }

  private func read(_ packets: [[UInt8]]) throws -> FileAccount {
    try withFile(packets) { try FileAccount(paths: [$0]) }
  }

  private func withFile<Result>(_ packets: [[UInt8]], _ body: (String) throws -> Result) throws -> Result {
    var file: [UInt8] = [
      0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 101,
    ]
    for packet in packets {
      let count = UInt8(packet.count)
      file += [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, count, 0, 0, 0, count] + packet
    }
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).pcap")
    try Data(file).write(to: path)
    defer { try? FileManager.default.removeItem(at: path) }
    return try body(path.path)
  }

  private var whole: [UInt8] { segment("GET /whole HTTP/1.1\r\nHost: fragments.example\r\n\r\n") }

  @Test(arguments: [[0, 1, 2], [2, 1, 0], [1, 0, 2, 0, 1], [1, 2, 1, 0, 2]])
  func `pieces in any order and number are one segment`(order: [Int]) throws {
    let pieces = [
      fragment(whole[..<24], at: 0, hasMore: true), fragment(whole[24..<56], at: 24, hasMore: true),
      fragment(whole[56...], at: 56, hasMore: false),
    ]
    let account = try read(order.map { pieces[$0] })
    #expect(account.requests == 1)
    #expect(account.sites == ["fragments.example": 1])
    #expect(account.capture.packets == UInt64(order.count))
  }

  @Test func `a first piece alone is read at the end, as far as it goes`() throws {
    let account = try read([fragment(whole[..<56], at: 0, hasMore: true)])
    #expect(account.requests == 1)
    #expect(account.sections == ["/whole": 1])
  }

  @Test func `the counters can be read while a segment of fragments is delivered`() throws {
    let packets = [
      fragment(whole[..<24], at: 0, hasMore: true), fragment(whole[24...], at: 24, hasMore: false),
      fragment(whole[..<56], at: 0, hasMore: true, of: 2),
    ]
    let counted = try withFile(packets) { path in
      let source = FileSource(paths: [path], ports: .http)
      var counted: [UInt64] = []
      while try source.receive(timeout: 0, { _, _ in counted.append(source.counters.fragments) }) != .ended {}
      return counted
    }
    #expect(counted == [2, 3])
  }

  @Test func `pieces of different datagrams stay apart`() throws {
    let account = try read([
      fragment(whole[..<24], at: 0, hasMore: true, of: 1),
      fragment(whole[24...], at: 24, hasMore: false, of: 2),
    ])
    #expect(account.requests == 0)
  }
}
