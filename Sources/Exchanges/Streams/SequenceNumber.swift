// SPDX-License-Identifier: Apache-2.0

/// Serial arithmetic on TCP sequence numbers (RFC 9293, section 3.4; RFC 1982): they wrap.
package enum SequenceNumber {
  /// The distance of `a` after `b`, -2^31 to 2^31 - 1; positive when `a` comes later.
  @inlinable @inline(__always)
  package static func distance(_ a: UInt32, from b: UInt32) -> Int32 {
    Int32(bitPattern: a &- b)
  }
}
