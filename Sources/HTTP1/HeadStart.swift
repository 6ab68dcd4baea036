// SPDX-License-Identifier: Apache-2.0

import System

/// The test that decides whether a payload starts a message: the same as the kernel's filter makes
/// (`bpf/http_start.h`); one table of payloads tests both.
package enum HeadStart {
  /// The beginning of a payload.
  package enum Verdict: Sendable {
    case request
    case response
    /// All of the payload is a proper prefix of a method and its space, or of `HTTP/`.
    case requestPrefix, responsePrefix
    /// The connection preface of HTTP/2 (RFC 9113, section 3.4).
    case http2
    case none
  }

  /// Bytes that are looked at.
  static let longest = 24
  /// Bytes of empty lines that may come before the start.
  static let longestEmpty = 4

  package static func verdict(_ bytes: RawSpan) -> Verdict {
    if bytes.byteCount >= 5 {
      // What begins almost every message, first.
      let word = bytes.big32(0)
      if word == WireWord.http, bytes.byte(4) == UInt8(ascii: "/") { return .response }
      if word == WireWord.get { return .request }
    }
    guard bytes.byteCount > 0 else { return .none }
    // All methods and "HTTP/" begin with a capital letter; most payloads do not.
    if isCapital(bytes.byte(0)) { return begin(bytes, limit: longest) }
    // Old clients send empty lines between two requests (RFC 9112, section 2.2).
    var offset = 0
    while offset < min(longestEmpty, bytes.byteCount &- 1), isLineEnd(bytes.byte(offset)) { offset &+= 1 }
    guard offset > 0, isCapital(bytes.byte(offset)) else { return .none }
    return begin(bytes.slice(offset, bytes.byteCount), limit: longest &- offset)
  }

  @inline(__always)
  private static func isCapital(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
  }

  @inline(__always)
  private static func isLineEnd(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
  }

  private static func begin(_ bytes: RawSpan, limit longest: Int) -> Verdict {
    let count = bytes.byteCount
    if StartLine.isVersionStart(bytes, 0, count) { return .response }
    if count >= 4, bytes.big32(0) == WireWord.get { return .request }
    let limit = min(count, longest)
    var space = 1
    while space < limit, bytes.byte(space) != UInt8(ascii: " ") { space &+= 1 }
    if space < limit {
      if Method.named(bytes, 0, space) != .other { return .request }
      if isHTTP2(bytes) { return .http2 }
      let isPath = space &+ 1 < limit && bytes.byte(space &+ 1) == UInt8(ascii: "/")
      return isPath && isName(bytes, space) ? .request : .none
    }
    return count < longest ? prefix(bytes) : .none
  }

  /// Whether `count` bytes may be a method that is in no list (RFC 9110, section 9.1): capitals, hyphens and low lines.
  private static func isName(_ bytes: RawSpan, _ count: Int) -> Bool {
    guard count >= 3 else { return false }
    for index in 0..<count {
      let byte = bytes.byte(index)
      guard
        isCapital(byte) || byte == UInt8(ascii: "-") && index > 0 || byte == UInt8(ascii: "_") && index > 2
      else {
        return false
      }
    }
    return true
  }

  /// The preface, as far as the bytes reach.
  private static func isHTTP2(_ bytes: RawSpan) -> Bool {
    let preface: StaticString = "PRI * HTTP/2.0\r\n"
    let count = min(bytes.byteCount, preface.utf8CodeUnitCount)
    for index in 0..<count where unsafe preface.utf8Start[index] != bytes.byte(index) { return false }
    return true
  }

  /// The bytes hold no space, so a method itself is a proper prefix of what it needs.
  private static func prefix(_ bytes: RawSpan) -> Verdict {
    // A lone "H" is a request's until more is seen: "HEAD " begins like that as well.
    if bytes.byteCount > 1, bytes.byteCount < 5, begins("HTTP/", with: bytes) { return .responsePrefix }
    for method in Method.allCases where method != .other && begins(method.token, with: bytes) {
      return .requestPrefix
    }
    return isHTTP2(bytes) ? .http2 : .none
  }

  private static func begins(_ name: StaticString, with bytes: RawSpan) -> Bool {
    guard bytes.byteCount <= name.utf8CodeUnitCount else { return false }
    for index in 0..<bytes.byteCount where unsafe name.utf8Start[index] != bytes.byte(index) {
      return false
    }
    return true
  }
}
