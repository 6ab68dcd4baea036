// SPDX-License-Identifier: Apache-2.0

import CCrypto
import System

/// The hash functions of TLS's cipher suites.
package enum HashFunction: Sendable {
  case sha1, sha256, sha384

  /// Bytes of a hash.
  package var length: Int {
    switch self {
    case .sha1: 20
    case .sha256: 32
    case .sha384: 48
    }
  }

  fileprivate var kind: wt_hash {
    switch self {
    case .sha1: WT_SHA1
    case .sha256: WT_SHA256
    case .sha384: WT_SHA384
    }
  }
}

/// HMAC and what TLS derives keys with.
package enum KeyDerivation {
  /// HMAC (RFC 2104) of two pieces of a message.
  package static func hmac(
    _ hash: HashFunction, key: Secret, _ first: RawSpan, _ second: RawSpan = RawSpan()
  ) -> Secret {
    // The buffer that the closure fills is the secret's own.
    unsafe Secret(count: hash.length) { buffer in
      unsafe key.bytes.withUnsafeBytes { key in
        unsafe first.withUnsafeBytes { first in
          unsafe second.withUnsafeBytes { second in
            // The buffer is as long as the hash. An empty span has no address, and its count is 0.
            _ = unsafe wt_hmac(
              hash.kind, key.baseAddress?.assumingMemoryBound(to: UInt8.self), key.count,
              first.baseAddress?.assumingMemoryBound(to: UInt8.self), first.count,
              second.baseAddress?.assumingMemoryBound(to: UInt8.self), second.count,
              buffer.baseAddress?.assumingMemoryBound(to: UInt8.self))
          }
        }
      }
    }
  }

  /// HKDF-Expand-Label (RFC 8446, section 7.1) with an empty context; at most 255 times the hash's length.
  package static func expandLabel(
    _ hash: HashFunction, _ secret: Secret, _ label: StaticString, length: Int
  ) -> Secret {
    var info: [UInt8] = [UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length)]
    let name = Array("tls13 \(label)".utf8)
    info += [UInt8(name.count)] + name + [0]
    var blocks: [Secret] = []
    var made = 0
    while made < length {
      let counted = info + [UInt8(blocks.count + 1)]
      let block =
        if let last = blocks.last { hmac(hash, key: secret, last.bytes, counted.rawSpan) } else {
          hmac(hash, key: secret, counted.rawSpan)
        }
      made += block.count
      blocks.append(block)
    }
    return joined(blocks, length: length)
  }

  /// TLS 1.2's pseudorandom function (RFC 5246, section 5).
  package static func pseudorandom(
    _ hash: HashFunction, _ secret: Secret, _ label: StaticString, seed: [UInt8], length: Int
  ) -> Secret {
    let whole = Array("\(label)".utf8) + seed
    var blocks: [Secret] = []
    var made = 0
    var chain = hmac(hash, key: secret, whole.rawSpan)
    while made < length {
      let block = hmac(hash, key: secret, chain.bytes, whole.rawSpan)
      made += block.count
      blocks.append(block)
      if made < length { chain = hmac(hash, key: secret, chain.bytes) }
    }
    return joined(blocks, length: length)
  }

  private static func joined(_ blocks: [Secret], length: Int) -> Secret {
    // In bounds: the index stays below the length.
    unsafe Secret(count: length) { buffer in
      var index = 0
      for block in blocks {
        let bytes = block.bytes
        for offset in 0..<min(bytes.byteCount, length - index) {
          unsafe buffer[index] = bytes.byte(offset)
          index += 1
        }
      }
    }
  }
}
