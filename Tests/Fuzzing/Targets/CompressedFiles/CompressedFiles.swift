// SPDX-License-Identifier: Apache-2.0

import Decompression
import Randomness
import Support
import System

/// Any bytes as a compressed file: decoding ends, and gives the same however it is cut into pieces.
///
/// An input's first byte is the size of a piece.
enum CompressedFiles: FuzzTarget {
  /// Four requests, as each program compresses them.
  private static let files: [[UInt8]] = [
    // gzip
    [
      31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 115, 119, 13, 81, 208, 47, 206, 200, 47, 80, 240, 8, 9, 9, 208, 55,
      212, 51, 228, 229, 242, 200, 47, 46, 177, 82, 0, 9, 234, 165, 86, 36, 230, 22, 228, 164, 242, 114,
      241, 114, 185, 15, 168, 74, 0, 133, 245, 232, 13, 168, 0, 0, 0,
    ],
    // bzip2
    [
      66, 90, 104, 57, 49, 65, 89, 38, 83, 89, 151, 23, 178, 138, 0, 0, 35, 223, 128, 0, 18, 64, 1, 160, 16,
      2, 192, 68, 0, 34, 70, 204, 64, 32, 0, 112, 81, 163, 32, 104, 211, 35, 64, 170, 166, 128, 52, 122, 67,
      76, 146, 48, 131, 19, 83, 162, 167, 6, 70, 36, 27, 156, 19, 44, 65, 51, 66, 68, 200, 36, 80, 185, 82,
      101, 196, 21, 62, 27, 23, 23, 60, 40, 100, 110, 88, 252, 93, 201, 20, 225, 66, 66, 92, 94, 202, 40,
    ],
    // xz
    [
      253, 55, 122, 88, 90, 0, 0, 4, 230, 214, 180, 70, 2, 0, 33, 1, 22, 0, 0, 0, 116, 47, 229, 163, 224, 0,
      167, 0, 48, 93, 0, 35, 145, 70, 203, 43, 152, 117, 125, 230, 127, 98, 136, 90, 220, 13, 62, 244, 94,
      119, 174, 213, 45, 207, 70, 149, 41, 123, 84, 160, 59, 250, 162, 88, 183, 224, 40, 238, 84, 112, 237,
      133, 63, 69, 1, 151, 236, 0, 0, 0, 148, 109, 181, 247, 185, 226, 32, 83, 0, 1, 76, 168, 1, 0, 0, 0,
      248, 173, 36, 67, 177, 196, 103, 251, 2, 0, 0, 0, 0, 4, 89, 90,
    ],
    // zstd
    [
      40, 181, 47, 253, 4, 88, 149, 1, 0, 164, 2, 71, 69, 84, 32, 47, 115, 104, 111, 112, 32, 72, 84, 84,
      80, 47, 49, 46, 49, 13, 10, 72, 111, 115, 116, 58, 32, 115, 104, 111, 112, 46, 101, 120, 97, 109, 112,
      108, 101, 13, 10, 13, 10, 1, 0, 218, 45, 85, 101, 226, 157, 191, 172,
    ],
  ]

  static func seeds(_ random: inout SeededGenerator) -> [[UInt8]] {
    (0..<160).map { index in
      var file = files[index % 4]
      if index % 3 == 1 { file += [0, 0] + file }
      if index % 5 == 1 { file.removeLast(Int.random(in: 0..<file.count, using: &random)) }
      if index % 7 == 1 {
        file[Int.random(in: 6..<max(7, file.count), using: &random) % max(1, file.count)] ^= 4
      }
      return [UInt8.random(in: .min ... .max, using: &random)] + file
    }
  }

  static func test(_ input: RawSpan) {
    guard input.byteCount > 1 else { return }
    let file = input.slice(1, input.byteCount).array
    guard let format = CompressionFormat(beginning: file.rawSpan) else { return }
    let whole = decode(file, format, pieces: file.count),
      parts = decode(file, format, pieces: 1 + Int(input.byte(0)))
    // What comes before damage depends on how much is decoded in one go.
    if whole.fault != nil || parts.fault != nil { return }
    expect(
      whole.count == parts.count && whole.sum == parts.sum,
      "the pieces make no difference: \(whole), \(parts)")
  }

  /// The number of bytes decoded up to the end or a fault, and their sum.
  private static func decode(
    _ file: [UInt8], _ format: CompressionFormat, pieces: Int
  ) -> (count: Int, sum: UInt64, fault: Decompressor.Fault?) {
    let decompressor = Decompressor(format, memory: 16 << 20)
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var place = 0, count = 0, sum: UInt64 = 0
    // Enough for what 4 KiB can hold of any format.
    while count < 64 << 20 {
      let piece = Array(file[place..<min(place + pieces, file.count)])
      var output = buffer.mutableSpan
      // Any bytes are numbers of eight bits.
      var span = unsafe output.mutableBytes
      let step = decompressor.decode(piece.rawSpan, into: &span)
      expect(step.consumed <= piece.count && step.produced <= buffer.count, "no more than there is: \(step)")
      for byte in buffer[..<step.produced] { sum = sum &* 31 &+ UInt64(byte) }
      count += step.produced
      place += step.consumed
      if step.fault != nil || (step.consumed == 0 && step.produced == 0) { return (count, sum, step.fault) }
    }
    return (count, sum, nil)
  }
}

@_cdecl("LLVMFuzzerInitialize")
public func begin(_ count: UnsafeMutablePointer<CInt>?, _ arguments: OpaquePointer?) -> CInt {
  CompressedFiles.begin()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe CompressedFiles.run(bytes, count)
}
