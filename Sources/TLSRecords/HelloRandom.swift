// SPDX-License-Identifier: Apache-2.0

import System

/// The 32 bytes of a hello that no other connection has.
package struct HelloRandom: Hashable, BitwiseCopyable, Sendable {
  package static var length: Int { 32 }

  private var words: SIMD4<UInt64>

  /// - Parameter bytes: 32 bytes.
  package init(_ bytes: RawSpan) {
    words = SIMD4(bytes.big64(0), bytes.big64(8), bytes.big64(16), bytes.big64(24))
  }

  /// The random of a ServerHello that asks for another ClientHello (RFC 8446, section 4.1.3).
  static var retry: HelloRandom {
    HelloRandom(
      SIMD4(0xcf21_ad74_e59a_6111, 0xbe1d_8c02_1e65_b891, 0xc2a2_1116_7abb_8c5e, 0x079e_09e2_c8a8_339c))
  }

  private init(_ words: SIMD4<UInt64>) { self.words = words }

  /// The bytes, as key derivation takes them.
  package var bytes: [UInt8] {
    (0..<4).flatMap { index in (0..<8).map { UInt8(truncatingIfNeeded: words[index] >> UInt64(56 - 8 * $0)) }
    }
  }

  /// A number made of bytes that are random in every version.
  package var number: UInt32 { UInt32(truncatingIfNeeded: words[1]) }
}
