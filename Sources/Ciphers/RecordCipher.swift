// SPDX-License-Identifier: Apache-2.0

import CCrypto
import System

/// The ciphers of records.
package enum CipherKind: Sendable {
  case aes128GCM, aes256GCM, chaCha20Poly1305, aes128CBC, aes256CBC

  /// Bytes of a key.
  package var keyLength: Int {
    switch self {
    case .aes128GCM, .aes128CBC: 16
    case .aes256GCM, .aes256CBC, .chaCha20Poly1305: 32
    }
  }

  /// Whether it authenticates what it encrypts.
  package var isAEAD: Bool {
    switch self {
    case .aes128GCM, .aes256GCM, .chaCha20Poly1305: true
    case .aes128CBC, .aes256CBC: false
    }
  }

  /// Bytes of an AEAD's tag.
  package static var tagLength: Int { Int(WT_TAG_LENGTH) }
  /// Bytes of a block of AES.
  package static var blockLength: Int { Int(WT_BLOCK_LENGTH) }

  fileprivate var kind: wt_cipher_kind {
    switch self {
    case .aes128GCM: WT_AES_128_GCM
    case .aes256GCM: WT_AES_256_GCM
    case .chaCha20Poly1305: WT_CHACHA20_POLY1305
    case .aes128CBC: WT_AES_128_CBC
    case .aes256CBC: WT_AES_256_CBC
    }
  }
}

/// The twelve bytes that an AEAD needs a new value of for each record.
package struct Nonce: BitwiseCopyable, Sendable {
  // In the order of the bytes, whatever the machine's own is: three words without padding between them.
  fileprivate var first: UInt32
  fileprivate var second: UInt32
  fileprivate var third: UInt32

  /// - Parameter bytes: twelve bytes.
  package init(_ bytes: RawSpan) {
    first = bytes.big32(0).bigEndian
    second = bytes.big32(4).bigEndian
    third = bytes.big32(8).bigEndian
  }

  /// The nonce of TLS 1.2's GCM: four bytes of the key block, and eight of the record (RFC 5288, section 3).
  package init(salt: UInt32, explicit: UInt64) {
    first = salt.bigEndian
    second = UInt32(truncatingIfNeeded: explicit >> 32).bigEndian
    third = UInt32(truncatingIfNeeded: explicit).bigEndian
  }

  /// The nonce of a record with this number, of a direction's own (RFC 8446, section 5.3).
  package func combined(with sequence: UInt64) -> Nonce {
    var nonce = self
    nonce.second ^= UInt32(truncatingIfNeeded: sequence >> 32).bigEndian
    nonce.third ^= UInt32(truncatingIfNeeded: sequence).bigEndian
    return nonce
  }

  /// The first four bytes as a number.
  package var salt: UInt32 { UInt32(bigEndian: first) }
}

/// The data that an AEAD authenticates beside a record's text: up to sixteen bytes.
package struct RecordExtra: Sendable {
  package var bytes = SIMD16<UInt8>()
  package var count: Int

  package init(count: Int) { self.count = min(count, 16) }
}

