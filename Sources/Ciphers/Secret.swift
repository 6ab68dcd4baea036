// SPDX-License-Identifier: Apache-2.0

import CCrypto
import System

/// Secret bytes: overwritten when nobody holds them any longer, and shown by nothing that prints values.
@safe
package final class Secret: CustomStringConvertible, CustomReflectable {
  /// The number of bytes.
  package let count: Int
  // Owned by this object: `count` bytes, written before any other code sees it, and only read afterwards.
  private let memory: UnsafeMutableRawPointer

  /// Makes a secret of `count` bytes, which `fill` writes.
  init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    self.count = count
    unsafe memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 8)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: count)
    // In bounds: `count` bytes were allocated.
    unsafe fill(UnsafeMutableRawBufferPointer(start: memory, count: count))
  }

  package convenience init(copying bytes: RawSpan) {
    // In bounds: the buffer has as many bytes.
    unsafe self.init(count: bytes.byteCount) { buffer in
      for index in 0..<bytes.byteCount { unsafe buffer[index] = bytes.byte(index) }
    }
  }

  /// Reads pairs of hexadecimal digits; nil for anything else, and for none.
  package static func reading(hex digits: RawSpan) -> Secret? {
    let count = digits.byteCount / 2
    guard digits.byteCount > 0, digits.byteCount % 2 == 0 else { return nil }
    var isHex = true
    // In bounds: the buffer has a byte for each pair of digits.
    let secret = unsafe Secret(count: count) { buffer in
      for index in 0..<count {
        guard let high = HexDigit.value(digits.byte(2 * index)),
          let low = HexDigit.value(digits.byte(2 * index + 1))
        else {
          isHex = false
          return
        }
        unsafe buffer[index] = high << 4 | low
      }
    }
    return isHex ? secret : nil
  }

  deinit {
    // The allocation is as long as that.
    unsafe wt_wipe(memory, count)
    unsafe memory.deallocate()
  }

  /// The bytes, as long as the secret lives.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      let span = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(memory), byteCount: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  package var description: String { "a secret of \(count) bytes" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Hexadecimal digits.
package enum HexDigit {
  /// The value of a digit in either case; nil for any other byte.
  package static func value(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
