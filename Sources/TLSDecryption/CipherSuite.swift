// SPDX-License-Identifier: Apache-2.0

import Ciphers
import TLSRecords

/// The algorithms that protect a cipher suite's records.
struct CipherSuite: Equatable, Sendable {
  let cipher: CipherKind
  /// What keys are derived with.
  let hash: HashFunction
  /// What CBC's records are authenticated with; nil for an AEAD.
  let mac: HashFunction?

  private init(_ cipher: CipherKind, _ hash: HashFunction, mac: HashFunction? = nil) {
    (self.cipher, self.hash, self.mac) = (cipher, hash, mac)
  }

  /// The suite of a number, in a version of TLS; nil for those that are not read.
  init?(_ number: UInt16, version: UInt16) {
    guard let suite = version == TLSVersion.tls13 ? Self.tls13(number) : Self.tls12(number) else {
      return nil
    }
    self = suite
  }

  /// RFC 8446, appendix B.4.
  private static func tls13(_ number: UInt16) -> CipherSuite? {
    switch number {
    case 0x1301: CipherSuite(.aes128GCM, .sha256)
    case 0x1302: CipherSuite(.aes256GCM, .sha384)
    case 0x1303: CipherSuite(.chaCha20Poly1305, .sha256)
    default: nil
    }
  }

  /// RFC 5246, 5288, 5289, 5487 and 7905. How keys are agreed on does not matter: the log has what comes of it.
  private static func tls12(_ number: UInt16) -> CipherSuite? {
    switch number {
    case 0x009c, 0x009e, 0x00a0, 0x00a2, 0x00a4, 0x00a8, 0x00aa, 0x00ac, 0xc02b, 0xc02d, 0xc02f, 0xc031:
      CipherSuite(.aes128GCM, .sha256)
    case 0x009d, 0x009f, 0x00a1, 0x00a3, 0x00a5, 0x00a9, 0x00ab, 0x00ad, 0xc02c, 0xc02e, 0xc030, 0xc032:
      CipherSuite(.aes256GCM, .sha384)
    case 0xcca8...0xccae: CipherSuite(.chaCha20Poly1305, .sha256)
    case 0x002f...0x0034, 0xc004, 0xc009, 0xc00e, 0xc013, 0xc018, 0x008c, 0x0090, 0x0094, 0xc035:
      CipherSuite(.aes128CBC, .sha256, mac: .sha1)
    case 0x0035...0x003a, 0xc005, 0xc00a, 0xc00f, 0xc014, 0xc019, 0x008d, 0x0091, 0x0095, 0xc036:
      CipherSuite(.aes256CBC, .sha256, mac: .sha1)
    case 0x003c, 0x003e, 0x003f, 0x0040, 0x0067, 0x006c, 0xc023, 0xc025, 0xc027, 0xc029, 0xc037, 0x00ae,
      0x00b2,
      0x00b6:
      CipherSuite(.aes128CBC, .sha256, mac: .sha256)
    case 0x003d, 0x0068, 0x0069, 0x006a, 0x006b, 0x006d: CipherSuite(.aes256CBC, .sha256, mac: .sha256)
    case 0xc024, 0xc026, 0xc028, 0xc02a, 0xc038, 0x00af, 0x00b3, 0x00b7:
      CipherSuite(.aes256CBC, .sha384, mac: .sha384)
    default: nil
    }
  }
}
