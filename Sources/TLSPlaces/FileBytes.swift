// SPDX-License-Identifier: Apache-2.0

/// The bytes of a file, read by parts: a program of 100 MB is not read whole for its table of names.
package protocol FileBytes: Sendable {
  /// The number of bytes.
  var count: Int { get }

  /// The bytes of a range within the file; nil when they cannot be read.
  func read(_ range: Range<Int>) -> [UInt8]?

  /// Reads the bytes of a range within the file to the beginning of `bytes`; false when they cannot be read, or are more.
  func read(_ range: Range<Int>, into bytes: inout [UInt8]) -> Bool
}

/// A file that is in memory.
extension [UInt8]: FileBytes {
  package func read(_ range: Range<Int>) -> [UInt8]? {
    range.lowerBound >= 0 && range.upperBound <= count ? Array(self[range]) : nil
  }

  package func read(_ range: Range<Int>, into bytes: inout [UInt8]) -> Bool {
    guard range.lowerBound >= 0, range.upperBound <= count, range.count <= bytes.count else { return false }
    bytes.replaceSubrange(..<range.count, with: self[range])
    return true
  }
}

/// Numbers in bytes, least significant first.
struct NumberTable {
  let bytes: [UInt8]

  /// The number of `count` bytes at `offset`; nil beyond the end.
  func number(_ offset: Int, _ count: Int) -> UInt64? {
    guard offset >= 0, offset <= bytes.count - count else { return nil }
    var number: UInt64 = 0
    for index in stride(from: count - 1, through: 0, by: -1) {
      number = number << 8 | UInt64(bytes[offset + index])
    }
    return number
  }
}
