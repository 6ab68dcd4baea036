// SPDX-License-Identifier: Apache-2.0

import System

extension Method {
  /// The method whose token stands in `bytes` from `start` up to `end`; case counts.
  package static func named(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Method {
    let count = end &- start
    // The two most frequent ones first, without a search.
    if count == 3, bytes.byte(start) == UInt8(ascii: "G"), bytes.byte(start &+ 1) == UInt8(ascii: "E"),
      bytes.byte(start &+ 2) == UInt8(ascii: "T")
    {
      return .get
    }
    if count == 4, bytes.big32(start) == WireWord.post { return .post }
    guard count > 0, count <= 17 else { return .other }
    return slowNamed(bytes.slice(start, end))
  }

  private static func slowNamed(_ token: RawSpan) -> Method {
    for method in Method.allCases where method != .other {
      if matches(token, method.token) { return method }
    }
    return .other
  }

  private static func matches(_ token: RawSpan, _ name: StaticString) -> Bool {
    guard name.utf8CodeUnitCount == token.byteCount else { return false }
    for index in 0..<token.byteCount where unsafe name.utf8Start[index] != token.byte(index) {
      return false
    }
    return true
  }
}
