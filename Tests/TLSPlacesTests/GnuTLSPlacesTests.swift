// SPDX-License-Identifier: Apache-2.0
import ELFBuilder
import Testing

@testable import TLSPlaces

/// Where GnuTLS is attached to: by its code, which is that of the builds of Debian 11 to 13.
struct GnuTLSPlacesTests {
  @Test(arguments: [false, true], [false, true])
  func `each function has its place, after a landing as well`(hasLanding: Bool, isOld: Bool) throws {
    let bytes = ELFBuilder.gnuTLS(hasLanding: hasLanding, isOld: isOld).bytes
    let places = try GnuTLSPlaces.find(in: ELFFile(bytes))
    #expect(places.map(\.function) == [.receive, .send, .handshake, .free])
    #expect(places.map { bytes[Int($0.offset)] } == [isOld ? 0x80 : 0x48, isOld ? 0x53 : 0x41, 0x41, 0x0f])
  }

  @Test func `code that is in no pattern is named and not attached to`() {
    var file = ELFBuilder()
    // mov %rsi,%rdx.
    file.add("gnutls_record_recv", [0x48, 0x89, 0xf2])
    #expect(throws: PlaceFault.unknownCode("gnutls_record_recv", [0x48, 0x89, 0xf2])) {
      try GnuTLSPlaces.find(in: ELFFile(file.bytes))
    }
    #expect(throws: PlaceFault.missing("gnutls_record_recv")) {
      try GnuTLSPlaces.find(in: ELFFile(ELFBuilder.openSSL().bytes))
    }
  }

  @Test(arguments: [[0x48, 0x83], [0x80], [], [0x45, 0x31, 0xc0]] as [[UInt8]])
  func `a function begins in no other way`(code: [UInt8]) {
    #expect(CodePattern.beginning(code) == nil)
  }
}
