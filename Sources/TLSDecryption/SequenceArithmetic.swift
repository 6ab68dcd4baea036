// SPDX-License-Identifier: Apache-2.0

/// Arithmetic on TCP's sequence numbers, which wrap.
enum SequenceArithmetic {
  /// Bytes from one number to another one, below 0 when it lies before.
  @inline(__always)
  static func distance(_ sequence: UInt32, from other: UInt32) -> Int {
    Int(Int32(bitPattern: sequence &- other))
  }
}
