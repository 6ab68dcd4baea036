// SPDX-License-Identifier: Apache-2.0

import CExpressions

/// A regular expression of RE2, for names off the wire: whatever they are, matching takes time in proportion to their length.
///
/// The only file that calls the C side.
@safe
package final class RegularExpression: @unchecked Sendable {
  /// The fault of a text that is no expression.
  package struct Fault: Error, Equatable, Sendable {
    /// In RE2's words: `missing ): (api`.
    package let reason: String
    package init(reason: String) { self.reason = reason }
  }

  /// Bytes of the longest one.
  package static let longest = 256

  /// As it was written.
  package let text: String
  // Never changed after it was made, and any thread may match by it (RE2's promise); freed with the object.
  private let compiled: OpaquePointer

  package init(_ text: String, ignoresCase: Bool = false) throws(Fault) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.longest else { throw Fault(reason: "more than \(Self.longest) bytes") }
    var fault = [UInt8](repeating: 0, count: 200)
    // Both buffers live through the call, which keeps neither and ends the fault's text within its room.
    let made = unsafe bytes.withUnsafeBytes { bytes in
      unsafe fault.withUnsafeMutableBytes { fault in
        unsafe wt_expression_make(
          bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, ignoresCase ? 1 : 0,
          fault.baseAddress?.assumingMemoryBound(to: CChar.self), fault.count)
      }
    }
    guard let made = unsafe made else {
      throw Fault(reason: String(decoding: fault.prefix { $0 != 0 }, as: UTF8.self))
    }
    (self.text, unsafe compiled) = (text, unsafe made)
  }

  deinit { unsafe wt_expression_free(compiled) }

  /// Whether a part of the text matches.
  package func matches(_ text: ArraySlice<UInt8>) -> Bool {
    // The bytes live through the call.
    unsafe text.withUnsafeBytes { bytes in
      unsafe wt_expression_matches(
        compiled, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count) != 0
    }
  }

  /// Whether a part of the bytes matches.
  package func matches(_ text: RawSpan) -> Bool {
    // The bytes live through the call.
    unsafe text.withUnsafeBytes { bytes in
      unsafe wt_expression_matches(
        compiled, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count) != 0
    }
  }

  package func matches(_ text: String) -> Bool { matches(Array(text.utf8)[...]) }
}
