// SPDX-License-Identifier: Apache-2.0
import Randomness
import System
import TLSRecords
import Testing

/// Messages as a client and a server send them.
enum Messages {
  static func vector(_ width: Int, _ bytes: [UInt8]) -> [UInt8] {
    (0..<width).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
  }

  static func extensions(_ list: [(UInt16, [UInt8])]) -> [UInt8] {
    vector(2, list.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] + vector(2, $1) })
  }

  static func clientHello(_ list: [(UInt16, [UInt8])]) -> [UInt8] {
    [3, 3] + [UInt8](repeating: 7, count: 32) + vector(1, [UInt8](repeating: 1, count: 32))
      + vector(2, [0x13, 1, 0xc0, 0x2f]) + vector(1, [0]) + extensions(list)
  }

  static func serverHello(random: [UInt8], suite: [UInt8], _ list: [(UInt16, [UInt8])]) -> [UInt8] {
    [3, 3] + random + vector(1, []) + suite + [0] + extensions(list)
  }

  static func name(_ text: String) -> (UInt16, [UInt8]) {
    (0, vector(2, [0] + vector(2, Array(text.utf8))))
  }
}

@Suite struct HandshakeTests {
  private func client(_ bytes: [UInt8]) -> ClientHello? { ClientHello(bytes.rawSpan) }
  private func server(_ bytes: [UInt8]) -> ServerHello? { ServerHello(bytes.rawSpan) }
  private func accepts(_ bytes: [UInt8]) -> Bool { EncryptedExtensions.acceptsEarlyData(bytes.rawSpan) }
  private func header(_ bytes: [UInt8]) -> RecordHeader? { RecordHeader(bytes.rawSpan, at: 0) }

  @Test func `a client's hello has its random, the server's name and early data`() throws {
    let plain = try #require(client(Messages.clientHello([Messages.name("Shop.Example"), (13, [1, 2])])))
    #expect(plain.serverName == "shop.example" && !plain.offersEarlyData)
    #expect(plain.random.bytes == [UInt8](repeating: 7, count: 32))
    let early = try #require(client(Messages.clientHello([(42, []), Messages.name("a.example")])))
    #expect(early.serverName == "a.example" && early.offersEarlyData)
    #expect(client(Messages.clientHello([Messages.name("a\u{1b}[2J")]))?.serverName == nil)
    #expect(client(Messages.clientHello([(0, [])]))?.serverName == nil)
    let old = Array(Messages.clientHello([]).dropLast(2))
    #expect(client(old) != nil)
  }

  @Test func `a server's hello has the version that its extension says`() throws {
    let random = Array(0..<32 as Range<UInt8>)
    let new = try #require(
      server(Messages.serverHello(random: random, suite: [0x13, 2], [(43, [3, 4])])))
    #expect(
      new.version == TLSVersion.tls13 && new.cipherSuite == 0x1302 && !new.isRetry && !new.encryptsThenMACs)
    #expect(new.random.number == 0x0c0d_0e0f)
    let old = try #require(
      server(Messages.serverHello(random: random, suite: [0xc0, 0x13], [(22, [])])))
    #expect(old.version == TLSVersion.tls12 && old.cipherSuite == 0xc013 && old.encryptsThenMACs)
    let retry: [UInt8] = [
      0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
      0xa2,
      0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
    ]
    let again = try #require(
      server(Messages.serverHello(random: retry, suite: [0x13, 1], [(43, [3, 4])])))
    #expect(again.isRetry)
  }

  @Test func `hellos that are cut or wrong are refused, or read as far as they go`() {
    var random = SeededGenerator(seed: 1)
    let whole = Messages.clientHello([Messages.name("shop.example"), (42, []), (43, [2, 3, 4])])
    for cut in 0..<whole.count {
      let hello = client(Array(whole[..<cut]))
      #expect(hello?.offersEarlyData != true)
    }
    for _ in 0..<20_000 {
      var broken = whole
      for _ in 0..<3 {
        broken[Int.random(in: 0..<broken.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if let name = client(broken)?.serverName {
        #expect(name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f })
      }
      _ = server(broken)
    }
  }

  @Test func `the server's extensions tell whether early data is accepted`() {
    #expect(accepts(Messages.extensions([(16, [0, 3, 2, 104, 50]), (42, [])])))
    #expect(!accepts(Messages.extensions([(16, [0, 42])])))
    #expect(!accepts([0]))
  }

  @Test func `messages are found however records cut them, and long ones are passed over`() {
    let hello = Messages.clientHello([Messages.name("shop.example")])
    let messages: [(UInt8, [UInt8])] = [
      (1, hello), (11, [UInt8](repeating: 9, count: 5_000)), (14, []), (24, [1]), (20, [3]),
    ]
    let stream = messages.flatMap { [$0] + Messages.vector(3, $1) }
    for step in [1, 2, 3, 5, 64, 1_000, stream.count] {
      var reader = HandshakeReader()
      var found: [UInt8] = []
      var bodies: [Int] = []
      for start in stride(from: 0, to: stream.count, by: step) {
        reader.read(Array(stream[start..<min(start + step, stream.count)]).rawSpan) { type, body in
          found.append(type)
          bodies.append(body.byteCount)
        }
      }
      #expect(found == [1, 11, 14, 24, 20])
      // A certificate's body is not looked at.
      #expect(bodies == [hello.count, 0, 0, 1, 0])
      #expect(!reader.isInMessage)
    }
    var reader = HandshakeReader()
    reader.read([1, 0xff, 0xff, 0xff].rawSpan) { _, _ in Issue.record("it has not ended") }
    #expect(reader.isInMessage)
  }

  @Test func `a header has a known type, a version of TLS and a length that is allowed`() {
    #expect(header([23, 3, 3, 0x01, 0x02]) == RecordHeader(type: 23, version: 0x0303, count: 258))
    #expect(header([23, 3, 3, 0x01, 0x02])?.total == 263)
    for wrong: [UInt8] in [
      [19, 3, 3, 0, 1], [24, 3, 3, 0, 1], [23, 2, 3, 0, 1], [23, 3, 5, 0, 1], [23, 3, 3, 0x48, 1],
    ] {
      #expect(header(wrong) == nil)
    }
  }
}
