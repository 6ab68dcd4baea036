// SPDX-License-Identifier: Apache-2.0

/// The test that decides whether a payload starts a message: the same as the kernel's filter makes
/// (`bpf/http_start.h`); one table of payloads tests both.
package enum HeadStart {
  /// How a payload begins.
  package enum Verdict: Sendable {
    case request
    case response
    /// All of the payload is a proper prefix of a method and its space, or of `HTTP/`.
    case prefix
    /// The connection preface of HTTP/2 (RFC 9113, section 3.4).
    case http2
    case none
  }

  /// Bytes of the longest method and its space.
  static let longest = 18

  package static func verdict(_ bytes: RawSpan) -> Verdict {
    let count = bytes.byteCount
    guard count > 0 else { return .none }
    let first = bytes.byte(0)
    // All methods and "HTTP/" begin with a capital letter; most payloads do not.
    guard first >= 0x41, first <= 0x5a else { return .none }
    if count >= 5, bytes.big32(0) == 0x4854_5450, bytes.byte(4) == 0x2f { return .response }
    if count >= 4, bytes.big32(0) == 0x4745_5420 { return .request }
    let limit = min(count, longest)
    var space = 1
    while space < limit, bytes.byte(space) != 0x20 { space &+= 1 }
    if space < limit {
      if Method.named(bytes, 0, space) != .other { return .request }
      return isHTTP2(bytes) ? .http2 : .none
    }
    return count < longest && isPrefix(bytes) ? .prefix : .none
  }

  private static func isHTTP2(_ bytes: RawSpan) -> Bool {
    bytes.byteCount >= 14 && bytes.big64(0) == 0x5052_4920_2a20_4854 && bytes.big32(8) == 0x5450_2f32
      && bytes.big16(12) == 0x2e30
  }

  /// The bytes hold no space, so a method itself is a proper prefix of what it needs.
  private static func isPrefix(_ bytes: RawSpan) -> Bool {
    if bytes.byteCount < 5, begins("HTTP/", with: bytes) { return true }
    for method in Method.allCases where method != .other && begins(method.token, with: bytes) {
      return true
    }
    return false
  }

  private static func begins(_ name: StaticString, with bytes: RawSpan) -> Bool {
    guard bytes.byteCount <= name.utf8CodeUnitCount else { return false }
    for index in 0..<bytes.byteCount where unsafe name.utf8Start[index] != bytes.byte(index) {
      return false
    }
    return true
  }
}
