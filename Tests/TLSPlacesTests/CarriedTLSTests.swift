// SPDX-License-Identifier: Apache-2.0
import ELFBuilder
import Testing

@testable import TLSPlaces

/// What speaks TLS in a file of any name.
struct CarriedTLSTests {
  private static func kind(_ bytes: [UInt8], isThorough: Bool = true) throws -> TLSLibrary.Kind? {
    CarriedTLS.kind(of: try ELFFile(bytes), isThorough: isThorough)
  }

  /// A program with these constants and no names.
  private static func stripped(_ constants: String) -> [UInt8] {
    var file = ELFBuilder.with("")
    file.sections = [(".rodata", Array(constants.utf8))]
    return file.bytes
  }

  @Test func `OpenSSL is known by its names, and BoringSSL by those that it lacks`() throws {
    var file = ELFBuilder.openSSL()
    #expect(try Self.kind(file.bytes) == nil)
    for name in ["SSL_read", "SSL_write"] { file.add(name, [0x55]) }
    #expect(try Self.kind(file.bytes) == .openSSL)
    file = ELFBuilder.with("SSL_read")
    file.add("SSL_write", [0xc3])
    #expect(try Self.kind(file.bytes) == .boringSSL)
  }

  @Test func `Go is known by its table`() throws {
    #expect(try Self.kind(GoBuilder.program().bytes, isThorough: false) == .go)
    var other = GoBuilder()
    other.addOrdinary("main.main")
    #expect(try Self.kind(other.bytes) == nil)
  }

  @Test func `what has no names is known by the sources that its messages name, where one looks`() throws {
    let grpc = Self.stripped("third_party/boringssl-with-bazel/src/ssl/ssl_lib.cc\0")
    #expect(try Self.kind(grpc) == .boringSSL && Self.kind(grpc, isThorough: false) == nil)
    #expect(try Self.kind(Self.stripped("/registry/src/rustls-0.23.4/src/conn.rs")) == .rustls)
    #expect(try Self.kind(Self.stripped("hello")) == nil)
  }

  @Test func `a kind that cannot be read says why, and has no places`() {
    for kind in TLSLibrary.Kind.allCases {
      let library = TLSLibrary(kind: kind, path: "/x", identity: .init(device: 0, inode: 0))
      if kind.limit != nil {
        #expect(throws: PlaceFault.kind(kind)) { try library.places(in: ELFBuilder.openSSL().bytes) }
        #expect(PlaceFault.kind(kind).description == kind.limit)
      }
    }
    #expect(TLSLibrary.Kind(name: "libjvm.so") == .java)
  }
}
