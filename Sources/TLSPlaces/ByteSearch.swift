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
    while places.count < most, let place = first(text, in: bytes, from: start) {
      places.append(place)
      start = place + 1
    }
    return places
  }

  /// Where the text first begins at `start` or later.
  static func first(_ text: [UInt8], in bytes: [UInt8], from start: Int = 0) -> Int? {
    guard !text.isEmpty, start < bytes.count else { return nil }
    let place = unsafe bytes.withUnsafeBytes { all in
      // The bytes from `start` on, whose number bounds the search.
      let rest = unsafe UnsafeRawBufferPointer(rebasing: all[start...])
      return unsafe wt_search_first(rest.baseAddress, rest.count, text, text.count)
    }
    return place < 0 ? nil : start + place
  }
}
