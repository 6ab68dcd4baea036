// SPDX-License-Identifier: Apache-2.0
import ELFBuilder
import Randomness
import Testing

@testable import TLSPlaces

/// ELF files that are whole, and such that lie.
struct ELFFileTests {
  @Test func `functions are found by name, and where their code lies`() throws {
    var builder = ELFBuilder()
    builder.add("first", [0x55, 0xc3])
    let second = builder.add("second@@VERSION_1", [0x53, 0xc3])
    let bytes = builder.bytes
    let file = try ELFFile(bytes)
    let found = try file.functions(named: ["first", "second", "sec", "second@@VERSION_1 ", "absent"])
    #expect(found == ["first": ELFBuilder.address, "second": ELFBuilder.address + UInt64(second)])
    #expect(file.offset(of: ELFBuilder.address + UInt64(second)) == ELFBuilder.offset + second)
    #expect(file.offset(of: ELFBuilder.address - 1) == nil)
    #expect(file.code(at: ELFBuilder.address + UInt64(second), count: 16) == [0x53, 0xc3])
    #expect(file.code(at: 0, count: 16).isEmpty && file.code(at: .max, count: 16).isEmpty)
  }

  @Test func `other processors, other sizes of word, texts and names that are missing are refused`() {
    var builder = ELFBuilder.openSSL()
    let good = builder.bytes
    #expect(throws: ELFFile.Fault.malformed) { try ELFFile([]) }
    #expect(throws: ELFFile.Fault.malformed) { try ELFFile(Array("#!/bin/sh\n".utf8)) }
    for (place, byte) in [(4, 1), (5, 2)] as [(Int, UInt8)] {
      var bytes = good
      bytes[place] = byte
      #expect(throws: ELFFile.Fault.otherMachine) { try ELFFile(bytes) }
    }
    // AArch64.
    builder.machine = 183
    #expect(throws: ELFFile.Fault.otherMachine) { try ELFFile(builder.bytes) }
    builder.machine = 62
    builder.kind = 1
    #expect(throws: ELFFile.Fault.noSymbols) { try ELFFile(builder.bytes).functions(named: ["SSL_free"]) }
  }

  @Test func `sections are found by name, those of other names are not`() throws {
    var builder = ELFBuilder.openSSL()
    builder.sections = [(".rodata", [1, 2, 3]), (".rodata.more", [4])]
    let bytes = builder.bytes, file = try ELFFile(bytes)
    let section = try #require(file.section(named: ".rodata"))
    #expect(file.bytes(section.range) == [1, 2, 3])
    #expect(file.section(named: ".data") == nil && file.section(named: "") == nil)
    #expect(try file.functions(named: ["SSL_free"]).count == 1)
  }

  @Test func `a name that is the end of a longer one is found as well`() throws {
    var builder = ELFBuilder()
    builder.add("my_SSL_free", [0xc3])
    builder.add("SSL_free", [0x55])
    let found = try ELFFile(builder.bytes).functions(named: ["SSL_free", "free"])
    #expect(found == ["SSL_free": ELFBuilder.address + 64])
  }

  @Test func `a file that ends anywhere is refused or read within it`() {
    let bytes = ELFBuilder.openSSL().bytes
    for count in 0..<bytes.count {
      #expect((try? OpenSSLPlaces.find(in: ELFFile(Array(bytes[..<count])))) == nil, "\(count) bytes")
    }
  }

  @Test func `whatever a file says, no number leads out of it`() {
    var random = SeededGenerator(seed: 17)
    let whole = ELFBuilder.openSSL(hasLanding: true).bytes
    var accepted = 0, refused = 0
    for _ in 0..<20_000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: bytes.indices, using: &random)
        bytes[place] = [0, 1, 0x7f, 0x80, 0xff, .random(in: 0...255, using: &random)].randomElement(
          using: &random)!
      }
      if let places = try? OpenSSLPlaces.find(in: ELFFile(bytes)) {
        accepted += 1
        #expect(places.allSatisfy { $0.offset < UInt64(bytes.count) })
      } else {
        refused += 1
      }
    }
    #expect(accepted > 1_000 && refused > 1_000)
  }
}
