// SPDX-License-Identifier: Apache-2.0
import Randomness
import System
import TLSRecords
import Testing

@Suite struct OpeningHelloTests {
  private static let protocols: (UInt16, [UInt8]) = (
    16,
    Messages.vector(
      2, [[0x0a, 0x0a], Array("h2".utf8), Array("http/1.1".utf8)].flatMap { Messages.vector(1, $0) })
  )

  private static func message(_ list: [(UInt16, [UInt8])]) -> [UInt8] {
    [1] + Messages.vector(3, Messages.clientHello(list))
  }

  private static func record(_ bytes: [UInt8]) -> [UInt8] { [22, 3, 1] + Messages.vector(2, bytes) }

  private func opening(_ bytes: [UInt8]) -> OpeningHello? { OpeningHello(bytes.rawSpan) }
  private func begins(_ bytes: [UInt8]) -> Bool { OpeningHello.begins(bytes.rawSpan) }
  private func mayContinue(_ bytes: [UInt8]) -> Bool { OpeningHello.mayContinue(bytes.rawSpan) }

  @Test func `a hello has the name and the protocols that are asked for`() throws {
    let bytes = Self.record(Self.message([Self.protocols, Messages.name("Shop.example"), (43, [2, 3, 4])]))
    let found = try #require(opening(bytes))
    #expect(found.isWhole && found.hello.serverName == "shop.example")
    // A name that nobody knows, as browsers put before the others, is none.
    #expect(found.hello.protocols == "h2,http/1.1")
    #expect(begins(bytes))
    #expect(opening(Self.record(Self.message([])))?.hello.protocols == nil)
  }

  @Test func `a hello may lie in several records`() throws {
    let message = Self.message([Self.protocols, Messages.name("shop.example")])
    for cut in 1..<message.count {
      let bytes = Self.record(Array(message[..<cut])) + Self.record(Array(message[cut...]))
      let found = try #require(opening(bytes), "cut at \(cut)")
      #expect(found.isWhole && found.hello.serverName == "shop.example")
    }
  }

  @Test func `a hello that is cut has what is there of it`() throws {
    let bytes = Self.record(
      Self.message([Messages.name("shop.example"), (51, [UInt8](repeating: 1, count: 1_700)), Self.protocols])
    )
    let half = try #require(opening(Array(bytes[..<1_000])))
    #expect(!half.isWhole && half.hello.serverName == "shop.example" && half.hello.protocols == nil)
    #expect(opening(bytes)?.isWhole == true && opening(bytes)?.hello.protocols == "h2,http/1.1")
    for cut in 0..<bytes.count { #expect(opening(Array(bytes[..<cut]))?.isWhole != true, "cut at \(cut)") }
  }

  @Test func `only a hello begins a connection, and other records do not continue one`() {
    let hello = Self.record(Self.message([]))
    #expect(opening(Self.record([2] + Self.message([]).dropFirst())) == nil)
    #expect(opening([23] + hello.dropFirst()) == nil)
    let data: [UInt8] = [23, 3, 3, 0, 5, 1, 2, 3, 4, 5], rest: [UInt8] = [0x51, 3, 0, 1]
    #expect(!mayContinue(data) && mayContinue(rest) && !mayContinue([]))
  }

  @Test func `whatever the bytes are, nothing is read beyond them`() {
    var random = SeededGenerator(seed: 3)
    let whole = Self.record(Self.message([Self.protocols, Messages.name("shop.example"), (42, [])]))
    for _ in 0..<20_000 {
      var broken = whole
      for _ in 0..<3 {
        broken[Int.random(in: 6..<broken.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      let found = opening(broken)
      #expect((found?.hello.serverName?.utf8.count ?? 0) <= 255)
      #expect((found?.hello.protocols?.utf8.count ?? 0) <= 4 * 17)
    }
  }
}
