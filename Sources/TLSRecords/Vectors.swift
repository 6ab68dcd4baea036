// SPDX-License-Identifier: Apache-2.0

import System

/// Vectors (RFC 8446, section 3.4): bytes after their number.
extension ByteReader {
  /// The place of the next vector, whose length has `width` bytes; nil when it is not there.
  mutating func vector(_ bytes: RawSpan, _ width: Int) -> Range<Int>? {
    guard let count = number(bytes, width) else { return nil }
    return skip(count)
  }

  /// The place of what is there of the next vector, whose end may be missing; nil when its length is.
  mutating func beginning(_ bytes: RawSpan, _ width: Int) -> Range<Int>? {
    guard let count = number(bytes, width) else { return nil }
    return skip(min(count, end - offset))
  }
}
