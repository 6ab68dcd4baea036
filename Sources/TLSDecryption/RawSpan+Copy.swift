// SPDX-License-Identifier: Apache-2.0

extension RawSpan {
  /// The bytes as an array of their own.
  var copied: [UInt8] {
    // Bytes have no invalid patterns, and the array is made before the borrow ends.
    unsafe withUnsafeBytes { bytes in unsafe [UInt8](bytes) }
  }
}

extension Array where Element == UInt8 {
  /// Appends borrowed bytes.
  mutating func append(_ bytes: RawSpan) {
    // As above.
    unsafe bytes.withUnsafeBytes { bytes in unsafe append(contentsOf: bytes) }
  }
}
