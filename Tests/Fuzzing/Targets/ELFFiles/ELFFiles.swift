// SPDX-License-Identifier: Apache-2.0

import ELFBuilder
import Randomness
import Support
import TLSPlaces

/// Libraries as places: whatever a file says, the places are within it and are instructions that may be probed.
enum ELFFiles: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    var seeds = [false, true].flatMap { hasLanding in
      [false, true].flatMap {
        [
          ELFBuilder.openSSL(hasLanding: hasLanding, hasFlags: $0).bytes,
          ELFBuilder.gnuTLS(hasLanding: hasLanding, isOld: $0).bytes,
        ]
      }
    }
    for isOld in [false, true] {
      var builder = GoBuilder.program()
      if isOld { builder.version = 0xffff_fff0 }
      seeds.append(builder.bytes)
    }
    let whole = seeds
    for index in 0..<60 {
      var bytes = whole[index % whole.count]
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
      }
      seeds.append(bytes)
    }
    return seeds
  }

  static func test(_ input: RawSpan) {
    let bytes = input.array
    for kind in [TLSLibrary.Kind.openSSL, .gnuTLS, .go] { test(kind, bytes) }
  }

  private static func test(_ kind: TLSLibrary.Kind, _ bytes: [UInt8]) {
    let library = TLSLibrary(kind: kind, path: "/lib", identity: .init(device: 0, inode: 0))
    guard let places = try? library.places(in: bytes) else { return }
    expect(places.count >= 4, "a library has all places or none")
    if kind == .go { expect(places.allSatisfy { !$0.function.hasReturnProbe }, "Go's returns have no probe") }
    for place in places {
      guard place.offset < UInt64(bytes.count) else { return expect(false, "a place is within the file") }
      let first = bytes[Int(place.offset)]
      let isPush = (0x50...0x57).contains(first) || first == 0x41
      let isJump = first == 0x74 || first == 0x0f
      // sub $n,%rsp and cmpb $n,d(%rdi).
      let isBeginning = isPush || first == 0x48 || first == 0x80
      switch place.function {
      case .free: expect(isJump || isPush, "a place is an instruction that is emulated")
      case .receive, .send: expect(isBeginning, "a place is a function's beginning")
      case .goRead, .goWrite, .goHandshake, .goClose:
        expect(place.isEnd ? first == 0xc3 : first == 0x76 || first == 0x0f, "a place is a jump or an end")
      default: expect(isPush, "a place is an instruction that is emulated")
      }
    }
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  ELFFiles.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt { unsafe ELFFiles.run(bytes, count) }
