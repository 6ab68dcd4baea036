// SPDX-License-Identifier: Apache-2.0

import Ciphers
import QUIC
import System

/// The keys of a client's Initial packets, which follow from the identifier that it has chosen for the server
/// (RFC 9001, section 5.2; RFC 9369, section 3.3): everybody can make them, and they keep nothing secret.
struct InitialKeys {
  private let cipher: RecordCipher
  private let vector: Nonce
  private let mask: Secret

  private static let saltOfV1: [UInt8] = [
    0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc,
    0xbb,
    0x7f, 0x0a,
  ]
  private static let saltOfV2: [UInt8] = [
    0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9,
    0xbd,
    0x2e, 0xd9,
  ]

  /// - Parameter destination: the identifier in the packet.
  init?(_ version: QUICVersion, destination: RawSpan) {
    let salt = Secret(copying: (version == .v1 ? Self.saltOfV1 : Self.saltOfV2).rawSpan)
    let secret = KeyDerivation.hmac(.sha256, key: salt, destination)
    let client = KeyDerivation.expandLabel(.sha256, secret, "client in", length: 32)
    let (key, vector, mask) =
      switch version {
      case .v1: (derive(client, "quic key", 16), derive(client, "quic iv", 12), derive(client, "quic hp", 16))
      case .v2:
        (derive(client, "quicv2 key", 16), derive(client, "quicv2 iv", 12), derive(client, "quicv2 hp", 16))
      }
    guard let cipher = RecordCipher(.aes128GCM, key: key, at: 0) else { return nil }
    (self.cipher, self.mask) = (cipher, mask)
    self.vector = Nonce(vector.bytes)
  }

  /// Takes the protection off a packet's header and decrypts it; nil when the keys are not its own.
  func open(_ packet: InitialPacket, of datagram: RawSpan) -> [UInt8]? {
    let sample = packet.number + InitialPacket.sampleOffset
    guard
      let mask = RecordCipher.encrypt(
        block: datagram.slice(sample, sample + InitialPacket.sampleLength), key: mask)
    else { return nil }
    let start = packet.start
    var header = (start..<packet.number).map { datagram.byte($0) }
    header[0] ^= mask[0] & 0x0f
    let width = Int(header[0] & 3) + 1
    var number: UInt64 = 0
    for index in 0..<width {
      let byte = datagram.byte(packet.number + index) ^ mask[1 + index]
      header.append(byte)
      number = number << 8 | UInt64(byte)
    }
    let body = datagram.slice(packet.number + width, packet.end)
    guard body.byteCount >= CipherKind.tagLength else { return nil }
    var text = [UInt8](repeating: 0, count: body.byteCount - CipherKind.tagLength)
    guard cipher.unseal(body, vector.combined(with: number), extra: header.rawSpan, into: &text) != nil else {
      return nil
    }
    return text
  }
}

private func derive(_ secret: Secret, _ label: StaticString, _ length: Int) -> Secret {
  KeyDerivation.expandLabel(.sha256, secret, label, length: length)
}
