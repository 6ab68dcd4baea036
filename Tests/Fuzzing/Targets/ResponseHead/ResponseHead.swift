// SPDX-License-Identifier: Apache-2.0

import System
import HeadChecks
import Randomness
import Support

/// Any bytes as a response's head, pipelined heads included: each is read as the reference reads it.
enum ResponseHead: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<500).map { _ in
      Messages.response(&random) + (Bool.random(using: &random) ? Messages.response(&random) : [])
    }
  }

  static func test(_ input: RawSpan) {
    var offset = 0
    while offset < input.byteCount {
      let (head, verdict) = HeadChecks.read(input.slice(offset, input.byteCount))
      guard verdict == .complete else { return }
      expect(head.length > 0, "a whole head has a length: reading continues")
      offset += head.length
    }
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  ResponseHead.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe ResponseHead.run(bytes, count)
}
