// SPDX-License-Identifier: Apache-2.0

import Ciphers
import System
import TLSRecords

/// The keys of one direction, with the number of the next record.
final class RecordProtection {
  /// The kind of protection of records.
  private enum Form {
    /// TLS 1.3's AEADs (RFC 8446, section 5.2): the type is the text's last byte that is not 0.
    case tls13
    /// TLS 1.2's GCM (RFC 5288): eight bytes of each nonce come with the record.
    case gcm
    /// TLS 1.2's ChaCha20-Poly1305 (RFC 7905).
    case chaCha20
    /// TLS 1.2's CBC, whose text is authenticated before it is encrypted (RFC 5246, section 6.2.3.2).
    case cbc
    /// TLS 1.2's CBC, whose encrypted text is authenticated (RFC 7366).
    case authenticatedCBC
  }

  /// A record's text: its bytes are the first of the output.
  struct Text: Equatable {
    var count: Int
    var type: UInt8
  }

  /// Bytes that GCM's records of TLS 1.2 begin with.
  private static let explicitLength = 8

  private let form: Form
  private let cipher: RecordCipher
  private let nonce: Nonce
  /// What CBC's records are authenticated with.
  private let mac: (hash: HashFunction, key: Secret)?
  /// The number of the next record.
  var sequence: UInt64 = 0

  /// TLS 1.3: the keys of a traffic secret (RFC 8446, section 7.3); nil without memory.
  init?(_ suite: CipherSuite, traffic secret: Secret) {
    let key = KeyDerivation.expandLabel(suite.hash, secret, "key", length: suite.cipher.keyLength)
    let vector = KeyDerivation.expandLabel(suite.hash, secret, "iv", length: 12)
    guard let cipher = RecordCipher(suite.cipher, key: key, at: 0) else { return nil }
    (form, self.cipher, nonce, mac) = (.tls13, cipher, Nonce(vector.bytes), nil)
  }

  /// TLS 1.2: one direction's keys of the key block (RFC 5246, section 6.3); nil without memory.
  init?(_ suite: CipherSuite, block: Secret, isClient: Bool, encryptsThenMACs: Bool) {
    let keyLength = suite.cipher.keyLength, macLength = suite.mac?.length ?? 0
    let keys = 2 * macLength, vectors = keys + 2 * keyLength
    guard let cipher = RecordCipher(suite.cipher, key: block, at: keys + (isClient ? 0 : keyLength)) else {
      return nil
    }
    self.cipher = cipher
    if let hash = suite.mac {
      let start = isClient ? 0 : macLength
      mac = (hash, Secret(copying: block.bytes.slice(start, start + macLength)))
      form = encryptsThenMACs ? .authenticatedCBC : .cbc
      nonce = Nonce(salt: 0, explicit: 0)
    } else if suite.cipher == .chaCha20Poly1305 {
      (form, mac) = (.chaCha20, nil)
      let start = vectors + (isClient ? 0 : 12)
      nonce = Nonce(block.bytes.slice(start, start + 12))
    } else {
      (form, mac) = (.gcm, nil)
      let start = vectors + (isClient ? 0 : 4)
      nonce = Nonce(salt: block.bytes.big32(start), explicit: 0)
    }
  }

  /// Bytes of the key block that a suite's keys are taken from.
  static func blockLength(_ suite: CipherSuite) -> Int {
    let vector = suite.mac != nil ? 0 : suite.cipher == .chaCha20Poly1305 ? 12 : 4
    return 2 * ((suite.mac?.length ?? 0) + suite.cipher.keyLength + vector)
  }

  /// Decrypts a record into `out`, and counts it; nil when it is not of these keys, or not the next one.
  func open(_ header: RecordHeader, _ body: RawSpan, into out: inout [UInt8]) -> Text? {
    guard let text = open(header, body, number: sequence, into: &out) else { return nil }
    sequence &+= 1
    return text
  }

  /// Decrypts the record of a number into `out`; nil when it is not of these keys, or has another number.
  func open(_ header: RecordHeader, _ body: RawSpan, number: UInt64, into out: inout [UInt8]) -> Text? {
    switch form {
    case .tls13:
      var extra = RecordExtra(count: RecordHeader.length)
      Self.write(header.type, header.version, header.count, to: &extra, at: 0)
      guard let count = cipher.unseal(body, nonce.combined(with: number), extra, into: &out) else {
        return nil
      }
      return Self.inner(out, count)
    case .gcm:
      guard body.byteCount >= Self.explicitLength else { return nil }
      let exact = Nonce(salt: nonce.salt, explicit: body.big64(0))
      return unseal(header, body.slice(Self.explicitLength, body.byteCount), exact, number, into: &out)
    case .chaCha20: return unseal(header, body, nonce.combined(with: number), number, into: &out)
    case .cbc: return unchain(header, body, number, into: &out)
    case .authenticatedCBC: return verifyAndUnchain(header, body, number, into: &out)
    }
  }

  /// Bytes of text that a record has which is passed over, and counts it; nil when it is no application data, or nobody
  /// can tell without decrypting it.
  ///
  /// Only its last bytes are needed: those of the record's body, up to 48, are `tail`.
  func pass(_ header: RecordHeader, tail: RawSpan, into out: inout [UInt8]) -> Int? {
    guard let count = textLength(header, tail: tail, into: &out) else { return nil }
    sequence &+= 1
    return count
  }

  /// Bytes of text that a record of application data has at most.
  func longestText(_ header: RecordHeader) -> Int {
    let added =
      switch form {
      case .tls13: CipherKind.tagLength + 1
      case .gcm: Self.explicitLength + CipherKind.tagLength
      case .chaCha20: CipherKind.tagLength
      case .cbc, .authenticatedCBC: CipherKind.blockLength + (mac?.hash.length ?? 0) + 1
      }
    return max(0, header.count - added)
  }

