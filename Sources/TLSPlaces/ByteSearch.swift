// SPDX-License-Identifier: Apache-2.0
internal import CSearch

/// The search for a short text in many bytes, by the C library's own.
enum ByteSearch {
  /// Places that are found at most: a table of names has a name once, or few times as the end of others.
  private static let most = 4_096

  /// Where in `bytes` the text begins, in order.
  static func places(of text: [UInt8], in bytes: [UInt8]) -> [Int] {
    var places: [Int] = []
    var start = 0
    while places.count < most, let place = first(text, in: bytes, start..<bytes.count) {
      places.append(place)
      start = place + 1
    }
    return places
  }

  /// Where the text first begins.
  static func first(_ text: [UInt8], in bytes: [UInt8]) -> Int? { first(text, in: bytes, 0..<bytes.count) }

  /// Where the text first lies within a range of `bytes`; nil for an empty one, and for a range that is not all there.
  static func first(_ text: [UInt8], in bytes: [UInt8], _ range: Range<Int>) -> Int? {
    guard !text.isEmpty, !range.isEmpty, range.lowerBound >= 0, range.upperBound <= bytes.count else {
      return nil
    }
    let place = unsafe bytes.withUnsafeBytes { all in
      // The range's bytes, whose number bounds the search.
      let part = unsafe UnsafeRawBufferPointer(rebasing: all[range])
      return unsafe wt_search_first(part.baseAddress, part.count, text, text.count)
    }
    return place < 0 ? nil : range.lowerBound + place
  }
}
