// SPDX-License-Identifier: Apache-2.0

import Ciphers
import TLSRecords

/// The secrets of a connection, and the keys that its directions come to have.
///
///     TLS 1.3 client:  hello ─▶ [early data] ─▶ handshake ─Finished─▶ application ─KeyUpdate─▶ application …
///     TLS 1.3 server:  hello ─────────────────▶ handshake ─Finished─▶ application ─KeyUpdate─▶ application …
///     TLS 1.2 both:    hello ─ChangeCipherSpec─▶ application (─again after a renegotiation─▶ …)
struct KeySchedule {
  let suite: CipherSuite
  let isTLS13: Bool
  private let hello: ServerHello
  private let random: HelloRandom
  private var secrets: ConnectionSecrets
  /// TLS 1.2's key block, once it was needed.
  private var block: Secret?

  /// What a connection's records are protected with; nil when its version or suite is not read.
  init?(_ random: HelloRandom, _ hello: ServerHello, _ secrets: ConnectionSecrets) {
    guard hello.version == TLSVersion.tls12 || hello.version == TLSVersion.tls13, !hello.compresses,
      let suite = CipherSuite(hello.cipherSuite, version: hello.version)
    else { return nil }
    (self.suite, self.hello, self.random, self.secrets) = (suite, hello, random, secrets)
    isTLS13 = hello.version == TLSVersion.tls13
  }

  /// Whether anything can be decrypted with what is known.
  var hasSecrets: Bool {
    isTLS13 ? secrets.client != nil || secrets.server != nil : secrets.master != nil
  }

  /// TLS 1.3's keys of early data; nil where they are not known.
  func early() -> RecordProtection? { secrets.clientEarly.flatMap { RecordProtection(suite, traffic: $0) } }

  /// TLS 1.3's keys of the handshake.
  func handshake(isClient: Bool) -> RecordProtection? {
    (isClient ? secrets.clientHandshake : secrets.serverHandshake)
      .flatMap { RecordProtection(suite, traffic: $0) }
  }

  /// The keys of application data: TLS 1.3's first ones, or all of TLS 1.2.
  mutating func application(isClient: Bool) -> RecordProtection? {
    if isTLS13 {
      return (isClient ? secrets.client : secrets.server).flatMap { RecordProtection(suite, traffic: $0) }
    }
    guard let master = secrets.master else { return nil }
    let block =
      self.block
      ?? KeyDerivation.pseudorandom(
        suite.hash, master, "key expansion", seed: hello.random.bytes + random.bytes,
        length: RecordProtection.blockLength(suite))
    self.block = block
    return RecordProtection(
      suite, block: block, isClient: isClient, encryptsThenMACs: hello.encryptsThenMACs)
  }

  /// The keys after a KeyUpdate (RFC 8446, section 7.2).
  mutating func update(isClient: Bool) -> RecordProtection? {
    let field = isClient ? \ConnectionSecrets.client : \ConnectionSecrets.server
    guard let secret = secrets[keyPath: field] else { return nil }
    let next = KeyDerivation.expandLabel(suite.hash, secret, "traffic upd", length: suite.hash.length)
    secrets[keyPath: field] = next
    return RecordProtection(suite, traffic: next)
  }
}