  /// Whether the header alone says how long the text is.
  var isLengthClear: Bool {
    switch form {
    case .gcm, .chaCha20: true
    case .tls13, .cbc, .authenticatedCBC: false
    }
  }

  /// Bytes of a record's end that `pass` looks at.
  static let tailLength = 2 * CipherKind.blockLength + 48

  private func textLength(_ header: RecordHeader, tail: RawSpan, into out: inout [UInt8]) -> Int? {
    guard header.type == ContentType.applicationData else { return nil }
    switch form {
    case .gcm, .chaCha20: return longestText(header)
    case .tls13:
      let last = longestText(header)
      guard tail.byteCount > CipherKind.tagLength, header.count > CipherKind.tagLength,
        // A zero is padding, of which there may be any number.
        cipher.peek(
          tail.byte(tail.byteCount - CipherKind.tagLength - 1), at: last, nonce.combined(with: sequence))
          == ContentType.applicationData
      else { return nil }
      return last
    case .cbc, .authenticatedCBC:
      let macLength = mac?.hash.length ?? 0
      let end = form == .cbc ? tail.byteCount : tail.byteCount - macLength
      let start = end - 2 * CipherKind.blockLength
      guard start >= 0, cipher.unchain(tail.slice(start, end), into: &out) else { return nil }
      let added = CipherKind.blockLength + macLength + Int(out[CipherKind.blockLength - 1]) + 1
      return header.count >= added ? header.count - added : nil
    }
  }

  // MARK: Forms

  /// The text of TLS 1.3 without its type and padding.
  private static func inner(_ out: [UInt8], _ count: Int) -> Text? {
    var end = count
    while end > 0, out[end - 1] == 0 { end -= 1 }
    return end > 0 ? Text(count: end - 1, type: out[end - 1]) : nil
  }

  private func unseal(
    _ header: RecordHeader, _ bytes: RawSpan, _ nonce: Nonce, _ number: UInt64, into out: inout [UInt8]
  ) -> Text? {
    let length = bytes.byteCount - CipherKind.tagLength
    guard length >= 0 else { return nil }
    let count = cipher.unseal(bytes, nonce, Self.extra(header, number, length), into: &out)
    return count.map { Text(count: $0, type: header.type) }
  }

  private func unchain(
    _ header: RecordHeader, _ body: RawSpan, _ number: UInt64, into out: inout [UInt8]
  ) -> Text? {
    guard let mac, cipher.unchain(body, into: &out), let length = padded(body.byteCount, out),
      length >= mac.hash.length
    else { return nil }
    let count = length - mac.hash.length
    let text = out.rawSpan
    let authenticated = Secret(copying: Self.extraBytes(header, number, count).rawSpan)
    let sum = KeyDerivation.hmac(mac.hash, key: mac.key, authenticated.bytes, text.slice(0, count))
    guard Self.isEqual(sum.bytes, text.slice(count, length)) else { return nil }
    return Text(count: count, type: header.type)
  }

  private func verifyAndUnchain(
    _ header: RecordHeader, _ body: RawSpan, _ number: UInt64, into out: inout [UInt8]
  ) -> Text? {
    guard let mac, body.byteCount >= mac.hash.length else { return nil }
    let count = body.byteCount - mac.hash.length
    let bytes = body.slice(0, count)
    let sum = KeyDerivation.hmac(
      mac.hash, key: mac.key, Self.extraBytes(header, number, count).rawSpan, bytes)
    guard Self.isEqual(sum.bytes, body.slice(count, body.byteCount)), cipher.unchain(bytes, into: &out),
      let length = padded(count, out)
    else { return nil }
    return Text(count: length, type: header.type)
  }

  /// Bytes of CBC's text without its padding, of which each byte is the number of the others.
  private func padded(_ count: Int, _ out: [UInt8]) -> Int? {
    let length = count - CipherKind.blockLength
    guard length > 0 else { return nil }
    let padding = Int(out[length - 1]) + 1
    guard padding <= length else { return nil }
    for index in length - padding..<length where Int(out[index]) + 1 != padding { return nil }
    return length - padding
  }

  private static func isEqual(_ a: RawSpan, _ b: RawSpan) -> Bool {
    guard a.byteCount == b.byteCount else { return false }
    for offset in 0..<a.byteCount where a.byte(offset) != b.byte(offset) { return false }
    return true
  }

  // MARK: What is authenticated beside the text

  /// The record's number and header, with the length of the text (RFC 5246, section 6.2.3.3).
  private static func extra(_ header: RecordHeader, _ number: UInt64, _ length: Int) -> RecordExtra {
    var extra = RecordExtra(count: 13)
    for index in 0..<8 { extra.bytes[index] = UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * index)) }
    write(header.type, header.version, length, to: &extra, at: 8)
    return extra
  }

  private static func extraBytes(_ header: RecordHeader, _ number: UInt64, _ length: Int) -> [UInt8] {
    let extra = extra(header, number, length)
    return (0..<extra.count).map { extra.bytes[$0] }
  }

  private static func write(
    _ type: UInt8, _ version: UInt16, _ length: Int, to extra: inout RecordExtra, at offset: Int
  ) {
    extra.bytes[offset] = type
    extra.bytes[offset + 1] = UInt8(version >> 8)
    extra.bytes[offset + 2] = UInt8(truncatingIfNeeded: version)
    extra.bytes[offset + 3] = UInt8(truncatingIfNeeded: length >> 8)
    extra.bytes[offset + 4] = UInt8(truncatingIfNeeded: length)
  }
}
