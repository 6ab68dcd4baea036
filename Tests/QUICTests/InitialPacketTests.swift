// SPDX-License-Identifier: Apache-2.0
import QUIC
import Randomness
import System
import Testing

@Suite struct InitialPacketTests {
  /// A header as a client sends it: version, an identifier of eight bytes, one of four, a token, 40 bytes.
  private static func datagram(
    first: UInt8 = 0xc3, version: [UInt8] = [0, 0, 0, 1], token: [UInt8] = [], length: Int = 40,
    then more: Int = 0
  ) -> [UInt8] {
    [first] + version + [8, 1, 2, 3, 4, 5, 6, 7, 8] + [4, 9, 9, 9, 9] + [UInt8(token.count)] + token
      + [0x40 | UInt8(length >> 8), UInt8(length & 255)] + [UInt8](repeating: 7, count: 40 + more)
  }

  private func packet(_ bytes: [UInt8], at start: Int = 0) -> InitialPacket? {
    InitialPacket(bytes.rawSpan, at: start)
  }

  private func begins(_ bytes: [UInt8]) -> Bool { InitialPacket.begins(bytes.rawSpan) }

  @Test func `a header has the identifier and where the packet begins and ends`() throws {
    let bytes = Self.datagram(token: [5, 5, 5], then: 3)
    let found = try #require(packet(bytes))
    #expect(Array(bytes[found.destination]) == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(found.start == 0 && found.end == bytes.count - 3 && found.number == found.end - 40)
    #expect(packet([0, 0] + bytes, at: 2)?.end == found.end + 2)
    #expect(found.version == .v1 && begins(bytes))
    let second = Self.datagram(first: 0xd0, version: [0x6b, 0x33, 0x43, 0xcf])
    #expect(packet(second)?.version == .v2 && begins(second))
  }

  @Test func `what is no Initial packet, or not all there, is none`() {
    let others = [
      Self.datagram(first: 0x43), Self.datagram(first: 0xe3), Self.datagram(first: 0xd3),
      Self.datagram(version: [0, 0, 0, 2]), Self.datagram(version: [0x6b, 0x33, 0x43, 0xcf]), [],
    ]
    for bytes in others { #expect(packet(bytes) == nil && !begins(bytes)) }
    let whole = Self.datagram()
    for cut in 0..<whole.count { #expect(packet(Array(whole[..<cut])) == nil) }
    #expect(packet(Self.datagram(length: 10)) == nil)
    #expect(packet(Self.datagram(length: 16_000)) == nil)
  }

  @Test func `whatever the bytes are, nothing is read beyond them`() {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<20_000 {
      var bytes = Self.datagram(token: [1, 2])
      for _ in 0..<3 {
        bytes[Int.random(in: 5..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      guard let found = packet(bytes) else { continue }
      #expect(found.end <= bytes.count && found.number + 20 <= found.end && found.destination.count <= 20)
    }
  }
}

@Suite struct CryptoFramesTests {
  private func frame(_ offset: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    [6, offset, UInt8(bytes.count)] + bytes
  }

  @Test func `pieces in any order make the beginning, as far as there is no gap`() {
    var frames = CryptoFrames()
    #expect(frames.add(frame(4, [5, 6]) + [1, 0, 0]).isEmpty)
    #expect(frames.add(frame(0, [1, 2, 3])) == [1, 2, 3])
    #expect(frames.add([0, 0] + frame(2, [3, 4, 5])) == [1, 2, 3, 4, 5, 6])
  }

  @Test func `acknowledgements are passed over, and what else comes ends the reading`() {
    var frames = CryptoFrames()
    let acknowledgement: [UInt8] = [2, 5, 0, 1, 0, 1, 1], marked: [UInt8] = [3, 5, 0, 0, 0, 1, 2, 3]
    #expect(frames.add(acknowledgement + marked + frame(0, [1])) == [1])
    #expect(frames.add([0x1c, 0] + frame(1, [2])) == [1])
    // Far away, cut, or of no length.
    #expect(frames.add([6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1]) == [1])
    #expect(frames.add([6, 1, 5, 1]) == [1])
    #expect(frames.add(frame(1, [])) == [1])
  }

  @Test func `whatever the bytes are, a beginning has bounds`() {
    var random = SeededGenerator(seed: 6)
    for _ in 0..<5_000 {
      var frames = CryptoFrames()
      for _ in 0..<4 {
        let bytes = (0..<60).map { _ -> UInt8 in
          let choices: [UInt8] = [0, 1, 2, 3, 6, .random(in: 0...255, using: &random)]
          return choices[Int.random(in: 0..<6, using: &random)]
        }
        #expect(frames.add(bytes).count <= 8_192)
      }
    }
  }
}

extension CryptoFrames {
  /// Adds a packet's text, and returns what is there from the beginning on.
  fileprivate mutating func add(_ text: [UInt8]) -> [UInt8] {
    add(text.rawSpan)
    return Array(beginning)
  }
}
