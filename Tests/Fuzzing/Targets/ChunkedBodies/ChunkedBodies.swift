// SPDX-License-Identifier: Apache-2.0

import HTTP1
import System
import Randomness
import Support

/// Chunked bodies: however they are cut, they end where the slow reference says.
enum ChunkedBodies: FuzzTarget {
  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<200).map { _ in [UInt8.random(in: 0...255, using: &random)] + Messages.chunks(&random) }
  }

  static func test(_ input: RawSpan) {
    guard input.byteCount > 1 else { return }
    let bytes = input.slice(1, input.byteCount)
    var whole = ChunkedBody()
    let progress = whole.consume(bytes, from: 0)
    expect(progress == plain(bytes.array), "the references agree: \(progress)")
    let step = Int(input.byte(0)) % 17 + 1
    var body = ChunkedBody()
    var offset = 0
    while offset < bytes.byteCount {
      let end = min(offset + step, bytes.byteCount)
      // What was not captured of a chunk's data changes nothing.
      let isSkipped = body.chunkRemaining >= UInt64(end - offset) && offset % 3 == 0
      if isSkipped {
        expect(body.skip(UInt64(end - offset)), "data can be skipped")
      } else {
        switch body.consume(bytes.slice(offset, end), from: 0) {
        case .needsMore: break
        case .ended(let count):
          expect(progress == .ended(offset + count), "parts end where the whole does")
          return
        case .broken:
          expect(progress == .broken, "parts break where the whole does")
          return
        }
      }
      offset = end
    }
    expect(progress == .needsMore && body == whole, "parts leave what the whole leaves")
    let isEndless = body.chunkRemaining == .max
    expect(body.skip(.max) == isEndless, "no chunk is endless but one of 2^64 bytes and more")
  }

  /// RFC 9112, section 7.1, on all the bytes at once.
  private static func plain(_ bytes: [UInt8]) -> ChunkedBody.Progress {
    var offset = 0
    func hexadecimal(_ byte: UInt8) -> UInt64? { UInt64(String(UnicodeScalar(byte)), radix: 16) }
    while true {
      var size: UInt64 = 0, digits = 0
      while offset < bytes.count, let digit = hexadecimal(bytes[offset]) {
        size = size < 1 << 60 ? size * 16 + digit : .max
        digits += 1
        offset += 1
      }
      guard offset < bytes.count else { return .needsMore }
      guard digits > 0, [10, 13, 32, 9, 59].contains(bytes[offset]) else { return .broken }
      guard let feed = bytes[offset...].firstIndex(of: 10) else { return .needsMore }
      offset = feed + 1
      if size == 0 { break }
      guard UInt64(bytes.count - offset) >= size else { return .needsMore }
      offset += Int(size)
      while offset < bytes.count, bytes[offset] == 13 { offset += 1 }
      guard offset < bytes.count else { return .needsMore }
      guard bytes[offset] == 10 else { return .broken }
      offset += 1
    }
    while let feed = bytes[offset...].firstIndex(of: 10) {
      let line = bytes[offset..<feed]
      offset = feed + 1
      if line.isEmpty || Array(line) == [13] { return .ended(offset) }
    }
    return .needsMore
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  ChunkedBodies.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe ChunkedBodies.run(bytes, count)
}
