// SPDX-License-Identifier: Apache-2.0

import System

/// A seeded 64-bit hash of a short name: multiply and fold, eight bytes a step.
///
/// It is made for tables whose seed an attacker does not know; it is no cryptographic hash.
@usableFromInline
package enum NameHash {
  /// The hash of `bytes` under `seed`.
  package static func hash(_ bytes: RawSpan, seed: UInt64) -> UInt64 {
    hash(bytes, seed: seed) { $0 }
  }

  /// The hash of `bytes` with ASCII capitals as small letters.
  package static func hashInLowerCase(_ bytes: RawSpan, seed: UInt64) -> UInt64 {
    hash(bytes, seed: seed, lowerCase)
  }

  @inline(__always)
  private static func hash(_ bytes: RawSpan, seed: UInt64, _ change: (UInt64) -> UInt64) -> UInt64 {
    var state = seed ^ 0x9e37_79b9_7f4a_7c15
    let count = bytes.byteCount
    var offset = 0
    while offset &+ 8 <= count {
      state = fold(state ^ change(bytes.knownLittle64(offset)), 0xe703_7ed1_a0b4_28db)
      offset &+= 8
    }
    let tail = offset < count ? bytes.littleTail(count, count &- offset) : 0
    return fold(state ^ change(tail), 0xa076_1d64_78bd_642f ^ UInt64(truncatingIfNeeded: count))
  }

  /// Eight bytes with A to Z as a to z.
  @inline(__always)
  static func lowerCase(_ word: UInt64) -> UInt64 {
    let tops = ByteScan.repeated(0x80)
    let low = word & ~tops
    // The top bit of each byte: at least A, beyond Z, and ASCII at all.
    let capital =
      (low &+ ByteScan.repeated(0x80 - UInt8(ascii: "A")))
      ^ (low &+ ByteScan.repeated(0x80 - 1 - UInt8(ascii: "Z")))
    return word | ((capital & ~word & tops) >> 2)
  }

  /// Mixes two words into one: the halves of their 128-bit product, folded.
  @inlinable @inline(__always)
  package static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }
}
