// SPDX-License-Identifier: Apache-2.0

import HTTP2
import System

/// Header blocks of a browser's request, eight fields each, as an encoder sends them: the first one on a connection, and
/// one of those after it.
struct BlockTraffic {
  static let fields = 8

  /// All fields in Huffman's code and inserted into the table (156 bytes).
  static let first = bytes(
    """
    8287418944e7ad72f91d35d05f448560c92d2c077ab9d07f66a281b0dae053fafc087ed4ce6aadf2a7979c89c6bfb521aeba0bc8b1e6
    32586d975765c52f4f61e92b011014dc394761986d975765cf5397497ca589d34d1f43aeba0c41a4c7a98f33a69a3fdf9a68508d9bd9
    abfa5242cb40d25fa523b360a341a48001132d36e3af3e38c921650044cb4db8ebcf8e3248597ed44ce5a4b0483b3aff
    """)
  /// All fields in the tables but the path, which is in Huffman's code and not inserted (14 bytes).
  static let later = bytes("8287c3048560c92d2c07c1c0bfbe")

  private let decoder = HeaderDecoder(joinedLate: false)
  private let list = HeaderList()

  init?() {
    guard decode(Self.first) else { return nil }
  }

  /// The number of blocks that were read, of 1,000.
  func read(_ block: [UInt8]) -> Int {
    var done = 0
    for _ in 0..<1_000 where decode(block) { done += 1 }
    return done
  }

  private func decode(_ block: [UInt8]) -> Bool {
    do { try decoder.decode(block.rawSpan, into: list) } catch { return false }
    return list.total == Self.fields && list.unknowns == 0
  }

  private static func bytes(_ text: String) -> [UInt8] {
    let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
  }
}
