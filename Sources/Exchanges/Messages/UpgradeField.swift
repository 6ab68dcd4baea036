// SPDX-License-Identifier: Apache-2.0

import System

/// The value of the field `Upgrade`.
enum UpgradeField {
  private static let name = Array("upgrade:".utf8), value = Array("h2c".utf8)

  /// Whether a head that ends before `end` says `Upgrade: h2c`.
  static func isHTTP2(_ bytes: RawSpan, end: Int) -> Bool {
    var line = 0
    while line < end {
      var feed = line
      while feed < end, bytes.byte(feed) != 0x0a { feed += 1 }
      if matches(bytes, line, feed, name) {
        var start = line + name.count
        while start < feed, bytes.byte(start) == 0x20 || bytes.byte(start) == 0x09 { start += 1 }
        if matches(bytes, start, feed, value) { return true }
      }
      line = feed + 1
    }
    return false
  }

  /// Whether the bytes from `start` on begin with lower-case letters, in either case.
  private static func matches(_ bytes: RawSpan, _ start: Int, _ end: Int, _ text: [UInt8]) -> Bool {
    guard end - start >= text.count else { return false }
    for (offset, byte) in text.enumerated() {
      let found = bytes.byte(start + offset)
      guard found == byte || (found >= 0x41 && found <= 0x5a && found | 0x20 == byte) else { return false }
    }
    return true
  }
}
