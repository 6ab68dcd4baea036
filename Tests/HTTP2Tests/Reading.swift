// SPDX-License-Identifier: Apache-2.0
import HTTP2

extension Array where Element == UInt8 {
  /// The array's bytes, borrowed.
  var wire: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // Bytes have no padding and no invalid patterns; the span lives no longer than the borrow.
      unsafe _overrideLifetime(span.bytes, borrowing: self)
    }
  }

  /// The bytes of hexadecimal digits, white space apart.
  init(hex: String) {
    let digits = hex.compactMap { $0.hexDigitValue.map { UInt8($0) } }
    self = stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  var text: String { String(decoding: self, as: UTF8.self) }
}

extension RawSpan {
  /// The bytes, copied.
  var array: [UInt8] {
    // Copied out before the borrow ends.
    unsafe withUnsafeBytes { unsafe Array($0) }
  }
}

extension HeaderDecoder {
  /// Decodes a block into a list; whether it was accepted.
  func accepts(_ block: [UInt8], into list: HeaderList) -> Bool {
    do {
      try decode(block.wire, into: list)
      return true
    } catch {
      return false
    }
  }
}

extension HeaderList {
  /// The value of a name as text; nil when it is absent or unknown.
  func text(_ name: FieldName) -> String? {
    guard case .field(let index) = find(name) else { return nil }
    return value(at: index).array.text
  }
}
