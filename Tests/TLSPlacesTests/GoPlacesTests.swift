// SPDX-License-Identifier: Apache-2.0
import ELFBuilder
import Randomness
import Testing

@testable import TLSPlaces

/// Where Go's crypto/tls is attached to, in a stripped program: never by a probe of its returns.
struct GoPlacesTests {
  private static func places(_ builder: GoBuilder) throws -> [ProbePlace] {
    try GoPlaces.find(in: ELFFile(builder.bytes))
  }

  @Test(arguments: [0xffff_fff0, 0xffff_fff1] as [UInt64])
  func `beginnings are jumps, and ends are each ret and no other byte`(version: UInt64) throws {
    var builder = GoBuilder.program()
    builder.version = version
    let bytes = builder.bytes, places = try Self.places(builder)
    let starts = places.filter { !$0.isEnd }, ends = places.filter(\.isEnd)
    #expect(starts.map(\.function) == [.goRead, .goWrite, .goHandshake, .goHandshake, .goClose])
    #expect(starts.map { bytes[Int($0.offset)] } == [0x76, 0x0f, 0x0f, 0x76, 0x0f])
    #expect(
      ends.map(\.function) == [.goRead, .goRead, .goWrite, .goWrite]
        + .init(repeating: .goHandshake, count: 4))
    // After pop %rbp, which the bytes in a constant are not.
    #expect(ends.allSatisfy { bytes[Int($0.offset)] == 0xc3 && bytes[Int($0.offset) - 1] == 0x5d })
    #expect(places.allSatisfy { !$0.function.hasReturnProbe })
    #expect(GoPlaces.isSpoken(in: try ELFFile(bytes)))
  }

  @Test func `a function whose ends are not known is left alone`() throws {
    // Where the stack pointer is back another instruction begins: it was moved by something else.
    var builder = GoBuilder()
    let check: [UInt8] = [0x49, 0x3b, 0x66, 0x10, 0x76, 0x20, 0x55]
    builder.add(
      "crypto/tls.(*Conn).Read", check + [0x5d, 0x90, 0x90, 0xc3], [(0, 7), (8, 1), (-8, 1), (8, 2)])
    builder.addOrdinary("crypto/tls.(*Conn).Write")
    #expect(throws: PlaceFault.unknownEnds("crypto/tls.(*Conn).Read")) { try Self.places(builder) }
    // No end at all, and a table that ends before the function is described.
    for steps in [[(0, 11)], [(0, 200)], []] as [[GoBuilder.Step]] {
      builder = GoBuilder()
      builder.add("crypto/tls.(*Conn).Read", check + [0x5d, 0x90, 0x90, 0xc3], steps)
      builder.addOrdinary("crypto/tls.(*Conn).Write")
      #expect(throws: PlaceFault.unknownEnds("crypto/tls.(*Conn).Read")) { try Self.places(builder) }
    }
  }

  @Test func `other versions, programs at any address, and those without TLS are refused`() throws {
    var builder = GoBuilder.program()
    // Go 1.16, whose functions have their arguments on the stack.
    builder.version = 0xffff_fffa
    #expect(throws: PlaceFault.unknownGo) { try Self.places(builder) }
    // It is named all the same.
    #expect(GoPlaces.isSpoken(in: try ELFFile(builder.bytes)))
    builder = .program()
    builder.textStart = 0
    #expect(throws: PlaceFault.unknownGo) { try Self.places(builder) }
    builder = GoBuilder()
    builder.addOrdinary("main.main")
    #expect(throws: PlaceFault.missing("crypto/tls.(*Conn).Read")) { try Self.places(builder) }
    #expect(!GoPlaces.isSpoken(in: try ELFFile(builder.bytes)))
    #expect(throws: PlaceFault.unknownGo) { try GoPlaces.find(in: ELFFile(ELFBuilder.openSSL().bytes)) }
    // A function that begins otherwise, as those do that the runtime itself has.
    builder.add("crypto/tls.(*Conn).Read", [0x55, 0xc3], [(0, 2)])
    #expect(throws: PlaceFault.unknownCode("crypto/tls.(*Conn).Read", [0x55, 0xc3])) {
      try Self.places(builder)
    }
  }

  @Test func `whatever a table says, places are in the file and are what they are to be`() {
    var random = SeededGenerator(seed: 18)
    let whole = GoBuilder.program().bytes
    var accepted = 0, refused = 0
    for round in 0..<6_000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: bytes.indices, using: &random)
        bytes[place] = [0, 1, 0x7f, 0x80, 0xff, .random(in: 0...255, using: &random)].randomElement(
          using: &random)!
      }
      if round % 4 == 0 { bytes.removeLast(.random(in: 0..<bytes.count, using: &random)) }
      guard let file = try? ELFFile(bytes), let places = try? GoPlaces.find(in: file) else {
        refused += 1
        continue
      }
      accepted += 1
      for place in places {
        let first = place.offset < UInt64(bytes.count) ? bytes[Int(place.offset)] : 0
        #expect(place.isEnd ? first == 0xc3 : first == 0x76 || first == 0x0f)
      }
    }
    #expect(accepted > 500 && refused > 500, "\(accepted) and \(refused)")
  }
}
