// SPDX-License-Identifier: Apache-2.0
import ELFBuilder
import Testing

@testable import TLSPlaces

/// Where OpenSSL is attached to: by its code, which is that of the builds of Debian 11 to 13.
struct OpenSSLPlacesTests {
  @Test(arguments: [false, true], [false, true])
  func `each function has its place, after a landing as well`(hasLanding: Bool, hasFlags: Bool) throws {
    let bytes = ELFBuilder.openSSL(hasLanding: hasLanding, hasFlags: hasFlags).bytes
    let places = try OpenSSLPlaces.find(in: ELFFile(bytes))
    #expect(places.map(\.function) == [.read, hasFlags ? .writeWithFlags : .write, .handshake, .free])
    #expect(places.map { bytes[Int($0.offset)] } == [0x41, 0x53, 0x55, hasLanding ? 0x74 : 0x0f])
  }

  @Test(arguments: [false, true])
  func `where the internal functions are part of the exported ones, these are the places`(hasFlags: Bool)
    throws
  {
    var file = ELFBuilder()
    // push %rbp; mov %rsp,%rbp; push %r15.
    let code: [UInt8] = [0x55, 0x48, 0x89, 0xe5, 0x41, 0x57]
    let names = ["SSL_read", "SSL_read_ex", "SSL_write", "SSL_write_ex", "SSL_do_handshake", "SSL_free"]
    for name in names + (hasFlags ? ["SSL_write_ex2"] : []) { file.add(name, code) }
    let bytes = file.bytes, places = try OpenSSLPlaces.find(in: ELFFile(bytes))
    let flags: [ProbePlace.Function] = hasFlags ? [.writeWithFlags] : []
    #expect(places.map(\.function) == [.read, .receive] + flags + [.write, .send, .handshake, .free])
    #expect(
      places.allSatisfy { bytes[Int($0.offset)] == 0x55 } && Set(places.map(\.offset)).count == places.count)
  }

  @Test func `code that is in no pattern is named and not attached to`() {
    // Arguments are moved before anything is called.
    var file = ELFBuilder()
    file.add("SSL_read_ex", [0x48, 0x89, 0xd6, 0xe8, 0, 0, 0, 0])
    #expect(throws: PlaceFault.unknownCode("SSL_read_ex", [0x48, 0x89, 0xd6, 0xe8, 0, 0, 0, 0])) {
      try OpenSSLPlaces.find(in: ELFFile(file.bytes))
    }
    // The callee is outside of the code.
    file = ELFBuilder()
    file.addCaller("SSL_read_ex", of: 1 << 20)
    #expect(throws: PlaceFault.unknownCode("the callee of SSL_read_ex", [])) {
      try OpenSSLPlaces.find(in: ELFFile(file.bytes))
    }
    #expect(throws: PlaceFault.missing("SSL_read_ex")) {
      try OpenSSLPlaces.find(in: ELFFile(ELFBuilder.with("other").bytes))
    }
  }

  @Test(
    arguments: [
      // mov (%rdi),%rax; an arithmetic test of another register; a jump that is not taken for zero.
      [0x48, 0x8b, 0x07], [0x48, 0x85, 0xf6, 0x74, 0], [0x48, 0x85, 0xff, 0x75, 0], [0x48, 0x85, 0xff], [],
    ] as [[UInt8]])
  func `other beginnings are no places`(code: [UInt8]) {
    #expect(CodePattern.push(code) == nil)
    #expect(CodePattern.jumpIfNull(code) == nil)
    #expect(CodePattern.callee(code) == nil)
  }

  @Test func `faults are in words`() {
    let texts: [(PlaceFault, String)] = [
      (.file(.malformed), "it is no ELF file, or a damaged one"),
      (.file(.otherMachine), "it is for another processor than x86-64"),
      (.file(.noSymbols), "it has no names of functions"), (.missing("SSL_free"), "it has no SSL_free"),
      (.unknownCode("SSL_free", [0x0f, 0xa0]), "SSL_free begins with code that is not known: 0f a0"),
    ]
    for (fault, text) in texts { #expect(fault.description == text) }
  }
}

extension ELFBuilder {
  /// A file with one function of this name, which returns.
  static func with(_ name: String) -> ELFBuilder {
    var file = ELFBuilder()
    file.add(name, [0xc3])
    return file
  }
}
