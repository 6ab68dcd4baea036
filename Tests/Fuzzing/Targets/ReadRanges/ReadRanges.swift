// SPDX-License-Identifier: Apache-2.0

@testable import Exchanges
import Randomness
import Support

/// The ranges that were read of a direction, against a plain list of bytes: what was added is contained, and as
/// long as no more than four ranges are needed, nothing else is.
enum ReadRanges: FuzzTarget {
  private static let size = 4_096

  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<100).map { _ in
      (0..<Int.random(in: 6..<120, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
  }

  static func test(_ input: RawSpan) {
    var script = Script(input)
    let base = [0, 0xffff_f800, 0x7fff_f800, 1_000][script.below(4)] as UInt32
    var received = ReceivedRanges()
    var plain = [Bool](repeating: false, count: size)
    var isExact = true
    if script.flag() {
      received.add(base &- 1, base)
      received.setFloor()
    } else {
      // A first range, so that there is something to compare with.
      received.add(base &- 1, base)
    }
    while !script.isOver {
      let start = script.below(size - 1), end = start + 1 + script.below(size - start)
      if script.byte() & 3 == 0 {
        let isRead = plain[start..<end].allSatisfy { $0 }
        let answer = received.contains(base &+ UInt32(start), base &+ UInt32(end))
        expect(!isRead || answer, "what was read is contained: \(start)..<\(end)")
        if isExact { expect(isRead == answer, "what was not read is not contained: \(start)..<\(end)") }
      } else {
        let short = script.flag() ? end : min(end, start + 40)
        received.add(base &+ UInt32(start), base &+ UInt32(short))
        for index in start..<short { plain[index] = true }
        // Beyond four ranges the oldest gap counts as read.
        var ranges = 1
        for index in 1..<size where plain[index] && !plain[index - 1] { ranges += 1 }
        if ranges > 4 { isExact = false }
        expect(received.count >= 1 && received.count <= 4, "four ranges at most")
      }
    }
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  ReadRanges.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt { unsafe ReadRanges.run(bytes, count) }
