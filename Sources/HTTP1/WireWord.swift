// SPDX-License-Identifier: Apache-2.0

import System

/// Texts of the wire as the numbers that `RawSpan` reads them as, so that one comparison finds them.
///
/// The texts are constants, so the compiler makes constants of the numbers.
@usableFromInline
package enum WireWord {
  /// What a status line and a version begin with.
  @inlinable package static var http: UInt32 {
    @inline(__always) get { big32("HTTP", 0) }
  }

  /// The most frequent method with the space after it.
  static var get: UInt32 {
    @inline(__always) get { big32("GET ", 0) }
  }

  /// What the preface of HTTP/2 begins with.
  @inlinable package static var preface: UInt32 {
    @inline(__always) get { big32("PRI ", 0) }
  }

  static var post: UInt32 {
    @inline(__always) get { big32("POST", 0) }
  }

  /// The version without its last digit, seven bytes.
  static var http1: UInt64 {
    @inline(__always) get { UInt64(big32("HTTP", 0)) << 24 | UInt64(big32("P/1.", 0) & 0xff_ffff) }
  }

  /// Four bytes of `text` from `offset` on as `RawSpan.big32` would load them.
  @inlinable @inline(__always)
  package static func big32(_ text: StaticString, _ offset: Int) -> UInt32 {
    // The callers' texts have these bytes.
    let start = unsafe text.utf8Start + offset
    return unsafe UInt32(start[0]) << 24 | UInt32(start[1]) << 16 | UInt32(start[2]) << 8 | UInt32(start[3])
  }

  /// Eight bytes of `text` from `offset` on as `RawSpan.little64` would load them.
  @inline(__always)
  static func little64(_ text: StaticString, _ offset: Int) -> UInt64 {
    UInt64(big32(text, offset).byteSwapped) | UInt64(big32(text, offset &+ 4).byteSwapped) << 32
  }
}
