// SPDX-License-Identifier: Apache-2.0

import System

/// Texts in which a `*` stands for any number of characters.
enum TextPattern {
  /// Whether a text is what the pattern says; in steps of the product of their lengths at most, without an allocation.
  static func matches(_ text: RawSpan, _ pattern: RawSpan) -> Bool {
    let star = UInt8(ascii: "*")
    var (at, index) = (0, 0)
    // Where to try again: after the last star, one character further into the text; -1 before the first.
    var (againAt, againIndex) = (-1, 0)
    while at < text.byteCount {
      if index < pattern.byteCount, pattern.byte(index) == star {
        index &+= 1
        (againAt, againIndex) = (at, index)
      } else if index < pattern.byteCount, pattern.byte(index) == text.byte(at) {
        at &+= 1
        index &+= 1
      } else if againAt >= 0 {
        againAt &+= 1
        (at, index) = (againAt, againIndex)
      } else {
        return false
      }
    }
    while index < pattern.byteCount, pattern.byte(index) == star { index &+= 1 }
    return index == pattern.byteCount
  }
}