/// A cipher with its key. Not for two threads at once.
@safe
package final class RecordCipher {
  package let kind: CipherKind
  // Owned by this object.
  private let cipher: OpaquePointer

  /// Readies libcrypto, before the sandbox; false where it lacks a cipher.
  package static func start() -> Bool { wt_crypto_start() }

  /// Keeps the keys that this process holds out of core dumps; false when the kernel refuses.
  package static func hideMemory() -> Bool { wt_hide_memory() }

  /// A cipher with a key of its kind's length at `offset` of a key block; nil without memory.
  package init?(_ kind: CipherKind, key block: Secret, at offset: Int) {
    let bytes = block.bytes.slice(offset, offset + kind.keyLength)
    let opened = unsafe bytes.withUnsafeBytes { key -> OpaquePointer? in
      guard let base = key.baseAddress else { return nil }
      // As many bytes as the kind's key has.
      return unsafe wt_cipher_open(kind.kind, base.assumingMemoryBound(to: UInt8.self))
    }
    // A reference to what was made, or none.
    guard let opened = unsafe opened else { return nil }
    unsafe cipher = opened
    self.kind = kind
  }

  deinit {
    // Made by wt_cipher_open, and used by nobody else.
    unsafe wt_cipher_close(cipher)
  }

  /// Decrypts a record's text and the tag after it into `out`; the text's length, nil when the tag is wrong.
  package func unseal(
    _ bytes: RawSpan, _ nonce: Nonce, _ extra: RecordExtra, into out: inout [UInt8]
  ) -> Int? {
    // At most sixteen bytes.
    unsafe withUnsafeBytes(of: extra.bytes) { bytesOfExtra in
      unsafe unseal(bytes, nonce, UnsafeRawBufferPointer(rebasing: bytesOfExtra[..<extra.count]), into: &out)
    }
  }

  /// The same with as much beside the text as there is, up to 1,024 bytes.
  package func unseal(
    _ bytes: RawSpan, _ nonce: Nonce, extra: RawSpan, into out: inout [UInt8]
  ) -> Int? {
    unsafe extra.withUnsafeBytes { unsafe unseal(bytes, nonce, $0, into: &out) }
  }

  private func unseal(
    _ bytes: RawSpan, _ nonce: Nonce, _ extra: UnsafeRawBufferPointer, into out: inout [UInt8]
  ) -> Int? {
    let count = bytes.byteCount - CipherKind.tagLength
    guard kind.isAEAD, count >= 0, count <= out.count else { return nil }
    let isRight = unsafe bytes.withUnsafeBytes { bytes in
      unsafe out.withUnsafeMutableBytes { out in
        unsafe withUnsafeBytes(of: nonce) { nonce in
          // The nonce has twelve bytes, and the output has room for the text; more beside it is refused.
          unsafe wt_cipher_unseal(
            cipher, nonce.baseAddress?.assumingMemoryBound(to: UInt8.self),
            extra.baseAddress?.assumingMemoryBound(to: UInt8.self), extra.count,
            bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), count,
            out.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
      }
    }
    return isRight ? count : nil
  }

  /// Encrypts a block of sixteen bytes by AES with a key of as many; nil when libcrypto cannot.
  package static func encrypt(block: RawSpan, key: Secret) -> [UInt8]? {
    guard block.byteCount == CipherKind.blockLength, key.count == CipherKind.aes128GCM.keyLength else {
      return nil
    }
    var out = [UInt8](repeating: 0, count: CipherKind.blockLength)
    let works = unsafe block.withUnsafeBytes { block in
      unsafe key.bytes.withUnsafeBytes { key in
        unsafe out.withUnsafeMutableBytes { out in
          guard let key = key.baseAddress, let block = block.baseAddress, let out = out.baseAddress else {
            return false
          }
          // All three have sixteen bytes.
          return unsafe wt_encrypt_block(
            key.assumingMemoryBound(to: UInt8.self), block.assumingMemoryBound(to: UInt8.self),
            out.assumingMemoryBound(to: UInt8.self))
        }
      }
    }
    return works ? out : nil
  }

  /// Decrypts one byte, the one at `offset` of a record's text, without checking the tag; nil when it cannot.
  package func peek(_ byte: UInt8, at offset: Int, _ nonce: Nonce) -> UInt8? {
    let value = unsafe withUnsafeBytes(of: nonce) { nonce in
      // The nonce has twelve bytes.
      unsafe wt_cipher_peek(cipher, nonce.baseAddress?.assumingMemoryBound(to: UInt8.self), byte, offset)
    }
    return value < 0 ? nil : UInt8(truncatingIfNeeded: value)
  }

  /// Decrypts whole blocks in CBC mode, the first sixteen bytes of which are what the mode begins with; false unless it
  /// could. `out` is 16 bytes shorter than `bytes`.
  package func unchain(_ bytes: RawSpan, into out: inout [UInt8]) -> Bool {
    let count = bytes.byteCount - CipherKind.blockLength
    guard !kind.isAEAD, count >= 0, count <= out.count, count % CipherKind.blockLength == 0 else {
      return false
    }
    return unsafe bytes.withUnsafeBytes { bytes in
      unsafe out.withUnsafeMutableBytes { out in
        guard let base = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
        // The vector is the first block, and the output has room for the others.
        return unsafe wt_cipher_unchain(
          cipher, base, base + CipherKind.blockLength, count,
          out.baseAddress?.assumingMemoryBound(to: UInt8.self))
      }
    }
  }
}
