// SPDX-License-Identifier: Apache-2.0

import Packets
import System
import PacketBuilder
import Randomness
import Support

/// IPv6 packets with any chain of extension headers: the slow reference walks them too.
enum ExtensionHeaders: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<200).map { _ in
      let chain = (0..<Int.random(in: 0..<10, using: &random)).map { _ -> IPv6.Extension in
        switch Int.random(in: 0..<12, using: &random) {
        case 0: .fragment(offset: UInt16.random(in: 0..<2, using: &random), more: Bool.random(using: &random))
        case 1: .authentication(more: UInt8.random(in: 0..<4, using: &random))
        case 2: .claiming(UInt8.random(in: 0...255, using: &random))
        case 3: .options(135, more: 0)
        case let number: .options([0, 43, 60][number % 3], more: UInt8.random(in: 0..<3, using: &random))
        }
      }
      let packet = Packet().ipv6 { header in
        header.extensions = chain
        if Int.random(in: 0..<8, using: &random) == 0 {
          header.payloadLength = UInt16.random(in: 0..<90, using: &random)
        }
      }
      return packet.payload("GET / HTTP/1.1\r\n\r\n").packet
    }
  }

  static func test(_ input: RawSpan) {
    guard input.byteCount > 0, input.byte(0) >> 4 == 6 else { return }
    var decoder = PacketDecoder()
    let verdict = decoder.decode(input, wireLength: input.byteCount, link: .raw)
    guard let plain = Plain(input.array) else { return }
    expect("\(verdict)" == "\(plain.verdict)", "the references agree: \(verdict), \(plain.verdict)")
    guard case .tcp = verdict else { return }
    let headers = decoder.headers
    expect(headers.payloadStart == plain.payload.lowerBound, "the payload begins where the reference says")
    expect(headers.payloadCaptured == plain.payload.count, "the payload ends where the reference says")
    expect(headers.payloadLength == plain.payload.count, "nothing was cut")
    expect(Int(headers.sourcePort) == plain.port, "the port is the reference's")
  }

  /// RFC 8200, section 4, on all the bytes at once; nil for what carries another packet.
  struct Plain {
    var verdict = PacketVerdict.malformed
    var payload = 0..<0
    var port = 0

    init?(_ bytes: [UInt8]) {
      func number(_ at: Int) -> Int { Int(bytes[at]) << 8 | Int(bytes[at + 1]) }
      guard bytes.count >= 40 else { return }
      var type = Int(bytes[6])
      let end = number(4) == 0 ? bytes.count : 40 + number(4)
      guard end <= bytes.count else {
        verdict = [0, 6, 43, 44, 51, 60].contains(type) ? .malformed : .other
        return
      }
      var next = 40, steps = 0
      while [0, 43, 44, 51, 60].contains(type) {
        guard steps < 8, next + 8 <= end else { return }
        let header = type, units = Int(bytes[next + 1])
        type = Int(bytes[next])
        let isJoined = [4, 6, 17, 41, 47, 137].contains(type)
        if header == 44, number(next + 2) & 0xfff9 != 0, next + 8 == end, isJoined { return }
        if header == 44, number(next + 2) >> 3 != 0 {
          verdict = isJoined ? .fragment : .other
          return
        }
        next += header == 44 ? 8 : header == 51 ? 4 * (units + 2) : 8 * (units + 1)
        steps += 1
      }
      guard ![4, 41, 47, 17, 97, 137, 143].contains(type) else { return nil }
      guard type == 6 else {
        verdict = .other
        return
      }
      guard next + 20 <= end else { return }
      let header = 4 * Int(bytes[next + 12] >> 4)
      guard header >= 20, next + header <= end else { return }
      verdict = .tcp
      port = number(next)
      payload = (next + header)..<end
    }
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  ExtensionHeaders.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe ExtensionHeaders.run(bytes, count)
}
